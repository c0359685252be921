"""The golden vectors: every figure by an independent implementation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from scorewright.core.decision import CostMatrix, threshold_table
from scorewright.core.statistics import (
    adverse_impact_ratio,
    bin_shares,
    binomial_test,
    brier,
    cox,
    delong_interval,
    delong_test,
    emp_credit_scoring,
    gini,
    h_measure,
    hosmer_lemeshow,
    jeffreys_test,
    ks,
    log_loss,
    mcnemar,
    pr_auc,
    psi,
    reference_bins,
    roc_auc,
    spiegelhalter,
)

FOLDER = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "golden"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the golden vectors are not beside the checkout: {FOLDER}"
)

RELATIVE = 1e-6


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def rows() -> dict[str, npt.NDArray[np.float64]]:
    frame = pl.read_csv(FOLDER / "taiwan_oof_5000.csv")
    return {name: frame[name].to_numpy() for name in ("y", "p_lgb", "p_lr", "sex")}


def test_discrimination(rows: dict[str, Any], expected: dict[str, Any]) -> None:
    y, p = rows["y"], rows["p_lgb"]
    assert roc_auc(y, p) == pytest.approx(expected["auc"], rel=RELATIVE)
    assert roc_auc(y, rows["p_lr"]) == pytest.approx(expected["auc_lr"], rel=RELATIVE)
    assert gini(y, p) == pytest.approx(expected["gini"], rel=RELATIVE)
    assert ks(y, p).value == pytest.approx(expected["ks"], rel=RELATIVE)
    assert pr_auc(y, p) == pytest.approx(expected["avg_precision"], rel=RELATIVE)
    h = expected["h_measure(severity n1/n0)"]
    assert h_measure(y, p) == pytest.approx(h, rel=RELATIVE)
    assert h_measure(y, rows["p_lr"]) == pytest.approx(expected["h_measure_lr"], rel=RELATIVE)


def test_delong(rows: dict[str, Any], expected: dict[str, Any]) -> None:
    manual = expected["delong_manual"]
    for name, se in zip(("p_lgb", "p_lr"), manual["se_auc"], strict=True):
        assert delong_interval(rows["y"], rows[name]).se == pytest.approx(se, rel=RELATIVE)
    low, high = expected["delong_lgb_vs_lr"][2].strip("()").split(", ")
    interval = delong_interval(rows["y"], rows["p_lgb"])
    assert interval.low == pytest.approx(float(low), rel=RELATIVE)
    assert interval.high == pytest.approx(float(high), rel=RELATIVE)


def test_calibration(rows: dict[str, Any], expected: dict[str, Any]) -> None:
    y, p = rows["y"], rows["p_lgb"]
    assert brier(y, p) == pytest.approx(expected["brier"], rel=RELATIVE)
    assert log_loss(y, p) == pytest.approx(expected["log_loss"], rel=RELATIVE)
    hl = hosmer_lemeshow(y, p)
    assert hl.df == 8
    assert hl.statistic == pytest.approx(expected["hosmer_lemeshow"]["statistic"], rel=RELATIVE)
    assert hl.p_value == pytest.approx(expected["hosmer_lemeshow"]["pvalue"], rel=RELATIVE)
    z = spiegelhalter(y, p)
    assert z.statistic == pytest.approx(expected["spiegelhalter_z"]["statistic"], rel=RELATIVE)
    assert z.p_value == pytest.approx(expected["spiegelhalter_z"]["pvalue"], rel=RELATIVE)
    line = cox(y, p)
    joint = expected["cox_calibration_test"]
    assert line.slope == pytest.approx(0.8953, abs=5e-5)
    assert line.lr == pytest.approx(joint["statistic"], rel=RELATIVE)
    assert line.p_value == pytest.approx(joint["pvalue"], rel=RELATIVE)


def test_portfolio_tests(rows: dict[str, Any]) -> None:
    y, pd = rows["y"], float(rows["p_lgb"].mean())
    assert binomial_test(int(y.sum()), len(y), pd) == pytest.approx(0.7018, abs=5e-5)
    assert jeffreys_test(int(y.sum()), len(y), pd) == pytest.approx(0.6958, abs=5e-5)


def test_stability(rows: dict[str, Any], expected: dict[str, Any]) -> None:
    first, last = rows["p_lgb"][:2500], rows["p_lgb"][2500:]
    edges = reference_bins(first)
    value = psi(bin_shares(first, edges), bin_shares(last, edges))
    assert value == pytest.approx(expected["psi_first2500_vs_last2500_deciles"], rel=RELATIVE)


def test_cost_grid(rows: dict[str, Any], expected: dict[str, Any]) -> None:
    cost = expected["cost10_1"]
    table = threshold_table(rows["y"].astype(np.int8), rows["p_lgb"], CostMatrix(10.0, 1.0))
    by_threshold = {round(float(point["threshold"]), 2): point["cost"] for point in table}
    best = min(by_threshold, key=lambda t: by_threshold[t])
    assert best == cost["argmin_threshold"]
    assert by_threshold[best] == cost["min_cost"]
    assert by_threshold[0.09] == cost["cost_at_0.09"]
    assert by_threshold[0.5] == cost["cost_at_0.5"]


def test_comparison(rows: dict[str, Any], expected: dict[str, Any]) -> None:
    y, p1, p2 = rows["y"], rows["p_lgb"], rows["p_lr"]
    delong, manual = delong_test(y, p1, p2), expected["delong_manual"]
    assert delong.z == pytest.approx(manual["z"], rel=RELATIVE)
    assert delong.p_value == pytest.approx(manual["p"], rel=RELATIVE)
    variance = float(expected["delong_lgb_vs_lr"][6].split("'var_diff': ")[1].split(",")[0])
    assert delong.se_difference**2 == pytest.approx(variance, rel=RELATIVE)
    decisions, theirs = mcnemar(y, p1 >= 0.2, p2 >= 0.2), expected["mcnemar at 0.2"]
    assert (decisions.b, decisions.c) == (theirs["b"], theirs["c"])
    assert decisions.chi2_cc == pytest.approx(theirs["chi2_cc"], rel=RELATIVE)
    assert decisions.exact_p == pytest.approx(theirs["exact_p"], rel=RELATIVE)


def test_profit(rows: dict[str, Any], expected: dict[str, Any]) -> None:
    emp = emp_credit_scoring(rows["y"], rows["p_lgb"])
    assert emp.value == pytest.approx(expected["empulse.empcs_score"], rel=RELATIVE)
    assert emp.fraction == pytest.approx(0.09717156333487184, rel=RELATIVE)
    other = emp_credit_scoring(rows["y"], rows["p_lr"])
    assert other.value == pytest.approx(expected["empulse.empcs_score(lr)"], rel=RELATIVE)


def test_fairness(rows: dict[str, Any], expected: dict[str, Any]) -> None:
    theirs = expected["AIR approve p<0.2"]
    air = adverse_impact_ratio(rows["p_lgb"] < 0.2, rows["sex"] == 1)
    assert air.protected_rate == pytest.approx(theirs["male"], rel=RELATIVE)
    assert air.control_rate == pytest.approx(theirs["female"], rel=RELATIVE)
    assert air.ratio == pytest.approx(theirs["AIR male/female"], rel=RELATIVE)
