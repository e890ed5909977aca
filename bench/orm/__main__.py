"""`python -m bench.orm`."""

import sys

from bench.orm.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
