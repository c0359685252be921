"""What a threshold is chosen for: least cost, the Bayes rule, or a target; inside guardrails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np
import numpy.typing as npt

from scorewright.core.decision.curve import CostCurve, ThresholdChoice
from scorewright.core.errors import UsageError

__all__ = ["Aim", "Guardrails", "Method"]

Method = Literal["exact_minimum_cost", "bayes", "reject_rate", "approval_rate", "max_bad_rate"]
Floats = npt.NDArray[np.float64]

#: Rates that differ by less are equal; approvals are whole people.
_EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Guardrails:
    """Limits a fitted threshold has to keep.

    Attributes:
        lowest, highest: Approval rates allowed, in [0, 1].
        max_bad_rate: Highest bad rate among the approved; None means any.
        reasons: What the limits come from, for messages.
    """

    lowest: float = 0.0
    highest: float = 1.0
    max_bad_rate: float | None = None
    reasons: tuple[str, ...] = ()

    def excess(self, curve: CostCurve) -> Floats:
        """Return by how much each point breaks the limits, shape (k,); 0 keeps them all."""
        rate = curve.approval_rate
        over: Floats = np.maximum(self.lowest - rate, 0.0) + np.maximum(rate - self.highest, 0.0)
        if self.max_bad_rate is not None:
            over = over + np.maximum(curve.default_rate_approved - self.max_bad_rate, 0.0)
        return np.where(over > _EQUAL, over, 0.0)

    def keeps(self, choice: ThresholdChoice) -> bool:
        """Tell whether a choice is inside all limits."""
        inside = self.lowest - _EQUAL <= choice.approval_rate <= self.highest + _EQUAL
        if self.max_bad_rate is None:
            return inside
        return inside and choice.default_rate_approved <= self.max_bad_rate + _EQUAL


@dataclass(frozen=True, slots=True)
class Aim:
    """How a threshold is chosen from a curve.

    Attributes:
        method: See `Method`.
        bayes: The Bayes threshold of the costs.
        target: The target, where the method names one, in (0, 1).
        guardrails: Limits to keep.
    """

    method: Method
    bayes: float
    target: float | None = None
    guardrails: Guardrails = Guardrails()

    def nearest(self, curve: CostCurve) -> ThresholdChoice:
        """Return the choice, or where guardrails cannot be kept what breaks them least."""
        excess = self.guardrails.excess(curve)
        if self._is_empty(self._wanted(curve)) and not self.guardrails.reasons:
            approving = np.flatnonzero(curve.approval_rate > 0.0)
            least = approving[int(np.argmin(curve.default_rate_approved[approving]))]
            return curve.at(float(curve.threshold[least]))
        if self.method == "exact_minimum_cost" or not self._is_free(curve, excess):
            # The cheapest of those that break the least; of equally cheap ones the strictest.
            near = np.flatnonzero(excess <= excess.min() + _EQUAL)
            return curve.at(float(curve.threshold[near[int(np.argmin(curve.cost[near]))]]))
        return self._wanted(curve)

    def choose(self, curve: CostCurve) -> ThresholdChoice:
        """Return the chosen threshold with its figures.

        Raises:
            UsageError: ``policy-infeasible``: no threshold keeps the guardrails, or the target
                lies outside them; the nearest is told.
        """
        nearest = self.nearest(curve)
        wanted = nearest if self.method == "exact_minimum_cost" else self._wanted(curve)
        if self.guardrails.keeps(wanted) and not self._is_empty(wanted):
            return wanted
        raise UsageError(
            f"No threshold is {self._said()}. The nearest is {nearest.threshold:.6g}: it approves "
            f"{100 * nearest.approval_rate:.2f} %, {100 * nearest.default_rate_approved:.2f} % of "
            f"them bad, at a cost of {nearest.cost:,.6g}.",
            remedy="Widen the guardrails or change the target under [policy] in scorewright.toml.",
            code="policy-infeasible",
            details={
                "nearest": {
                    "threshold": nearest.threshold,
                    "approval_rate": nearest.approval_rate,
                    "default_rate_approved": nearest.default_rate_approved,
                    "cost": nearest.cost,
                }
            },
        )

    def _is_free(self, curve: CostCurve, excess: Floats) -> bool:
        """Tell whether what the method asks for keeps the guardrails."""
        index = int(np.searchsorted(curve.threshold, self._wanted(curve).threshold, side="left"))
        return bool(excess[min(index, excess.size - 1)] <= 0.0)

    def _is_empty(self, choice: ThresholdChoice) -> bool:
        """Tell whether a maximum of the bad rate left nobody to approve."""
        return self.method == "max_bad_rate" and choice.approval_rate <= 0.0

    def _wanted(self, curve: CostCurve) -> ThresholdChoice:
        """Return what the method asks for, guardrails aside."""
        match self.method:
            case "exact_minimum_cost":
                return curve.best()
            case "bayes":
                return curve.at(self.bayes)
            case "reject_rate":
                return curve.nearest_approval(1.0 - self._aim())
            case "approval_rate":
                return curve.nearest_approval(self._aim())
            case "max_bad_rate":
                kept = np.flatnonzero(curve.default_rate_approved <= self._aim() + _EQUAL)
                return curve.at(float(curve.threshold[kept[-1]]))
            case _:
                assert_never(self.method)

    def _aim(self) -> float:
        if self.target is None:
            raise UsageError(
                f"The method '{self.method}' needs a target, and [policy] names none.",
                remedy="Set policy.target in scorewright.toml, such as target = 0.15.",
                code="policy-target",
            )
        return self.target

    def _said(self) -> str:
        parts = [] if self.target is None else [f"{self.method} = {self.target:g}"]
        if self.method == "bayes":
            parts.append(f"the Bayes threshold {self.bayes:.4f}")
        parts += self.guardrails.reasons
        return " and ".join(parts) if parts else self.method
