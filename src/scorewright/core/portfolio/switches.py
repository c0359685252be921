"""What can happen to a portfolio while it is written: four events, each off by default."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = ["BureauOutage", "MacroDrift", "PolicyChange", "PopulationShift", "Switches"]


@dataclass(frozen=True, slots=True)
class MacroDrift:
    """The economy turns: the same applicant becomes riskier, month by month.

    Attributes:
        strength: Added to the log odds of a bad outcome per year since the start.
        start: First day of the drift; None is the first day of the portfolio.
    """

    strength: float = 0.35
    start: date | None = None


@dataclass(frozen=True, slots=True)
class PopulationShift:
    """Other people apply: younger, with lower incomes and lower external scores.

    Attributes:
        strength: 1 lowers the mean age by about five years and incomes by about a fifth.
        start: First day of the new mix; None is the middle of the portfolio.
    """

    strength: float = 1.0
    start: date | None = None


@dataclass(frozen=True, slots=True)
class BureauOutage:
    """The credit bureau does not answer: no bureau rows, no counts of enquiries.

    Attributes:
        days: Length of the outage.
        start: First day of it; None is two thirds into the portfolio.
    """

    days: int = 60
    start: date | None = None


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """The lender declines the riskiest: they are no longer in the book, which grows slower.

    Attributes:
        strength: Share of the applicants that the new cut-off keeps out.
        start: First day of the new policy; None is two thirds into the portfolio.
    """

    strength: float = 0.25
    start: date | None = None


@dataclass(frozen=True, slots=True)
class Switches:
    """The events that are switched on; None is off."""

    macro_drift: MacroDrift | None = None
    population_shift: PopulationShift | None = None
    bureau_outage: BureauOutage | None = None
    policy_change: PolicyChange | None = None
