"""What nobody sees: when an application is decided, and how risky the applicant is, in parts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Final

import numpy as np
from scipy.special import ndtri

from scorewright.core.portfolio.draws import Bools, Floats, Ints, normal
from scorewright.core.portfolio.spec import PortfolioSpec

__all__ = ["Latent", "draw_latent"]

_WEEK: Final = (1.0, 1.02, 1.0, 0.98, 0.97, 0.63, 0.31)  # Monday first
_SHARED: Final = 0.45  # correlation of a table's own part with the discipline behind all of them
_BANK: Final = (0.8, 0.6)  # what the lender sees of the two general parts
_HALF: Final = 0.5
_TWO_THIRDS: Final = 2.0 / 3.0
_DAYS_A_YEAR: Final = 365.25


@dataclass(frozen=True, slots=True)
class Latent:
    """The unseen state of n applicants; every array has shape (n,).

    Attributes:
        day: Decision day, counted from the portfolio's start.
        weekday: Its day of the week, Monday is 0.
        macro: What the economy adds to the log odds.
        shift: How far the population has shifted.
        outage: Whether the bureau did not answer.
        general: Circumstances: income, work, age. Standard normal, risky is high.
        discipline: How bills are paid, everywhere. Standard normal, risky is high.
        bureau: The part that the list of loans elsewhere shows; so do the next ones.
        balance: Monthly statuses of loans elsewhere.
        previous: Earlier applications here.
        instalments: Payments of earlier loans here.
        pos: Monthly states of earlier loans here.
        card: Credit cards here.
    """

    day: Ints
    weekday: Ints
    macro: Floats
    shift: Floats
    outage: Bools
    general: Floats
    discipline: Floats
    bureau: Floats
    balance: Floats
    previous: Floats
    instalments: Floats
    pos: Floats
    card: Floats

    @property
    def size(self) -> int:
        """Number of applicants."""
        return int(self.day.size)


_PARTS: Final = tuple(field.name for field in fields(Latent))[7:]


def draw_latent(spec: PortfolioSpec, rng: np.random.Generator, size: int) -> Latent:
    """Draw the unseen state of ``size`` applicants."""
    day = _days(spec, rng, size)
    shift = _shift(spec, day)
    general, discipline = normal(rng, size), normal(rng, size)
    _apply_policy(spec, rng, day, (general, discipline))
    own = np.sqrt(1.0 - _SHARED**2)
    parts = {name: _SHARED * discipline + own * normal(rng, size) for name in _PARTS}
    return Latent(
        day=day,
        weekday=(day + spec.start.weekday()) % 7,
        macro=_macro(spec, day),
        shift=shift,
        outage=_outage(spec, day),
        general=general + 0.45 * shift,
        discipline=discipline,
        **parts,
    )


def _day_of(spec: PortfolioSpec, start: date | None, share: float) -> int:
    return (start - spec.start).days if start else round(spec.days * share)


def _days(spec: PortfolioSpec, rng: np.random.Generator, size: int) -> Ints:
    """Draw decision days: a slow growth, quiet weekends, fewer after a stricter policy."""
    span = np.arange(spec.days)
    weights = np.array(_WEEK)[(span + spec.start.weekday()) % 7] * (1.0 + 0.2 * span / spec.days)
    policy = spec.switches.policy_change
    if policy:
        weights[_day_of(spec, policy.start, _TWO_THIRDS) :] *= 1.0 - policy.strength
    cuts = np.cumsum(weights) / weights.sum()
    return np.searchsorted(cuts[:-1], rng.random(size), side="right").astype(np.int64)


def _apply_policy(
    spec: PortfolioSpec, rng: np.random.Generator, day: Ints, seen: tuple[Floats, Floats]
) -> None:
    """Draw the declined again, in place, until nobody in the book is above the cut-off."""
    policy = spec.switches.policy_change
    if not policy or policy.strength == 0:
        return
    general, discipline = seen
    cut = float(ndtri(1.0 - policy.strength))
    after = np.flatnonzero(day >= _day_of(spec, policy.start, _TWO_THIRDS))
    while after.size:
        score = _BANK[0] * general[after] + _BANK[1] * discipline[after]
        after = after[score > cut]
        general[after] = normal(rng, after.size)
        discipline[after] = normal(rng, after.size)


def _macro(spec: PortfolioSpec, day: Ints) -> Floats:
    drift = spec.switches.macro_drift
    if not drift:
        return np.zeros(day.size)
    since = np.maximum(day - _day_of(spec, drift.start, 0.0), 0)
    return drift.strength * since / _DAYS_A_YEAR


def _shift(spec: PortfolioSpec, day: Ints) -> Floats:
    shift = spec.switches.population_shift
    if not shift:
        return np.zeros(day.size)
    return shift.strength * (day >= _day_of(spec, shift.start, _HALF)).astype(np.float64)


def _outage(spec: PortfolioSpec, day: Ints) -> Bools:
    outage = spec.switches.bureau_outage
    if not outage:
        return np.zeros(day.size, dtype=np.bool_)
    first = _day_of(spec, outage.start, _TWO_THIRDS)
    return (day >= first) & (day < first + outage.days)
