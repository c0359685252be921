"""The program of a proof's child: ``python -m scorewright.adapters.accelerators``."""

from __future__ import annotations

import sys

from scorewright.adapters.accelerators.proof import main

if __name__ == "__main__":
    sys.exit(main())
