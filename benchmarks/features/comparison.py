"""Whether two ways of computing gave the same values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

__all__ = ["Sameness", "compare"]

_KEY = "SK_ID_CURR"
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Sameness:
    """The outcome.

    Attributes:
        compared: Features that both computed.
        lacking: Features that the peer lacks.
        differing: Feature -> applicants whose values differ.
        of_nothing: Features that are 0 on one side and missing on the other for some applicants:
            pandas sums nothing to 0, and merges no rows to a missing count.
    """

    compared: int
    lacking: tuple[str, ...]
    differing: dict[str, int]
    of_nothing: int

    def text(self) -> str:
        """Return the outcome as a line."""
        same = self.compared - len(self.differing)
        differing = "".join(f"; {name} in {n:,}" for name, n in self.differing.items())
        return (
            f"{same} of {self.compared} features equal to 1e-6 (of nothing, {self.of_nothing} are "
            f"0 on one side and missing on the other){differing}"
        )


def compare(ours: Path, theirs: Path) -> Sameness:
    """Compare feature by feature, to a relative 1e-6.

    Args:
        ours: A folder of Parquet files, or one.
        theirs: A Parquet file.
    """
    pattern = str(ours / "*.parquet") if ours.is_dir() else str(ours)
    a, b = (pl.read_parquet(path).sort(_KEY) for path in (pattern, theirs))
    if not a[_KEY].cast(pl.Int64).equals(b[_KEY].cast(pl.Int64)):
        raise AssertionError("The two ways are of different applicants.")
    names = [name for name in a.columns if name != _KEY]
    shared = [name for name in names if name in b.columns]
    differing, of_nothing = {}, 0
    for name in shared:
        left, right = _plain(a[name]), _plain(b[name])
        count = int(_apart(left, right).sum())
        if count:
            differing[name] = count
        of_nothing += bool((left.is_null() != right.is_null()).any())
    lacking = tuple(name for name in names if name not in b.columns)
    return Sameness(len(shared), lacking, differing, of_nothing)


def _plain(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        return values
    found = values.cast(pl.Float64)
    return found.set(~found.is_finite().fill_null(value=False), None)


def _apart(left: pl.Series, right: pl.Series) -> pl.Series:
    """Return where the values differ; a missing value is as good as 0, but not as a text."""
    if left.dtype == pl.String:
        return left.ne_missing(right)
    left, right = left.fill_null(0.0), right.fill_null(0.0)
    scale = pl.select(pl.max_horizontal(left.abs(), right.abs(), pl.lit(1.0))).to_series()
    return (left - right).abs() > _TOLERANCE * scale
