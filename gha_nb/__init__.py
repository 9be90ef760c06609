"A notebook-first toolkit for Gaussian head avatars"
__version__ = "0.1.0"

import os
# Thread pools that spin while they wait fight over few cores; OpenMP reads this when torch loads.
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
os.environ.setdefault('GOMP_SPINCOUNT', '0')
