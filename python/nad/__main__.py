"""``python -m nad`` is the command ``nad``."""

import sys

from nad.cli import main

if __name__ == "__main__":
    sys.exit(main())
