"""The whole analysis: golden figures, honest regret, segments, loans."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from scorewright.core.decision import CostMatrix, Policy, Rule, cost_curve
from scorewright.core.errors import UsageError
from scorewright.core.statistics import CostComparison, paired_cost_bootstrap
from scorewright.core.strategy import (
    Analysis,
    LoanAmounts,
    PolicyData,
    Question,
    SegmentRow,
    analyse,
)
from scorewright.core.strategy.segments import adjusted_rows

GOLDEN = Path(__file__).resolve().parents[3] / "../shared/data/golden"
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

PRESENT = Policy(
    id="p", version=1, segment="all", threshold=0.1, costs=CostMatrix(), model_digest="a",
    bundle="b", calibration_digest="c", data_version="d", data_role="out_of_fold",
    method="manual", owner="o", approver=None, effective_from="2026-01-01T00:00:00Z",
    effective_to=None, reason="r", evidence={},
)  # fmt: skip


def _made(n: int, seed: int = 0) -> PolicyData:
    rng = np.random.default_rng(seed)
    pd = rng.beta(1.2, 6, n)
    return PolicyData((rng.random(n) < pd).astype(np.int8), pd)


def _asked(data: PolicyData, seed: int = 42, **question: Any) -> Analysis:
    asked = Question(**{"costs": CostMatrix(), "draws": 400, **question})
    return analyse(data, asked, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def golden() -> tuple[PolicyData, dict[str, Any]]:
    if not GOLDEN.exists():
        pytest.skip(f"the golden vectors are not beside the repository: {GOLDEN}")
    table = np.genfromtxt(GOLDEN / "taiwan_oof_5000.csv", delimiter=",", names=True)
    expected = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))
    return PolicyData(table["y"].astype(np.int8), table["p_lgb"]), expected


def test_golden_analysis(golden: tuple[PolicyData, dict[str, Any]]) -> None:
    data, expected = golden
    wanted = expected["cost10_1"]
    a = _asked(data, draws=1_000, present=replace(PRESENT, threshold=0.09))
    assert a.best.cost == 3_572 <= wanted["min_cost"]
    assert a.present is not None
    assert a.present.cost == wanted["cost_at_0.09"]
    assert (a.cheaper, a.cheaper_cost) == ("decline all", wanted["always_reject"])
    assert a.curve.cost[-1] == wanted["always_accept"]
    spread = expected["threshold_bootstrap_1000(seed42)"]
    assert a.interval.low == pytest.approx(spread["p2.5"], abs=0.015)
    assert a.interval.high == pytest.approx(spread["p97.5"], abs=0.015)
    assert a.emp.value == pytest.approx(0.0209982594, rel=1e-6)
    assert a.emp.fraction == pytest.approx(0.0971717, rel=1e-5)
    # 0.09 costs 55 more than the optimum of this sample, which is less than noise.
    assert a.verdict.word == "keep"
    assert a.regret is not None
    assert a.regret.difference.low < 0.0 < a.regret.difference.high
    assert _asked(data, present=replace(PRESENT, threshold=0.5)).verdict.word == "change"


@pytest.mark.parametrize("seed", range(6))
def test_a_policy_at_the_optimum_is_kept(seed: int) -> None:
    data = _made(1_500, seed)
    best = cost_curve(data.y, data.pd, CostMatrix()).best().threshold
    a = _asked(data, seed, present=replace(PRESENT, threshold=best))
    assert a.regret is not None
    assert a.regret.difference.estimate <= 0.0
    assert a.regret.difference.low <= 0.0
    assert a.verdict.word == "keep"


def test_a_policy_at_the_true_optimum_is_seldom_told_to_change() -> None:
    """Nominal rate: 2.5 % of 60; measured against the sample's own optimum it was 18 %."""
    changed = sum(
        _asked(_made(1_000, s), s, draws=200, present=replace(PRESENT, threshold=1 / 11))
        .verdict.word == "change"
        for s in range(60)
    )  # fmt: skip
    assert changed <= 5


def test_without_a_policy_in_force_the_verdict_is_first() -> None:
    a = _asked(_made(800))
    assert (a.verdict.word, a.regret, a.present) == ("first", None, None)


def test_the_same_seed_gives_the_same_figures() -> None:
    data = _made(800)
    one, other = _asked(data), _asked(data)
    assert (one.interval, one.saving, one.strategy) == (
        other.interval,
        other.saving,
        other.strategy,
    )


