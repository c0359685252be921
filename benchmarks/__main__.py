"""Run the benchmarks: ``python -m benchmarks [NAME ...] [OPTIONS of the one named]``."""

from __future__ import annotations

import importlib
import os
import sys
from itertools import takewhile

NAMES = ("startup", "thresholds", "quality", "features", "matrix", "store", "serving", "batch")


def main(arguments: list[str]) -> None:
    """Run the named benchmarks, or all of them; options go to those that are named."""
    # As the command line does: threads that wait for each other sleep.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    names = list(takewhile(lambda argument: not argument.startswith("-"), arguments))
    options = arguments[len(names) :]
    if (options and not names) or not set(names) <= set(NAMES):
        sys.exit(f"usage: python -m benchmarks [NAME ...] [OPTIONS]\nnames: {', '.join(NAMES)}")
    for name in names or NAMES:
        print(f"\n== {name}")
        run = importlib.import_module(f"benchmarks.{name}").run
        run(options) if names and options else run()


if __name__ == "__main__":
    main(sys.argv[1:])
