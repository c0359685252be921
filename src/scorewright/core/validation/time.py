"""Where development ends and out of time begins."""

from __future__ import annotations

from datetime import date

import polars as pl

from scorewright.core.errors import UsageError

__all__ = ["cut_date", "decision_days"]

#: A cut at the first of a month is taken where its share of rows comes this near to the wish.
MONTH_SLACK = 0.25


def decision_days(dates: pl.Series | None, purpose: str = "Out-of-time validation") -> pl.Series:
    """Return the decision dates as days.

    Args:
        dates: The column, shape (n,), or None where there is none.
        purpose: What needs them, as the beginning of a sentence.

    Raises:
        UsageError: ``decision-date-missing`` for no column or empty cells,
            ``validation-scheme`` for a column that holds no dates.
    """
    missing = None if dates is None else dates.null_count()
    if dates is None or missing:
        raise UsageError(
            f"{purpose} needs the date of each decision; {_having(missing)} none.",
            remedy="Name the column as decision_date under [data] and fill its empty cells, or "
            'set scheme = "stratified" and leave out performance_months under [validation].',
            code="decision-date-missing",
            details={"missing": missing},
        )
    if not isinstance(dates.dtype, pl.Date | pl.Datetime):
        raise UsageError(
            f"The decision dates are of type {dates.dtype}, not dates.",
            remedy="Set the column's type to date in the contract.",
            code="validation-scheme",
        )
    return dates.cast(pl.Date)


def _having(missing: int | None) -> str:
    if missing is None:
        return "every row has"
    return "1 row has" if missing == 1 else f"{missing} rows have"


def cut_date(days: pl.Series, share: float) -> date:
    """Return the first day of the out-of-time rows: ``day >= cut``.

    The cut is the first of a month where that leaves about the wanted share (within a quarter
    of it), else the day that comes nearest. Equally near, the later one.

    Args:
        days: Decision days, none missing.
        share: Wanted share of out-of-time rows.

    Raises:
        UsageError: ``validation-scheme`` where all decisions fell on one day.
    """
    by_month, by_day = _nearest(days.dt.month_start(), share), _nearest(days, share)
    if by_day is None:
        raise UsageError(
            f"All decisions carry the same date, {days[0]}; there is no earlier and later.",
            remedy='Set scheme = "stratified" under [validation], or name another column as '
            "decision_date under [data].",
            code="validation-scheme",
        )
    if by_month is not None and by_month[1] <= MONTH_SLACK * share:
        return by_month[0]
    return by_day[0]


def _nearest(periods: pl.Series, share: float) -> tuple[date, float] | None:
    """Return the period whose start splits nearest to ``share``, and how far off it is."""
    counts = (
        pl.DataFrame({"start": periods})
        .group_by("start")
        .agg(pl.len().alias("rows"))
        .sort("start", descending=True)
    )
    newer = counts["rows"].cum_sum() / len(periods)
    # The oldest period cannot be the cut: nothing would be left to learn from.
    candidates = zip(counts["start"].to_list()[:-1], newer.to_list()[:-1], strict=True)
    best = min(((abs(part - share), start) for start, part in candidates), default=None)
    return None if best is None else (best[1], best[0])
