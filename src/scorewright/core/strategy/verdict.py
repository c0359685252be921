"""Keep the present policy, or change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scorewright.core.decision import Aim, ThresholdChoice
from scorewright.core.statistics import CostComparison

__all__ = ["Verdict", "judge"]

#: Two-sided 5 % of the normal law.
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with the present policy, and why."""

    word: Literal["first", "keep", "change"]
    why: str


def judge(
    aim: Aim, present: ThresholdChoice | None, regret: CostComparison | None, rows: int
) -> Verdict:
    """Say whether the present policy should be changed.

    A policy that breaks a guardrail is changed. One with a target is changed where the interval
    of its own rate excludes the target; any other only where its regret is above 0 beyond chance.

    Args:
        aim: Method, target and guardrails.
        present: Figures of the present policy; None where there is none.
        regret: Its regret with interval.
        rows: Of the sample.
    """
    if present is None or regret is None:
        return Verdict("first", "no policy is in force for this model")
    if not aim.guardrails.keeps(present):
        return Verdict("change", "the present policy breaks a guardrail")
    if aim.target is not None and aim.method not in {"exact_minimum_cost", "bayes"}:
        return _against_target(aim, aim.target, present, rows)
    low, high = regret.difference.low, regret.difference.high
    if low > 0.0:
        return Verdict("change", f"its regret, {low:,.4g} to {high:,.4g}, is more than chance")
    if high < 0.0:
        return Verdict("keep", "it is cheaper than thresholds fitted on other rows")
    return Verdict("keep", f"its regret, {low:,.4g} to {high:,.4g}, includes 0")


def _against_target(aim: Aim, target: float, present: ThresholdChoice, rows: int) -> Verdict:
    """Compare the present policy's own rate with the target."""
    rate, size, name = present.default_rate_approved, present.approval_rate * rows, "bad rate"
    if aim.method != "max_bad_rate":
        rate, size, name = present.approval_rate, float(rows), "approval rate"
        target = 1.0 - target if aim.method == "reject_rate" else target
    reach = _Z * (rate * (1.0 - rate) / max(1.0, size)) ** 0.5
    said = f"its {name} is {100 * (rate - reach):.2f} to {100 * (rate + reach):.2f} %"
    if rate - reach <= target <= rate + reach:
        return Verdict("keep", f"{said}, the target {100 * target:g} %")
    return Verdict("change", f"{said}, not the target {100 * target:g} %")
