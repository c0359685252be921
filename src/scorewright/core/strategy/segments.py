"""Thresholds per segment, and whether they are worth more than noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scorewright.core.decision import (
    Costs,
    ThresholdInterval,
    bootstrap_threshold,
    cost_curve,
    costs_of,
    cross_fitted_thresholds,
    segment_text,
)
from scorewright.core.statistics import CostComparison, holm, paired_cost_bootstrap
from scorewright.core.strategy.data import Floats, PolicyData

__all__ = [
    "MIN_BADS", "CommonRule", "SegmentFit", "SegmentRow", "adjusted_rows", "fit_segments",
]  # fmt: skip

#: Fewer bads, or goods, say too little about a threshold.
MIN_BADS = 50
_LEVEL = 0.05
#: With fewer draws per tested segment no adjusted p-value can be below the level: the smallest
#: of a bootstrap is 2 / (draws + 1), and Holm multiplies it by the number of tests.
_DRAWS = 40

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One value of the segment's column.

    Attributes:
        value: As the policy names it; empty where it is missing.
        rows, bads: Of the sample.
        threshold: The one that holds in the policy.
        own: The cheapest for this segment alone; None where bads or goods are too few.
        interval: 95 % bootstrap interval of ``own``.
        saving: What deciding by thresholds of its own saves against the common ones, both
            chosen on other rows.
        p_value: Of that saving, two-sided, adjusted for the number of segments (Holm).
        note: Why it keeps the common threshold; empty where it does not.
    """

    value: str
    rows: int
    bads: int
    threshold: float
    own: float | None = None
    interval: ThresholdInterval | None = None
    saving: CostComparison | None = None
    p_value: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class SegmentFit:
    """All segments.

    Attributes:
        column: The segment's column.
        rows: One per value.
        saving: What thresholds of their own would save in all segments together; None where
            no segment has bads enough.
        thresholds: Value -> threshold, of the segments whose own is worth it.
        note: Why no segment has a threshold of its own, where that is so.
    """

    column: str
    rows: tuple[SegmentRow, ...]
    saving: CostComparison | None
    thresholds: Mapping[str, float]
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CommonRule:
    """What segments are held against.

    Attributes:
        threshold: The common threshold.
        cross_fitted: Common thresholds chosen on other rows, shape (n,).
        fold: Fold of each row, shape (n,).
    """

    threshold: float
    cross_fitted: Floats
    fold: npt.NDArray[np.int64]


def fit_segments(
    data: PolicyData,
    column: str,
    costs: Costs,
    common: CommonRule,
    draws: int,
    rng: np.random.Generator,
) -> SegmentFit:
    """Fit a threshold per segment and hold each against the common one.

    A segment gets its own only where the saving, measured on rows that had no part in choosing
    either threshold, is not chance: adjusted for the number of segments, p < 0.05. At least 40
    draws per tested segment are made, fewer could not show that.

    Args:
        data: Rows no model was fitted on.
        column: Of ``data.segments``.
        costs: What the two mistakes cost.
        common: What they are held against.
        draws: Bootstrap draws, at least 2.
        rng: Source of randomness.
    """
    names = np.array([segment_text(v) or "" for v in data.segments[column]])
    own, tested = common.cross_fitted.copy(), np.zeros(len(names), dtype=np.bool_)
    rows: list[SegmentRow] = []
    values = sorted(set(names.tolist()))
    draws = max(draws, _DRAWS * sum(_is_tested(data, v, names == v) for v in values))
    for value in values:
        here = names == value
        row = _measure(data, costs, common, (value, here), (draws, rng))
        if row.own is not None:
            tested |= here
            own[here] = _own(data, costs, common.fold, here)
            row = _compared(row, data, costs, (common.cross_fitted, own, here), (draws, rng))
        rows.append(row)
    saving = None
    if tested.any():
        everybody = np.ones_like(tested)
        saving = _saving(data, costs, (common.cross_fitted, own, everybody), (draws, rng))
    adjusted = adjusted_rows(rows, common.threshold)
    chosen = {r.value: r.threshold for r in adjusted if not r.note and r.value}
    return SegmentFit(column, adjusted, saving, chosen)


def _is_tested(data: PolicyData, value: str, here: Flags) -> bool:
    bads = int(data.y[here].sum())
    return bool(value) and min(bads, int(here.sum()) - bads) >= MIN_BADS


def _measure(
    data: PolicyData,
    costs: Costs,
    common: CommonRule,
    segment: tuple[str, Flags],
    chance: tuple[int, np.random.Generator],
) -> SegmentRow:
    """Return the segment's own optimum with its interval, where it has rows enough."""
    value, here = segment
    rows, bads = int(here.sum()), int(data.y[here].sum())
    row = SegmentRow(value, rows, bads, common.threshold)
    few = min(bads, rows - bads)
    if not value:
        return replace(row, note="rows without a value keep the common threshold")
    if few < MIN_BADS:
        what = "bads" if bads <= rows - bads else "goods"
        return replace(row, note=f"{few} {what}, {MIN_BADS} are needed: keeps the common threshold")
    y, pd, mine = data.y[here], data.pd[here], costs_of(costs, here)
    best = cost_curve(y, pd, mine).best().threshold
    interval = bootstrap_threshold(y, pd, mine, *chance)
    return replace(row, own=best, interval=interval)


def _own(data: PolicyData, costs: Costs, fold: npt.NDArray[np.int64], here: Flags) -> Floats:
    """Return the segment's thresholds chosen on its other folds."""
    return cross_fitted_thresholds(
        data.y[here], data.pd[here], costs_of(costs, here), fold[here],
        lambda curve: curve.best().threshold,
    )  # fmt: skip


def _compared(
    row: SegmentRow,
    data: PolicyData,
    costs: Costs,
    thresholds: tuple[Floats, Floats, Flags],
    chance: tuple[int, np.random.Generator],
) -> SegmentRow:
    saving = _saving(data, costs, thresholds, chance)
    return replace(row, saving=saving, p_value=saving.p_value)


def _saving(
    data: PolicyData,
    costs: Costs,
    thresholds: tuple[Floats, Floats, Flags],
    chance: tuple[int, np.random.Generator],
) -> CostComparison:
    """Return what own thresholds save against common ones, on some of the rows."""
    common, own, here = thresholds
    pd = data.pd[here]
    return paired_cost_bootstrap(
        data.y[here], pd >= common[here], pd >= own[here], costs_of(costs, here), *chance
    )


def adjusted_rows(rows: list[SegmentRow], common: float) -> tuple[SegmentRow, ...]:
    """Adjust the p-values for the number of segments and say who gets a threshold of its own."""
    raw = [row.p_value for row in rows if row.p_value is not None]
    adjusted = iter(holm(raw).tolist() if raw else [])
    done = []
    for row in rows:
        if row.saving is None or row.own is None:
            done.append(row)
            continue
        p = float(next(adjusted))
        is_worth = p < _LEVEL and row.saving.difference.estimate > 0.0
        note = "" if is_worth else f"the saving may be chance (p {p:.3f}): keeps the common one"
        if is_worth and row.own == common:
            note = "its own is the common one: it needs no rule"
        threshold = row.own if is_worth else common
        done.append(replace(row, threshold=threshold, p_value=p, note=note))
    return tuple(done)