def test_the_step_from_the_present_policy_is_kept() -> None:
    data = _made(3_000)
    present = replace(PRESENT, threshold=0.3)
    now = float((data.pd < 0.3).mean())
    a = _asked(data, present=present, max_step=0.05)
    assert abs(a.chosen.approval_rate - now) <= 0.05 + 1e-9
    assert a.chosen.cost > a.best.cost
    by_evidence = _asked(data, present_approval=now, max_step=0.05)
    assert by_evidence.chosen == a.chosen


def test_guardrails_that_contradict_each_other_are_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"bad rate of at most 1 %.*nearest") as caught:
        _asked(_made(2_000), corridor=(0.9, 0.95), max_bad_rate=0.01)
    assert caught.value.code == "policy-infeasible"


def test_a_present_policy_that_breaks_a_guardrail_is_changed() -> None:
    a = _asked(_made(2_000), present=replace(PRESENT, threshold=0.02), corridor=(0.5, 0.9))
    assert a.verdict.word == "change"
    assert "guardrail" in a.verdict.why


@pytest.mark.parametrize(("threshold", "word"), [(0.35, "change"), (None, "keep")])
def test_a_target_is_held_against_the_present_policys_own_rate(
    threshold: float | None, word: str
) -> None:
    data = _made(2_000)
    at = float(np.quantile(data.pd, 0.7)) if threshold is None else threshold
    a = _asked(data, method="approval_rate", target=0.7, present=replace(PRESENT, threshold=at))
    assert a.verdict.word == word
    assert a.chosen.approval_rate == pytest.approx(0.7, abs=1e-3)


def test_the_band_of_the_settings_and_the_proposed_one() -> None:
    data = _made(2_000)
    a = _asked(data, refer=(0.02, 0.03))
    assert a.rule == Rule(a.chosen.threshold, a.chosen.threshold - 0.02, a.chosen.threshold + 0.03)
    assert a.referral is not None
    assert a.referral.referred == pytest.approx(
        float(((data.pd >= a.referral.low) & (data.pd < a.referral.high)).mean())
    )
    own = _asked(data, refer_interval=True)
    assert (own.rule.refer_from, own.rule.refer_to) == (own.proposal.low, own.proposal.high)
    assert _asked(data).referral is None


def _two_markets(shift: float, n: int = 6_000) -> PolicyData:
    """In one market PDs are right, in the other the odds are multiplied by exp(shift)."""
    rng = np.random.default_rng(9)
    pd = rng.beta(1.2, 6, n)
    market = rng.choice(["home", "new", "rare"], n, p=[0.5, 0.49, 0.01])
    odds = pd / (1 - pd) * np.exp(np.where(market == "new", shift, 0.0))
    y = (rng.random(n) < odds / (1 + odds)).astype(np.int8)
    return PolicyData(y, pd, {"market": market.tolist()})


def test_a_segment_that_differs_gets_its_own_threshold() -> None:
    a = _asked(_two_markets(1.5), segment="market")
    assert a.segments is not None
    rows = {row.value: row for row in a.segments.rows}
    assert set(a.segments.thresholds) <= {"home", "new"}
    # Where PDs are right the best threshold is that of Bayes; the common one bends to the other.
    assert a.chosen.threshold < 0.05
    assert a.segments.thresholds["home"] == pytest.approx(1 / 11, abs=0.015)
    assert "bads" in rows["rare"].note
    assert rows["rare"].own is None
    assert a.segments.saving is not None
    assert a.segments.saving.difference.low > 0.0
    # The figures of the policy are those of all thresholds together.
    assert a.final.cost < a.chosen.cost


def test_noise_between_segments_is_not_sold_as_gain() -> None:
    a = _asked(_two_markets(0.0), segment="market")
    assert a.segments is not None
    assert a.segments.thresholds == {}
    assert "chance" in a.segments.note
    assert a.final == replace(a.chosen, threshold=a.final.threshold)
    tested = [row for row in a.segments.rows if row.p_value is not None]
    assert len(tested) == 2
    assert all(row.interval is not None for row in tested)


