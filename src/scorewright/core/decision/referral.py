"""The band around a threshold in which a person decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scorewright.core.decision.curve import Floats, Labels
from scorewright.core.decision.rules import Rule

__all__ = ["Referral", "referral", "with_band"]


@dataclass(frozen=True, slots=True)
class Referral:
    """What a band does to the applications of a sample.

    Attributes:
        low, high: Referred are PDs from ``low`` to below ``high``.
        approved, referred, declined: Shares of all applications.
        bad_rate_approved, bad_rate_referred, bad_rate_declined: Share of bads in each; 0 of none.
    """

    low: float
    high: float
    approved: float
    referred: float
    declined: float
    bad_rate_approved: float
    bad_rate_referred: float
    bad_rate_declined: float


def with_band(threshold: float, below: float, above: float) -> Rule:
    """Return the rule with a band.

    Args:
        threshold: In the middle of it.
        below: Distance in PD, at least 0; the band does not go below 0.
        above: The same; the band does not go above 1.
    """
    high = max(threshold, min(1.0, threshold + above))
    return Rule(threshold, min(threshold, max(0.0, threshold - below)), high)


def referral(y: Labels, pd: Floats, rule: Rule) -> Referral:
    """Count what a rule with a band does.

    Args:
        y: Labels of shape (n,), 1 is bad.
        pd: PDs of shape (n,).
        rule: One with a band; without one nobody is referred.
    """
    low = rule.threshold if rule.refer_from is None else rule.refer_from
    high = rule.threshold if rule.refer_to is None else rule.refer_to
    bad, size = np.asarray(y) == 1, max(1, len(pd))
    parts = (pd < low, (pd >= low) & (pd < high), pd >= high)
    shares = [int(part.sum()) / size for part in parts]
    rates = [int((part & bad).sum()) / max(1, int(part.sum())) for part in parts]
    return Referral(low, high, *shares, *rates)
