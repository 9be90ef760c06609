"A notebook-first toolkit for Gaussian head avatars"
__version__ = "0.1.0"

import os
# Threads that sleep between torch's many small operations cost more to wake than the work takes (above all on virtual machines), and threads
# that spin for long starve other processes: spin for about half a millisecond. OpenMP reads this when torch loads.
os.environ.setdefault('OMP_WAIT_POLICY', 'ACTIVE')
os.environ.setdefault('GOMP_SPINCOUNT', '30000')
