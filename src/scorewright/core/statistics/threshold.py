"""What follows from declining at a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scorewright.core.statistics.inputs import checked

__all__ = ["Confusion", "confusion"]


def _share(part: float, whole: float) -> float:
    """Return part / whole; 0 of 0 is 0."""
    return part / whole if whole else 0.0


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of decisions against outcomes; "positive" is declined. Shares of 0 in 0 are 0."""

    tp: int
    fp: int
    tn: int
    fn: int

    @property
    def total(self) -> int:
        """All applications."""
        return self.tp + self.fp + self.tn + self.fn

    @property
    def precision(self) -> float:
        """Bads among the declined."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """Declined among the bads."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def accuracy(self) -> float:
        """Right decisions among all."""
        return _share(self.tp + self.tn, self.total)

    @property
    def f1_score(self) -> float:
        """Harmonic mean of precision and recall."""
        return self.fbeta_score(1.0)

    @property
    def false_positive_rate(self) -> float:
        """Declined among the goods."""
        return _share(self.fp, self.fp + self.tn)

    @property
    def false_negative_rate(self) -> float:
        """Approved among the bads."""
        return _share(self.fn, self.fn + self.tp)

    @property
    def approval_rate(self) -> float:
        """Approved among all."""
        return _share(self.tn + self.fn, self.total)

    @property
    def default_rate_approved(self) -> float:
        """Bads among the approved."""
        return _share(self.fn, self.tn + self.fn)

    def fbeta_score(self, beta: float = 2.0) -> float:
        """F score that weighs recall ``beta`` times as much as precision."""
        square = beta * beta
        return _share(
            (1.0 + square) * self.tp, (1.0 + square) * self.tp + square * self.fn + self.fp
        )

    def cost(self, false_negative: float, false_positive: float) -> float:
        """Total cost of the two mistakes."""
        return false_negative * self.fn + false_positive * self.fp


def confusion(y: npt.ArrayLike, p: npt.ArrayLike, threshold: float) -> Confusion:
    """Count decisions against outcomes where ``p >= threshold`` is declined.

    Args:
        y: Labels of shape (n,), 1 is bad.
        p: PDs of shape (n,).
        threshold: Decline at or above.
    """
    labels, pds = checked(y, p, classes=1)
    declined, bad = pds >= threshold, labels == 1
    tp = int(np.sum(declined & bad))
    fp = int(np.sum(declined & ~bad))
    fn = int(np.sum(bad)) - tp
    return Confusion(tp, fp, len(labels) - tp - fp - fn, fn)
