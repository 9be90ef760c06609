"`python -m gha_nb` is `gha-nb`: what launchers of several processes start"
import sys

from gha_nb.app import main

if __name__ == '__main__': sys.exit(main())
