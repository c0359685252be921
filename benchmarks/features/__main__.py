"""Run it alone: ``python -m benchmarks.features [--size full] [--engines local,ray,spark]``."""

from __future__ import annotations

import sys

from benchmarks.features import run

if __name__ == "__main__":
    run(sys.argv[1:])
