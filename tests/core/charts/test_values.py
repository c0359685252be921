"""The values in a chart equal those of independent implementations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve
from statsmodels.stats.proportion import proportion_confint

from scorewright.core.charts import (
    Spec,
    approval_chart,
    calibration_chart,
    confusion_chart,
    cost_curve_chart,
    fold_chart,
    importance_chart,
    pr_chart,
    roc_chart,
    score_distribution_chart,
    threshold_explorer,
)
from scorewright.core.errors import UsageError

Array = np.ndarray[Any, Any]


class Applications(Protocol):
    """Outcomes and PDs with the consequences of each threshold, counted one by one."""

    y: Array
    pd: Array
    threshold: Array
    fn: Array
    fp: Array
    rate: Array
    cost: Array
    defaults: Array


def column(spec: Spec, table: str, name: str) -> Array:
    return np.array([row[name] for row in spec["datasets"][table]], dtype=np.float64)


def all_near(x: Array, y: Array, known_x: Array, known_y: Array) -> bool:
    """Whether each point is one of the known ones, as far as seven digits tell."""
    off_x = np.abs(x[:, None] - known_x[None, :])
    off_y = np.abs(y[:, None] - known_y[None, :]) / max(1.0, float(np.abs(known_y).max()))
    return bool((np.maximum(off_x, off_y).min(axis=1) < 1e-6).all())


def test_roc_corners(applications: Applications) -> None:
    # Given the corners by scikit-learn
    y, pd = applications.y, applications.pd
    fpr, tpr, _ = roc_curve(y, pd, drop_intermediate=False)

    # When the chart is made
    spec = roc_chart(y, pd, auc=0.7, low=0.6, high=0.8)
    x, height = column(spec, "roc", "fpr"), column(spec, "roc", "tpr")

    # Then each point is one of them, the area is kept, and KS is marked at its widest
    assert all_near(x, height, fpr, tpr)
    assert np.trapezoid(height, x) == pytest.approx(roc_auc_score(y, pd), abs=2e-4)
    mark = spec["datasets"]["ks"][0]
    assert mark["tpr"] - mark["fpr"] == pytest.approx(float((tpr - fpr).max()), abs=1e-6)


def test_precision_and_recall(applications: Applications) -> None:
    y, pd = applications.y, applications.pd
    precision, recall, _ = precision_recall_curve(y, pd)

    spec = pr_chart(y, pd, average_precision=0.3)
    x, height = column(spec, "pr", "recall"), column(spec, "pr", "precision")

    assert all_near(x, height, recall, precision)
    assert spec["datasets"]["base_rate"][0]["precision"] == pytest.approx(y.mean(), abs=1e-6)


def test_a_lucky_first_row_does_not_take_the_whole_precision_axis() -> None:
    # Given 10 % bads in no order, but a bad at the very top, so that precision starts at 1
    y = np.array([1] + [0] * 9 + ([0] * 9 + [1]) * 199, dtype=np.int8)
    spec = pr_chart(y, np.linspace(1, 0, len(y)), average_precision=0.1)

    # Then the axis ends where the settled curve needs it
    domains = {layer["encoding"]["y"]["scale"]["domain"][1] for layer in spec["layer"]}
    assert max(row["precision"] for row in spec["datasets"]["pr"]) == 1.0
    assert domains == {0.2}


def test_calibration_groups(applications: Applications) -> None:
    # Given ten groups
    spec = calibration_chart(applications.y, applications.pd)
    rows = spec["datasets"]["after"]

    # Then they are of about equal size, hold everybody, and no PD lies in two of them
    assert len(rows) == 10
    assert sum(row["n"] for row in rows) == len(applications.y)
    assert sum(row["bad"] for row in rows) == applications.y.sum()
    assert all(100 < row["n"] < 200 for row in rows)
    weighted = sum(row["predicted"] * row["n"] for row in rows) / len(applications.y)
    assert weighted == pytest.approx(applications.pd.mean(), abs=1e-6)

    # And the intervals are Wilson's, as statsmodels has them
    for row in rows:
        low, high = proportion_confint(row["bad"], row["n"], method="wilson")
        assert (row["low"], row["high"]) == (pytest.approx(low, abs=1e-6), pytest.approx(high))
        assert row["observed"] == pytest.approx(row["bad"] / row["n"], abs=1e-6)


def test_equal_scores_are_one_group() -> None:
    spec = calibration_chart(np.array([0, 1] * 50), np.full(100, 0.4), raw=np.full(100, 0.9))

    assert len(spec["datasets"]["after"]) == 1
    assert spec["datasets"]["after"][0]["n"] == 100


def test_distribution_holds_everybody(applications: Applications) -> None:
    threshold = 0.12
    spec = score_distribution_chart(applications.y, applications.pd, threshold=threshold)
    rows = spec["datasets"]["bars"]

    for name, sign, label in (("good", 1, 0), ("bad", -1, 1)):
        member = [row for row in rows if row["class"] == name]
        assert sum(row["count"] for row in member) == int((applications.y == label).sum())
        assert sign * sum(row["share"] for row in member) == pytest.approx(1.0, abs=1e-5)
        first = member[10]
        inside = (applications.pd >= first["from"]) & (applications.pd < first["to"])
        assert first["count"] == int((inside & (applications.y == label)).sum())
    bads = applications.pd[applications.y == 1]
    assert f"{100 * (bads >= threshold).mean():.1f} % of the bads" in spec["title"]["subtitle"]


def test_cost_curve_keeps_the_least(applications: Applications) -> None:
    # Given costs counted one by one
    t, cost = applications.threshold, applications.cost
    best = float(t[np.argmin(cost)])

    # When the curve is drawn, in any order
    shuffled = np.random.default_rng(0).permutation(len(t))
    spec = cost_curve_chart(t[shuffled], cost[shuffled], best=best, bayes=1 / 11)

    # Then each point is one of them and the least is there
    rows = spec["datasets"]["cost"]
    assert len(rows) <= 501
    assert all_near(column(spec, "cost", "threshold"), column(spec, "cost", "cost"), t, cost)
    assert min(row["cost"] for row in rows) == cost.min()
    assert spec["datasets"]["best"][0]["cost"] == cost.min()


def test_a_flat_tail_is_left_out_and_marks_are_not() -> None:
    # Given a curve that moves only below 0.2
    t = np.linspace(0, 1, 1001)
    cost = np.where(t < 0.2, (t - 0.1) ** 2, 0.01)

    # When a mark lies in the tail, the axis reaches it, and otherwise it ends with the movement
    short = cost_curve_chart(t, cost, best=0.1, bayes=0.15)
    reaching = cost_curve_chart(t, cost, best=0.1, bayes=0.5)

    assert max(row["threshold"] for row in short["datasets"]["cost"]) < 0.21
    assert max(row["threshold"] for row in reaching["datasets"]["cost"]) == pytest.approx(0.5)


def test_the_strategy_curve(applications: Applications) -> None:
    spec = approval_chart(applications.rate, applications.defaults)
    known = dict(zip(np.round(applications.rate, 6), applications.defaults, strict=True))

    for row in spec["datasets"]["strategy"]:
        assert known[round(row["approved"], 6)] == pytest.approx(row["defaults"], abs=1e-6)
    end = spec["datasets"]["everybody"][0]
    assert end == {"approved": 1.0, "defaults": pytest.approx(applications.y.mean(), abs=1e-6)}


def test_the_explorer_reads_off_what_declining_there_does(applications: Applications) -> None:
    # Given the explorer
    a = applications
    best = float(a.threshold[np.argmin(a.cost)])
    spec = threshold_explorer(a.threshold, a.cost, a.rate, a.defaults, a.fn, a.fp, best)
    rows = spec["datasets"]["curve"]

    # Then at every stop of the slider the row is what declining from there on does
    assert 200 < len(rows) <= 501
    for row in rows:
        approved = a.pd < row["threshold"]
        assert row["fn"] == a.y[approved].sum()
        assert row["fp"] == (a.y[~approved] == 0).sum()
        assert row["cost"] == 10 * row["fn"] + row["fp"]
        assert row["approval_rate"] == pytest.approx(approved.mean(), abs=1e-6)
        if approved.any():
            assert row["default_rate_approved"] == pytest.approx(a.y[approved].mean(), abs=1e-6)
        else:
            assert row["default_rate_approved"] is None

    # And each stop has its own row, the optimum in place of the stop nearest it
    slider = spec["params"][0]
    bind = slider["bind"]
    stops = np.arange(bind["min"], bind["max"] + bind["step"] / 2, bind["step"])
    assert len(rows) == len(stops)
    at = column(spec, "curve", "threshold")
    nearest = at[np.abs(at[:, None] - stops[None, :]).argmin(axis=0)]
    assert np.abs(nearest - stops).max() <= bind["step"] / 2 * 1.0001
    assert at[np.abs(at - slider["value"]).argmin()] == pytest.approx(best, abs=1e-7)
    assert min(row["cost"] for row in rows) == a.cost.min()


def test_the_explorer_starts_at_accept_all_where_that_is_best(applications: Applications) -> None:
    # Given costs so that approving everybody is cheapest
    a = applications
    cost = a.fn + 100 * a.fp
    best = float(a.threshold[-1])

    # When the explorer is made
    spec = threshold_explorer(a.threshold, cost, a.rate, a.defaults, a.fn, a.fp, best)

    # Then its last row approves everybody although the threshold rounds to the highest score
    assert spec["datasets"]["curve"][-1]["approval_rate"] == 1.0
    assert "approves 100.0 %" in spec["title"]["subtitle"]


def test_equal_scores_can_be_explored() -> None:
    spec = threshold_explorer(
        [0.1, np.nextafter(0.1, 1)], [90, 100], [0, 1], [0, 0.1], [0, 10], [90, 0], 0.1
    )

    bind = spec["params"][0]["bind"]
    assert bind["max"] - bind["min"] == pytest.approx(0.01)


def test_confusion_tiles() -> None:
    spec = confusion_chart(tp=120, fp=800, tn=2900, fn=180)
    cells = {(r["actual"], r["decision"]): r for r in spec["datasets"]["cells"]}

    assert {k: r["count"] for k, r in cells.items()} == {
        ("good", "approved"): 2900,
        ("good", "declined"): 800,
        ("bad", "approved"): 180,
        ("bad", "declined"): 120,
    }
    assert cells["bad", "declined"]["share"] == 0.4
    assert "75.5 % of 4,000" in spec["title"]["subtitle"]
    assert confusion_chart(0, 0, 0, 0)["datasets"]["cells"][0]["share"] == 0


def test_importance_is_ranked_and_cut() -> None:
    spec = importance_chart({"b": 1.0, "a": 1.0, "c": 6.0, "d": 0.0, "e": 2.0}, top=3)

    assert [(r["feature"], r["share"]) for r in spec["datasets"]["importance"]] == [
        ("c", 0.6),
        ("e", 0.2),
        ("a", 0.1),
    ]
    assert spec["title"]["subtitle"] == "3 of 5 features hold 90.0 % of the total"
    assert importance_chart({"only": 0.0})["datasets"]["importance"][0]["share"] == 0


def test_folds_are_distances_from_the_mean() -> None:
    spec = fold_chart({"roc_auc": [0.6, 0.7, 0.8], "other": [2.0]})
    rows = spec["datasets"]["folds"]

    assert [r["value"] for r in rows] == [0.6, 0.7, 0.8, 2.0]
    assert [r["distance"] for r in rows] == pytest.approx([-1 / 7, 0, 1 / 7, 0], abs=1e-6)
    assert rows[0]["strip"] == "AUC|0.7000 ± 0.1000"
    assert rows[3]["strip"] == "other|2.0000 ± 0.0000"


@pytest.mark.parametrize(
    ("y", "pd"),
    [
        ([0, 1], [0.1]),
        ([], []),
        ([1, 1], [0.1, 0.2]),
        ([0, 1], [0.1, float("nan")]),
    ],
)
def test_what_cannot_be_drawn_is_said(y: list[int], pd: list[float]) -> None:
    with pytest.raises(UsageError) as raised:
        roc_chart(y, pd, auc=0.5, low=0.4, high=0.6)
    assert raised.value.code == "chart-input"


def test_curves_that_do_not_belong_together_are_said() -> None:
    actions: tuple[Callable[[], Spec], ...] = (
        lambda: cost_curve_chart([0.1, 0.2], [1.0], best=0.1, bayes=0.1),
        lambda: cost_curve_chart([0.1], [1.0], best=0.1, bayes=0.1),
        lambda: approval_chart([0.0, 0.0], [0.0, 0.0]),
    )
    for action in actions:
        with pytest.raises(UsageError) as raised:
            action()
        assert raised.value.code == "chart-input"
