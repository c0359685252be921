"""Everything that is worth knowing before a policy is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from scorewright.core.decision import (
    Aim,
    Costs,
    Guardrails,
    RowCosts,
    Rule,
    ThresholdChoice,
    ThresholdInterval,
    approved_sums,
    bayes_threshold,
    bootstrap_threshold,
    cost_curve,
    cross_fitted_thresholds,
    policy_folds,
    referral,
    segment_text,
    strategy_curve,
    with_band,
)
from scorewright.core.statistics import (
    CostComparison,
    adverse_impact_ratio,
    decision_cost,
    emp_credit_scoring,
    paired_cost_bootstrap,
)
from scorewright.core.strategy.choices import loan_rule, named_choices
from scorewright.core.strategy.data import PolicyData, Question
from scorewright.core.strategy.results import Analysis
from scorewright.core.strategy.segments import CommonRule, SegmentFit, fit_segments
from scorewright.core.strategy.verdict import judge

__all__ = ["analyse"]

Floats = npt.NDArray[np.float64]
_TOLERANCE = 0.01


def analyse(data: PolicyData, question: Question, rng: np.random.Generator) -> Analysis:
    """Fit a policy and say how sure it is.

    Args:
        data: Rows no model was fitted on.
        question: Costs, method, guardrails and the present policy.
        rng: Source of randomness; the same state gives the same analysis.

    Raises:
        UsageError: ``policy-infeasible``, ``policy-target``, ``one-class``.
        ValueError: PDs that are not finite.
    """
    data = data.by_score()
    costs = data.costs(question.costs)
    curve = cost_curve(data.y, data.pd, costs)
    bayes = _bayes(costs, question)
    aim = _aim(question, data, bayes)
    chosen = aim.choose(curve)
    interval = bootstrap_threshold(data.y, data.pd, costs, question.draws, rng)
    fold = policy_folds(data.y, rng)
    other = cross_fitted_thresholds(
        data.y, data.pd, costs, fold, lambda c: aim.nearest(c).threshold
    )
    segments = _segments(data, question, costs, aim, (chosen, other, fold), rng)
    thresholds = _per_row(data, chosen.threshold, segments)
    rule = _rule(chosen.threshold, question, interval)
    declined = data.pd >= other
    cheaper, base = _cheaper(data, costs)
    present, regret = _present(data, question, costs, declined, rng)
    emp = emp_credit_scoring(data.y, data.pd)
    profit = approved_sums(data.pd, data.profits(_profit_good(question), question.costs))
    return Analysis(
        rows=len(data.y),
        bads=int(data.y.sum()),
        curve=curve,
        best=curve.best(),
        band=curve.band(_TOLERANCE),
        bayes=bayes,
        interval=interval,
        chosen=chosen,
        final=_figures(data, costs, chosen.threshold, data.pd >= thresholds),
        rule=rule,
        aim=aim,
        cross_fitted_cost=decision_cost(data.y, declined, costs),
        saving=paired_cost_bootstrap(data.y, base, declined, costs, question.draws, rng),
        regret=regret,
        present=present,
        verdict=judge(aim, present, regret, len(data.y)),
        strategy=strategy_curve(curve, profit),
        named=named_choices(curve, profit, aim, (chosen, present), emp),
        referral=None if rule.refer_from is None else referral(data.y, data.pd, rule),
        proposal=referral(data.y, data.pd, _interval_rule(chosen.threshold, interval)),
        segments=segments,
        loans=loan_rule(data, costs, declined, question.draws, rng),
        emp=emp,
        air=None
        if data.protected is None
        else adverse_impact_ratio(data.pd < thresholds, data.protected),
        cheaper=cheaper,
        cheaper_cost=decision_cost(data.y, base, costs),
    )


def _bayes(costs: Costs, question: Question) -> float:
    """Return the Bayes threshold; of loans with costs of their own that of their means."""
    if not isinstance(costs, RowCosts):
        return bayes_threshold(question.costs)
    refused = max(0.0, float(costs.false_positive.mean()))
    total = refused + float(costs.false_negative.mean())
    return refused / total if total > 0.0 else 0.0


def _profit_good(question: Question) -> float:
    given = question.profit_good
    return question.costs.false_positive if given is None else given


def _aim(question: Question, data: PolicyData, bayes: float) -> Aim:
    """Put the guardrails together: those of the settings, and the largest step from now."""
    lowest, highest = question.corridor or (0.0, 1.0)
    reasons = []
    if question.corridor is not None:
        reasons.append(f"an approval rate from {100 * lowest:g} % to {100 * highest:g} %")
    if question.max_bad_rate is not None:
        reasons.append(f"a bad rate of at most {100 * question.max_bad_rate:g} %")
    approval = None if question.max_step is None else _present_approval(question, data)
    if question.max_step is not None and approval is not None:
        lowest = max(lowest, approval - question.max_step)
        highest = min(highest, approval + question.max_step)
        reasons.append(
            f"an approval rate within {100 * question.max_step:g} points of the present "
            f"{100 * approval:.2f} %"
        )
    rails = Guardrails(lowest, highest, question.max_bad_rate, tuple(reasons))
    return Aim(question.method, bayes, question.target, rails)


def _present_approval(question: Question, data: PolicyData) -> float | None:
    if question.present is None:
        return question.present_approval
    return float((data.pd < _present_thresholds(data, question)).mean())


def _present_thresholds(data: PolicyData, question: Question) -> Floats:
    policy = question.present
    assert policy is not None  # noqa: S101 - callers have looked
    return policy.decide_all(data.pd, data.segments.get(policy.segment_column or ""))[1]


def _present(
    data: PolicyData,
    question: Question,
    costs: Costs,
    declined: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[ThresholdChoice | None, CostComparison | None]:
    """Return figures and regret of the present policy; a band is taken at its threshold."""
    if question.present is None:
        return None, None
    now = data.pd >= _present_thresholds(data, question)
    regret = paired_cost_bootstrap(data.y, now, declined, costs, question.draws, rng)
    return _figures(data, costs, question.present.threshold, now), regret


def _figures(
    data: PolicyData, costs: Costs, threshold: float, declined: npt.NDArray[np.bool_]
) -> ThresholdChoice:
    """Return what decisions bring, whatever made them."""
    missed = int((~declined & (data.y == 1)).sum())
    approved = int((~declined).sum())
    return ThresholdChoice(
        threshold=threshold,
        cost=decision_cost(data.y, declined, costs),
        false_negatives=missed,
        false_positives=int((declined & (data.y == 0)).sum()),
        approval_rate=approved / len(declined),
        default_rate_approved=missed / max(1, approved),
    )


def _cheaper(
    data: PolicyData, costs: Costs
) -> tuple[Literal["approve all", "decline all"], npt.NDArray[np.bool_]]:
    nobody, everybody = np.zeros(len(data.y), dtype=np.bool_), np.ones(len(data.y), dtype=np.bool_)
    if decision_cost(data.y, nobody, costs) <= decision_cost(data.y, everybody, costs):
        return "approve all", nobody
    return "decline all", everybody


def _rule(threshold: float, question: Question, interval: ThresholdInterval) -> Rule:
    if question.refer is not None:
        return with_band(threshold, *question.refer)
    return _interval_rule(threshold, interval) if question.refer_interval else Rule(threshold)


def _interval_rule(threshold: float, interval: ThresholdInterval) -> Rule:
    """Return the optimum's interval as a band; a threshold outside of it is its end."""
    return Rule(threshold, min(threshold, interval.low), max(threshold, interval.high))


