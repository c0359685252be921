"""What the benchmark can be asked for."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.features.data import SIZES

__all__ = ["Options", "options"]

_ENGINES = ("local", "ray", "spark")
_SETS = ("baseline", "combined")
_PEERS = ("csv", "parquet", "needed", "applicant")


@dataclass(frozen=True, slots=True)
class Options:
    """One run.

    Attributes:
        sizes: Names of `SIZES`.
        sets: Feature sets.
        engines: Names of engines.
        cache: Folder in which generated data is kept between runs.
        peers: Styles of pandas; empty leaves it out.
        json: File for the figures, or None.
    """

    sizes: tuple[str, ...]
    sets: tuple[str, ...]
    engines: tuple[str, ...]
    cache: Path
    peers: tuple[str, ...]
    json: Path | None


def options(arguments: Sequence[str]) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features")
    parser.add_argument(
        "--size",
        choices=[*SIZES, "both"],
        default="tenth",
        help="tenth: 30,751 applications; full: 307,511 with 57 million rows (default: tenth)",
    )
    parser.add_argument(
        "--engines",
        type=_listed(_ENGINES),
        default=("local",),
        help="any of local,ray,spark (default: local)",
    )
    parser.add_argument(
        "--sets", type=_listed(_SETS), default=_SETS, help="baseline,combined (default: both)"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(tempfile.gettempdir()) / "scorewright-benchmarks",
        help="folder for generated data, used again (default: %(default)s)",
    )
    parser.add_argument(
        "--peers",
        type=_listed(_PEERS),
        default=("csv", "needed"),
        help="styles of pandas, any of csv,parquet,needed,applicant, or none; applicant takes "
        "minutes at a tenth and a quarter of an hour in full (default: csv,needed)",
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    given = parser.parse_args(arguments)
    sizes = tuple(SIZES) if given.size == "both" else (given.size,)
    cache = given.cache.absolute()
    return Options(sizes, given.sets, given.engines, cache, given.peers, given.json)


class _listed:  # noqa: N801 - argparse shows the name in its message
    """Reads names separated by commas."""

    def __init__(self, known: Sequence[str]) -> None:
        self._known = known

    def __call__(self, text: str) -> tuple[str, ...]:
        """Return the names.

        Raises:
            argparse.ArgumentTypeError: One is not known.
        """
        names = () if text == "none" else tuple(text.split(","))
        for name in names:
            if name not in self._known:
                raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(self._known)}")
        return names
