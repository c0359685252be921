"""Which runs, models and traces are committed together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

__all__ = ["QUARANTINE", "ROWS_OF_A_UNIT", "units_of"]

#: Unit of rows that are kept in the payload and never written.
QUARANTINE = "quarantine"
#: A transaction of so many rows is far from the 20 seconds after which other writers give up.
ROWS_OF_A_UNIT = 100_000


def units_of(
    kind: str,
    sizes: Iterable[tuple[str, int, int]],
    used: Mapping[int, int] | None = None,
    most: int = ROWS_OF_A_UNIT,
) -> Iterator[tuple[str, str]]:
    """Pack things into units of a limited number of rows, in their order.

    Args:
        kind: "runs", "models" or "traces".
        sizes: Id, number of the experiment, rows; those of one experiment follow each other.
        used: Experiment -> units that are taken already.
        most: Rows of a unit; a thing with more has a unit of its own.

    Yields:
        Id and unit: ``runs:3/1``.
    """
    current, number, filled = None, 0, 0
    for thing, experiment, rows in sizes:
        if experiment != current:
            current, number, filled = experiment, (used or {}).get(experiment, 0) + 1, 0
        elif filled and filled + rows > most:
            number, filled = number + 1, 0
        filled += rows
        yield thing, f"{kind}:{experiment}/{number}"