def test_segments_that_would_lead_outside_the_guardrails_keep_the_common_threshold() -> None:
    free = _asked(_two_markets(1.5))
    rate = free.chosen.approval_rate
    a = _asked(_two_markets(1.5), segment="market", corridor=(rate - 1e-4, rate + 1e-4))
    assert a.segments is not None
    assert a.segments.thresholds == {}


def test_segments_of_a_target_keep_the_common_threshold() -> None:
    a = _asked(_two_markets(1.5), segment="market", method="reject_rate", target=0.2)
    assert a.segments is not None
    assert (a.segments.rows, a.segments.thresholds) == ((), {})
    assert "reject_rate" in a.segments.note


def test_loans_with_costs_of_their_own() -> None:
    rng = np.random.default_rng(4)
    data = _made(5_000, 4)
    exposure = rng.lognormal(9, 1.0, 5_000)
    loans = LoanAmounts(exposure * 0.75, exposure * rng.uniform(0.02, 0.3, 5_000))
    a = _asked(replace(data, loans=loans))
    # Costs by hand (Bahnsen 2014).
    pi1, r = float(data.y.mean()), loans.margin
    refused = r - r.mean() * (1 - pi1) + loans.loss.mean() * pi1
    declined = data.pd >= a.chosen.threshold
    bad = data.y == 1
    cost = loans.loss[bad & ~declined].sum() + refused[~bad & declined].sum()
    assert a.chosen.cost == pytest.approx(float(cost))
    own = data.pd >= np.where(refused > 0, refused / (refused + loans.loss), 0.0)
    assert a.loans is not None
    assert a.loans.cost == pytest.approx(
        float(loans.loss[bad & ~own].sum() + refused[~bad & own].sum())
    )
    assert a.loans.saving.difference.low > 0.0
    profit = np.where(bad, -loans.loss, loans.margin)
    assert a.named[0].profit == pytest.approx(float(profit[~declined].sum()))


def test_adverse_impact_is_that_of_the_chosen_rule() -> None:
    data = _made(3_000)
    protected = np.random.default_rng(1).random(3_000) < 0.4 + data.pd
    a = _asked(replace(data, protected=protected))
    approved = data.pd < a.chosen.threshold
    assert a.air is not None
    assert a.air.ratio == pytest.approx(
        float(approved[protected].mean() / approved[~protected].mean())
    )


def test_few_draws_are_enough_for_a_segment_that_differs() -> None:
    """Of 2 draws no p-value is small, and an interval is their two values."""
    a = _asked(_two_markets(1.5), segment="market", draws=2)
    assert a.segments is not None
    assert "home" in a.segments.thresholds
    intervals = [row.interval for row in a.segments.rows if row.interval is not None]
    assert [interval.draws for interval in intervals] == [80, 80]


def test_a_segment_whose_own_threshold_is_the_common_one_needs_no_rule() -> None:
    row = SegmentRow("home", 900, 100, 0.1, own=0.1, saving=_worth(), p_value=0.001)
    other = replace(row, value="new", own=0.2)
    same, differs = adjusted_rows([row, other], 0.1)
    assert "needs no rule" in same.note
    assert (differs.note, differs.threshold) == ("", 0.2)


def _worth() -> CostComparison:
    y = np.r_[np.ones(50), np.zeros(50)].astype(np.int8)
    all_approved, right = np.zeros(100, dtype=np.bool_), y == 1
    rng = np.random.default_rng(1)
    return paired_cost_bootstrap(y, all_approved, right, CostMatrix(), 100, rng)


def test_rows_of_segments_show_the_threshold_that_holds() -> None:
    rate = _asked(_two_markets(1.5)).chosen.approval_rate
    a = _asked(_two_markets(1.5), segment="market", corridor=(rate - 1e-4, rate + 1e-4))
    assert a.segments is not None
    assert {row.threshold for row in a.segments.rows} == {a.chosen.threshold}


def test_the_order_of_the_rows_does_not_matter() -> None:
    data = _two_markets(1.5)
    order = np.random.default_rng(3).permutation(len(data.y))
    markets = data.segments["market"]
    mixed = PolicyData(data.y[order], data.pd[order], {"market": [markets[i] for i in order]})
    one, other = _asked(data, segment="market"), _asked(mixed, segment="market")
    assert (one.interval, one.saving, one.final) == (other.interval, other.saving, other.final)
    assert one.segments is not None
    assert other.segments is not None
    assert one.segments.thresholds == other.segments.thresholds
