"""`python -m umserver.command`."""

from __future__ import annotations

import sys

from umserver.command import main

if __name__ == "__main__":
    sys.exit(main())
