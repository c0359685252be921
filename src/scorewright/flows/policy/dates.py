"""From when to when a policy is to hold, as the user said it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from scorewright.core.errors import UsageError
from scorewright.flows.policy.tools import FitWish

__all__ = ["settled"]


def settled(wish: FitWish, now: datetime) -> FitWish:
    """Return the wish with dates a policy can hold: ISO 8601 with a zone, in their order.

    A day alone means its first moment in UTC.

    Args:
        wish: What the user said.
        now: When a policy begins for which no beginning is named; UTC.

    Raises:
        UsageError: ``policy-dates``.
    """
    begins = _moment(wish.effective_from, "--effective-from")
    ends = _moment(wish.effective_to, "--effective-to")
    if ends is not None and ends <= (begins or now):
        start = f"begins ({begins.isoformat()})" if begins else f"is made ({now.isoformat()})"
        raise _refused(f"--effective-to, {ends.isoformat()}, is not after the policy {start}")
    return replace(
        wish,
        effective_from=None if begins is None else begins.isoformat(),
        effective_to=None if ends is None else ends.isoformat(),
    )


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _with_zone(text, option)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _with_zone(text: str, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _refused(f"{option} is no date: {text[:100]!r}") from error
    if moment.tzinfo is None:
        raise _refused(f"{option} has no time zone: {text!r}")
    return moment


def _refused(said: str) -> UsageError:
    return UsageError(
        f"{said}.",
        remedy="Give a day, such as 2027-01-01 (from its beginning, UTC), or ISO 8601 with a zone, "
        "such as 2027-01-01T09:00+01:00.",
        code="policy-dates",
    )
