"""What is known of a policy sample: thresholds, what they bring, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scorewright.core.decision import (
    Aim,
    CostCurve,
    Referral,
    Rule,
    StrategyPoint,
    ThresholdChoice,
    ThresholdInterval,
)
from scorewright.core.statistics import AIR, EMP, CostComparison
from scorewright.core.strategy.segments import SegmentFit
from scorewright.core.strategy.verdict import Verdict

__all__ = ["Analysis", "LoanRule", "NamedChoice"]


@dataclass(frozen=True, slots=True)
class NamedChoice:
    """A threshold somebody might choose, and what it brings.

    Attributes:
        name: Why it might be chosen.
        choice: Threshold and figures.
        profit: Profit of the approved, in the project's costs; None where the threshold follows
            from a profit of other assumptions, beside which these figures would mislead.
        is_allowed: Whether it keeps the guardrails.
        emp: That other profit: expected, as a part of the amount applied for.
    """

    name: str
    choice: ThresholdChoice
    profit: float | None
    is_allowed: bool
    emp: float | None = None


@dataclass(frozen=True, slots=True)
class LoanRule:
    """What deciding each loan by its own costs would bring (Bahnsen 2014).

    Attributes:
        cost: Total cost where loan i is declined at PD >= C_FP,i / (C_FP,i + C_FN,i).
        approval_rate: Share approved by that rule.
        saving: What it saves against one threshold for all, chosen on other rows.
    """

    cost: float
    approval_rate: float
    saving: CostComparison


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What a policy sample says.

    Attributes:
        rows, bads: Of the sample.
        curve: Cost at every distinct score.
        best: The cheapest threshold of all, guardrails aside.
        band: Lowest and highest threshold within 1 % of its cost.
        bayes: The threshold that follows from the costs alone.
        interval: Bootstrap interval of the optimum.
        chosen: What the method chose inside the guardrails, for all segments.
        final: Figures of the policy that comes of it, thresholds of segments included.
        rule: The same with the referral band.
        aim: Method, target and guardrails.
        cross_fitted_cost: Cost of thresholds chosen on other rows: what the choice is worth.
        saving: Against the cheaper of "approve all" and "decline all", cross-fitted.
        regret: What the present policy costs more than thresholds chosen on other rows; None
            without a present policy of this model.
        present: Figures of the present policy, its first rule's threshold among them.
        verdict: Whether to change it.
        strategy: What each approval rate would bring.
        named: Thresholds somebody might choose.
        referral: What the band does; None without one.
        proposal: The optimum's interval as a band.
        segments: Thresholds per segment, where a column was named.
        loans: The rule that decides each loan by its own costs, where amounts are known.
        emp: Expected maximum profit, and the fraction it declines.
        air: Adverse impact at the chosen rule, where a group is watched.
    """

    rows: int
    bads: int
    curve: CostCurve
    best: ThresholdChoice
    band: tuple[float, float]
    bayes: float
    interval: ThresholdInterval
    chosen: ThresholdChoice
    final: ThresholdChoice
    rule: Rule
    aim: Aim
    cross_fitted_cost: float
    saving: CostComparison
    regret: CostComparison | None
    present: ThresholdChoice | None
    verdict: Verdict
    strategy: tuple[StrategyPoint, ...]
    named: tuple[NamedChoice, ...]
    referral: Referral | None
    proposal: Referral
    segments: SegmentFit | None
    loans: LoanRule | None
    emp: EMP
    air: AIR | None
    cheaper: Literal["approve all", "decline all"]
    cheaper_cost: float