def _segments(
    data: PolicyData,
    question: Question,
    costs: Costs,
    aim: Aim,
    common: tuple[ThresholdChoice, Floats, npt.NDArray[np.int64]],
    rng: np.random.Generator,
) -> SegmentFit | None:
    """Fit the segments; thresholds of their own must not lead outside the guardrails."""
    if question.segment is None:
        return None
    if question.method != "exact_minimum_cost":
        note = f"{question.method} is for all applications: segments keep the common threshold"
        return SegmentFit(question.segment, (), None, {}, note)
    chosen, other, fold = common
    rule = CommonRule(chosen.threshold, other, fold)
    fit = fit_segments(data, question.segment, costs, rule, question.draws, rng)
    if not fit.thresholds:
        note = "no segment gains more than chance would give, by a threshold that differs"
        return SegmentFit(fit.column, fit.rows, fit.saving, {}, note)
    if _keeps(data, aim.guardrails, _per_row(data, chosen.threshold, fit)):
        return fit
    note = "thresholds of their own would lead outside the guardrails: all keep the common one"
    kept = tuple(replace(row, threshold=chosen.threshold) for row in fit.rows)
    return SegmentFit(fit.column, kept, fit.saving, {}, note)


def _per_row(data: PolicyData, threshold: float, fit: SegmentFit | None) -> Floats:
    """Return the threshold of each row, shape (n,)."""
    if fit is None or not fit.thresholds:
        return np.full(len(data.y), threshold)
    names = (segment_text(v) or "" for v in data.segments[fit.column])
    return np.array([fit.thresholds.get(name, threshold) for name in names])


def _keeps(data: PolicyData, rails: Guardrails, thresholds: Floats) -> bool:
    approved = data.pd < thresholds
    count = int(approved.sum())
    bads = int((approved & (data.y == 1)).sum())
    return rails.keeps(
        ThresholdChoice(0.0, 0.0, bads, 0, count / len(approved), bads / max(1, count))
    )
