"""The parts of a policy: costs, thresholds with their bands, and how segments are named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["CostMatrix", "Decision", "LoanColumns", "Rule", "segment_text"]

Decision = Literal["approve", "refer", "decline"]


@dataclass(frozen=True, slots=True)
class CostMatrix:
    """What the two mistakes cost, in any one unit.

    Attributes:
        false_negative: Cost of approving an application that defaults.
        false_positive: Cost of declining one that would have paid.
    """

    false_negative: float = 10.0
    false_positive: float = 1.0


@dataclass(frozen=True, slots=True)
class LoanColumns:
    """Columns a threshold was fitted with where every loan has its own costs (Bahnsen 2014).

    Attributes:
        exposure: Column with the amount at default.
        loss_given_default: Column with the part of it that is lost, or that part.
        margin: Column with what a loan earns if it is repaid.
    """

    exposure: str
    loss_given_default: str | float
    margin: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One threshold, and the band around it in which a person decides.

    Attributes:
        threshold: Without a band, applications with PD >= threshold are declined.
        refer_from: Lower end of the band; below it all are approved. None means no band.
        refer_to: Upper end; at it and above all are declined.
    """

    threshold: float
    refer_from: float | None = None
    refer_to: float | None = None

    def decide(self, pd: float) -> Decision:
        """Return what is done with an application of this PD."""
        if self.refer_from is None or self.refer_to is None:
            return "decline" if pd >= self.threshold else "approve"
        if pd >= self.refer_to:
            return "decline"
        return "refer" if pd >= self.refer_from else "approve"

    def sentence(self, digits: str = ".6g") -> str:
        """Say what the rule does, in one line.

        Args:
            digits: How PDs are written, as in a format string.
        """
        at = format(self.threshold, digits)
        if self.refer_from is None or self.refer_to is None:
            return f"decline from {at}"
        low, high = format(self.refer_from, digits), format(self.refer_to, digits)
        return f"refer from {low}, decline from {high} (threshold {at})"


def segment_text(value: object) -> str | None:
    """Write a value of a segment's column as the policy names it.

    The same value is the same text whether it came from a table or from JSON: 3 and 3.0 are
    ``3``, true is ``true``.

    Returns:
        None where the value is missing.
    """
    if value is None or value != value:  # noqa: PLR0124 - NaN is not itself
        return None
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)
