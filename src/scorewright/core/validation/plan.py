"""Which rows are validated by a model that did not see them: folds, groups, out of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from scorewright.core.errors import UsageError
from scorewright.core.validation.time import cut_date, decision_days

__all__ = ["FoldPlan", "Scheme", "plan_folds"]

Scheme = Literal["auto", "stratified", "grouped", "out_of_time"]
Labels = npt.NDArray[np.integer[Any]]
Rows = npt.NDArray[np.int64]
#: One value per row, shape (n,).
Column = pl.Series | npt.NDArray[Any] | Sequence[Any]
#: Between the seeds of two repeats, so that those of neighbouring projects do not meet.
SEEDS_APART = 1_000_003


@dataclass(frozen=True, slots=True, eq=False)
class FoldPlan:
    """The fold of every row.

    Attributes:
        scheme: ``stratified``, ``grouped`` or ``out_of_time``; ``auto`` has been decided.
        label: Value of the ``validation`` tag: ``5-fold CV`` or ``out of time``.
        fold: Shape (n,), 0 to k - 1; -1 for out-of-time rows, which no fold trains on.
        is_oot: Shape (n,), whether the row is out of time.
        cut: First decision date of the out-of-time rows, None without them.
        others: Further ways to deal the same rows into folds, each like ``fold``. They widen what
            is known of the spread over folds; predictions are those of ``fold``.
    """

    scheme: str
    label: str
    fold: Rows
    is_oot: npt.NDArray[np.bool_]
    cut: date | None
    others: tuple[Rows, ...] = ()

    def splits(self) -> Iterator[tuple[int, Rows, Rows]]:
        """Yield fold number, training row positions and validation row positions.

        Out-of-time rows are in neither.
        """
        yield from self._splits(self.fold)

    def repeated_splits(self) -> Iterator[tuple[int, Rows, Rows]]:
        """Yield the splits of the further assignments, numbered on from those of `splits`."""
        for assignment, fold in enumerate(self.others, start=1):
            first = assignment * (int(self.fold.max()) + 1)
            for number, train, valid in self._splits(fold):
                yield first + number, train, valid

    def _splits(self, fold: Rows) -> Iterator[tuple[int, Rows, Rows]]:
        for number in range(int(fold.max()) + 1):
            here = fold == number
            yield number, np.flatnonzero(~here & ~self.is_oot), np.flatnonzero(here)


def plan_folds(  # noqa: PLR0913 - the settings of the section [validation], and the data
    y: Labels,
    *,
    scheme: Scheme,
    folds: int,
    seed: int,
    groups: Column | None = None,
    dates: Column | None = None,
    oot_share: float = 0.2,
    repeats: int = 1,
) -> FoldPlan:
    """Decide every row's fold. The same arguments give the same plan.

    ``auto`` means out of time where there are dates, else grouped where an applicant has
    several rows, else stratified. Out of time, the newest whole months (or days) stay out and
    the folds lie inside the rest, grouped where an applicant has several rows.

    Args:
        y: Labels of shape (n,), 1 is bad.
        scheme: As in the settings.
        folds: Number of folds, at least 2.
        seed: Seed of the shuffle.
        groups: Applicant of each row, shape (n,); a missing one is an applicant of its own.
        dates: Decision date of each row, shape (n,).
        oot_share: Wanted share of out-of-time rows, between 0 and 1.
        repeats: How often the rows are dealt into folds, each time with another seed.

    Returns:
        The plan.

    Raises:
        UsageError: ``one-class``, ``too-few-bads``, ``decision-date-missing``,
            ``validation-scheme``.
    """
    y = np.asarray(y)
    _require_bads(y, folds, "The data")
    applicants = None if groups is None else _applicants(pl.Series(groups))
    repeated = applicants is not None and np.unique(applicants).size < y.size
    decided = _decide(scheme, has_groups=applicants is not None, repeated=repeated, dates=dates)
    is_oot, cut = np.zeros(y.size, dtype=np.bool_), None
    if decided == "out_of_time":
        days = decision_days(None if dates is None else pl.Series(dates))
        cut = cut_date(days, oot_share)
        is_oot = (days >= cut).to_numpy()
        _require_bads(y[~is_oot], folds, f"The development rows, decided before {cut},")
        _require_bads(y[is_oot], 1, f"The out-of-time rows, decided from {cut} on,")
    keep = ~is_oot
    inside = applicants[keep] if applicants is not None and repeated else None
    if decided == "stratified":
        inside = None
    fold, *others = (
        _dealt(y, keep, folds, seed + SEEDS_APART * repeat, inside) for repeat in range(repeats)
    )
    label = "out of time" if decided == "out_of_time" else f"{folds}-fold CV"
    return FoldPlan(
        scheme=decided, label=label, fold=fold, is_oot=is_oot, cut=cut, others=tuple(others)
    )


def _decide(
    scheme: Scheme,
    *,
    has_groups: bool,
    repeated: bool,
    dates: Column | None,
) -> Literal["stratified", "grouped", "out_of_time"]:
    if scheme == "auto":
        if dates is not None:
            return "out_of_time"
        return "grouped" if repeated else "stratified"
    if scheme == "grouped" and not has_groups:
        raise UsageError(
            "The scheme 'grouped' needs to know which rows belong to one applicant.",
            remedy="Name the applicant's column as key under [data] in scorewright.toml, "
            'or set scheme = "stratified" under [validation].',
            code="validation-scheme",
        )
    return scheme


def _applicants(keys: pl.Series) -> Rows:
    """Number the applicants; every missing key gets a number of its own."""
    if keys.dtype.is_float():
        keys = keys.fill_nan(None)
    codes = keys.rank("dense").cast(pl.Int64).to_frame("code").with_row_index("row")
    own = -1 - pl.col("row").cast(pl.Int64)
    return codes.select(pl.col("code").fill_null(own)).to_series().to_numpy()


def _dealt(
    y: Labels, keep: npt.NDArray[np.bool_], folds: int, seed: int, groups: Rows | None
) -> Rows:
    """Return the fold of each row, shape (n,); -1 for rows that are not kept."""
    fold = np.full(y.size, -1, dtype=np.int64)
    fold[keep] = _assign(y[keep], folds, seed, groups)
    return fold


def _assign(y: Labels, folds: int, seed: int, groups: Rows | None) -> Rows:
    """Return the fold of each row, shape (n,)."""
    fold = np.empty(y.size, dtype=np.int64)
    blank = np.zeros((y.size, 1))
    if groups is None:
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    else:
        if np.unique(groups).size < folds:
            raise _ungroupable(folds)
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for number, (_, valid) in enumerate(splitter.split(blank, y, groups)):
        fold[valid] = number
        if np.unique(y[valid]).size < 2:  # noqa: PLR2004 - two classes
            raise _ungroupable(folds)
    return fold


def _ungroupable(folds: int) -> UsageError:
    return UsageError(
        f"The applicants cannot be dealt into {folds} folds with bads and goods in each: "
        "too few of them defaulted, or one holds most of the rows.",
        remedy="Lower folds under [validation], or check that key under [data] names the "
        "applicant and not something coarser.",
        code="too-few-bads",
    )


def _require_bads(y: Labels, folds: int, what: str) -> None:
    bads = int(np.count_nonzero(y == 1))
    goods = int(y.size - bads)
    facts = {"bads": bads, "goods": goods, "folds": folds}
    if min(bads, goods) == 0:
        raise UsageError(
            f"{what} hold one class only: {bads} bad and {goods} good.",
            remedy="Check target and bad_value under [data]; out of time, change oot_share "
            'or set scheme = "stratified" under [validation].',
            code="one-class",
            details=facts,
        )
    if min(bads, goods) < folds:
        raise UsageError(
            f"{what} hold {bads} bad and {goods} good, fewer than the {folds} folds asked for.",
            remedy=f"Lower folds under [validation] to {max(2, min(bads, goods))}, "
            "or train on more data.",
            code="too-few-bads",
            details=facts,
        )
