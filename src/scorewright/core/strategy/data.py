"""What a policy is fitted on, and what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.decision import CostMatrix, Costs, Method, Policy, RowCosts
from scorewright.core.statistics import loan_costs

__all__ = ["LoanAmounts", "PolicyData", "Question"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class LoanAmounts:
    """What each loan can lose and earn, arrays of shape (n,) in one currency.

    Attributes:
        loss: Loss if it defaults: exposure times loss given default, at least 0.
        margin: What it earns if it is repaid.
    """

    loss: Floats
    margin: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PolicyData:
    """Rows no model was fitted on.

    Attributes:
        y: Labels of shape (n,), 1 is bad.
        pd: PDs of shape (n,).
        segments: Values of the columns that policies may tell applications apart by, by column,
            each of length n.
        protected: Membership of the group that is watched, shape (n,).
        loans: Amounts, where every loan has its own costs.
    """

    y: Labels
    pd: Floats
    segments: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    protected: npt.NDArray[np.bool_] | None = None
    loans: LoanAmounts | None = None

    def by_score(self) -> PolicyData:
        """Return the rows by rising PD: what is computed of them need not sort again."""
        if bool((self.pd[1:] >= self.pd[:-1]).all()):
            return self
        order = np.argsort(self.pd, kind="stable")
        loans = self.loans
        return PolicyData(
            self.y[order],
            self.pd[order],
            {name: [values[i] for i in order] for name, values in self.segments.items()},
            None if self.protected is None else self.protected[order],
            None if loans is None else LoanAmounts(loans.loss[order], loans.margin[order]),
        )

    def costs(self, matrix: CostMatrix) -> Costs:
        """Return the costs of the mistakes: those of each loan where amounts are known."""
        if self.loans is None:
            return matrix
        own = loan_costs(
            self.loans.loss, self.loans.margin, lgd=1.0, base_rate=float(np.mean(self.y))
        )
        return RowCosts(own.false_negative, own.false_positive)

    def profits(self, good: float, matrix: CostMatrix) -> Floats:
        """Return what each application earns if it is approved, shape (n,).

        Args:
            good: Profit on a repaid loan, where loans have no amounts of their own.
            matrix: Gives the loss on a bad one.
        """
        bad = self.y == 1
        if self.loans is None:
            return np.where(bad, -matrix.false_negative, good)
        return np.where(bad, -self.loans.loss, self.loans.margin)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        costs: The cost matrix.
        method: How the threshold is chosen.
        target: The target, where the method names one.
        corridor: Lowest and highest approval rate allowed.
        max_bad_rate: Highest bad rate among the approved.
        max_step: Largest change of the approval rate against the present policy.
        refer: Distances of the referral band below and above the threshold.
        refer_interval: Whether the band is the optimum's bootstrap interval.
        segment: Column whose values may get rules of their own.
        profit_good: Profit on a repaid loan; None means the cost of a declined good.
        present: The policy in force, if it decides on this model's PDs.
        present_approval: Approval rate of the policy in force, where it is another model's.
        draws: Bootstrap draws, at least 2.
    """

    costs: CostMatrix
    method: Method = "exact_minimum_cost"
    target: float | None = None
    corridor: tuple[float, float] | None = None
    max_bad_rate: float | None = None
    max_step: float | None = None
    refer: tuple[float, float] | None = None
    refer_interval: bool = False
    segment: str | None = None
    profit_good: float | None = None
    present: Policy | None = None
    present_approval: float | None = None
    draws: int = 1000
