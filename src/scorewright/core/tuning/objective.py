"""What the search makes small or large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, assert_never

import numpy as np
import numpy.typing as npt

from scorewright.core.decision import CostMatrix, cost_curve
from scorewright.core.statistics import emp_credit_scoring, pr_auc, roc_auc

__all__ = ["Objective", "ObjectiveName"]

ObjectiveName = Literal["cost", "roc_auc", "pr_auc", "fbeta", "emp"]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Objective:
    """A figure of labels and PDs.

    Attributes:
        name: ``cost`` is the least cost per application over all thresholds, ``fbeta`` the
            highest F-beta over all thresholds, ``emp`` the expected maximum profit.
        costs: Costs of the two mistakes.
        beta: Weight of recall against precision in ``fbeta``.
    """

    name: ObjectiveName
    costs: CostMatrix
    beta: float = 2.0

    @property
    def is_small_better(self) -> bool:
        """Whether less is better."""
        return self.name == "cost"

    def value(self, y: Labels, pd: Floats) -> float:
        """Return the figure.

        Args:
            y: Labels of shape (n,), 1 is bad, both classes.
            pd: PDs or scores of shape (n,), never those of training rows.
        """
        match self.name:
            case "cost":
                return cost_curve(y, pd, self.costs).best().cost / len(y)
            case "roc_auc":
                return roc_auc(y, pd)
            case "pr_auc":
                return pr_auc(y, pd)
            case "fbeta":
                return best_fbeta(y, pd, self.costs, self.beta)
            case "emp":
                return emp_credit_scoring(y, pd).value
            case _:
                assert_never(self.name)

    def is_better(self, value: float, other: float) -> bool:
        """Return whether the first value is better than the second."""
        return value < other if self.is_small_better else value > other

    def to_dict(self) -> dict[str, Any]:
        """Return what decides the figure, and nothing that does not."""
        if self.name == "cost":
            fn, fp = self.costs.false_negative, self.costs.false_positive
            return {"name": self.name, "false_negative": fn, "false_positive": fp}
        return {"name": self.name} | ({"beta": self.beta} if self.name == "fbeta" else {})


def best_fbeta(y: Labels, pd: Floats, costs: CostMatrix, beta: float) -> float:
    """Return the highest F-beta over all thresholds.

    ``(1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP)`` (van Rijsbergen 1979), with the counts of
    the exact cost curve.
    """
    curve = cost_curve(y, pd, costs)
    missed = curve.false_negatives.astype(np.float64)
    caught = float(np.sum(y == 1)) - missed
    weighted = (1.0 + beta**2) * caught
    below = weighted + beta**2 * missed + curve.false_positives
    return float(np.max(np.divide(weighted, below, out=np.zeros_like(below), where=below > 0)))
