"""Features of 307,511 applications: plain pandas beside us, on the same aggregates.

``python -m benchmarks.features --help`` lists what can be asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["run"]


def run(arguments: Sequence[str] = ()) -> None:
    """Run the benchmark; without arguments at a tenth of full size, on this machine.

    Args:
        arguments: As on the command line.
    """
    from benchmarks.features.report import run as report  # noqa: PLC0415 - children import less

    report(arguments)
