"""Operations of the evaluator for one applicant: arrays of floats in which NaN is missing.

Booleans are 0 and 1, texts are codes of one vocabulary, dates are days since 1970. No value is
ever infinite, so a sum is NaN exactly where one of its terms is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

import numpy as np
import numpy.typing as npt

from scorewright.core.features.tree import AggregateKind, FunctionKind, RowStatisticKind

__all__ = [
    "ARITHMETIC",
    "COMPARE",
    "Floats",
    "aggregate",
    "both",
    "either",
    "finite",
    "function",
    "is_in",
    "row_statistic",
]

Floats = npt.NDArray[np.float64]
_TWO = 2


def finite(values: Floats) -> Floats:
    """Make what is not finite missing."""
    return np.where(np.isfinite(values), values, np.nan)


ARITHMETIC: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": lambda a, b: finite(a + b),
    "-": lambda a, b: finite(a - b),
    "*": lambda a, b: finite(a * b),
    "/": lambda a, b: finite(a / b),
}


def _known(result: npt.NDArray[np.bool_], a: Floats, b: Floats) -> Floats:
    return np.where(np.isnan(a) | np.isnan(b), np.nan, result)


COMPARE: dict[str, Callable[[Floats, Floats], Floats]] = {
    "==": lambda a, b: _known(a == b, a, b),
    "!=": lambda a, b: _known(a != b, a, b),
    "<": lambda a, b: _known(a < b, a, b),
    "<=": lambda a, b: _known(a <= b, a, b),
    ">": lambda a, b: _known(a > b, a, b),
    ">=": lambda a, b: _known(a >= b, a, b),
}


def both(a: Floats, b: Floats) -> Floats:
    """Kleene's ``and``: false where one is false, missing where that is not known."""
    return np.where((a == 0.0) | (b == 0.0), 0.0, a * b)


def either(a: Floats, b: Floats) -> Floats:
    """Kleene's ``or``: true where one is true, missing where that is not known."""
    return np.where((a == 1.0) | (b == 1.0), 1.0, a + b)


def is_in(values: Floats, members: Sequence[float]) -> Floats:
    """Tell which values are among a few; missing stays missing."""
    found = np.zeros(values.shape, dtype=np.bool_)
    for member in members:
        found |= values == member
    return np.where(np.isnan(values), np.nan, found)


def function(kind: FunctionKind, values: Floats) -> Floats:
    """Apply a function of one number; missing outside its domain."""
    match kind:
        case FunctionKind.ABS:
            return np.abs(values)
        case FunctionKind.SQRT:
            return finite(np.sqrt(values))
        case FunctionKind.LOG1P:
            return finite(np.log1p(values))


def row_statistic(kind: RowStatisticKind, values: Sequence[Floats]) -> Floats:
    """Apply a statistic over several values of each row; missing ones are left out."""
    stacked = np.stack(np.broadcast_arrays(*values)).astype(np.float64)
    present = ~np.isnan(stacked)
    count: Floats = present.sum(axis=0).astype(np.float64)
    total = np.where(present, stacked, 0.0).sum(axis=0)
    match kind:
        case RowStatisticKind.COUNT:
            return count
        case RowStatisticKind.SUM:
            return finite(np.where(count > 0, total, np.nan))
        case RowStatisticKind.MEAN:
            return finite(total / count)
        case RowStatisticKind.MIN:
            return finite(np.where(present, stacked, np.inf).min(axis=0))
        case RowStatisticKind.MAX:
            return finite(np.where(present, stacked, -np.inf).max(axis=0))
        case RowStatisticKind.STD:
            squares = (np.where(present, stacked - total / count, 0.0) ** 2).sum(axis=0)
            return finite(np.where(count > 1, np.sqrt(squares / (count - 1)), np.nan))


def aggregate(kind: AggregateKind, values: Floats, ages: Floats | None) -> float:  # noqa: PLR0911, C901 - one per kind
    """Aggregate the values of one applicant.

    Args:
        kind: Which.
        values: Without missing ones, shape (k,); for ``time_since`` the ages of the rows.
        ages: Of the same rows, where the kind needs dates.

    Returns:
        The aggregate, NaN where it is missing. Texts never come here for ``last`` and ``first``
        with a tie: the caller orders them.
    """
    size = values.size
    if kind is AggregateKind.COUNT:
        return float(size)
    if kind is AggregateKind.NUNIQUE:
        return float(len(set(values.tolist())))
    if size == 0:
        return np.nan
    match kind:
        case AggregateKind.MIN | AggregateKind.TIME_SINCE:
            return float(np.minimum.reduce(values))
        case AggregateKind.MAX:
            return float(np.maximum.reduce(values))
        case AggregateKind.MEAN | AggregateKind.SHARE:
            return float(np.add.reduce(values)) / size
        case AggregateKind.SUM:
            return float(np.add.reduce(values))
        case AggregateKind.STD:
            return _std(values)
        case AggregateKind.LAST | AggregateKind.FIRST:
            return _at_end(kind, values, ages)
        case AggregateKind.TREND:
            return _trend(values, ages)
        case _:
            assert_never(kind)


def _std(values: Floats) -> float:
    if values.size < _TWO:
        return np.nan
    from_mean = values - np.add.reduce(values) / values.size
    return float(np.sqrt(np.add.reduce(from_mean * from_mean) / (values.size - 1)))


def _at_end(kind: AggregateKind, values: Floats, ages: Floats | None) -> float:
    dated = np.zeros(values.shape) if ages is None else ages
    reduce = np.fmin.reduce if kind is AggregateKind.LAST else np.fmax.reduce
    at = values[dated == reduce(dated)]
    return float(np.maximum.reduce(at)) if at.size else np.nan


def _trend(values: Floats, ages: Floats | None) -> float:
    if ages is None:
        return np.nan
    known = ~np.isnan(ages)
    times, values = -ages[known], values[known]
    if times.size == 0:
        return np.nan
    times = times - np.minimum.reduce(times)
    if not np.maximum.reduce(times) > 0:
        return np.nan
    values = values - np.minimum.reduce(values)
    t, v = float(np.add.reduce(times)), float(np.add.reduce(values))
    spread = float(np.add.reduce(times * times)) - t * t / times.size
    slope = (float(np.add.reduce(times * values)) - t * v / times.size) / spread
    return float(slope)
