"""The demo's figures, computed again from its predictions by somebody else's code."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from sklearn import metrics as oracle
from tests.entry.cli.newcomer import Demo

ROWS, BADS, FOLDS = 9_857, 517, 5


@dataclass(frozen=True)
class OutOfFold:
    """The predictions, read back."""

    y: npt.NDArray[np.int8]
    p: npt.NDArray[np.float64]
    fold: npt.NDArray[np.int32]


@pytest.fixture(scope="session")
def out_of_fold(demo: Demo) -> OutOfFold:
    frame = pl.read_parquet(demo.artifact("predictions.parquet"))
    assert {"row_key", "y", "p", "fold"} <= set(frame.columns)
    assert frame["row_key"].n_unique() == frame.height == ROWS
    return OutOfFold(frame["y"].to_numpy(), frame["p"].to_numpy(), frame["fold"].to_numpy())


def test_the_predictions_give_the_logged_figures_again(demo: Demo, out_of_fold: OutOfFold) -> None:
    # Given what an auditor has: predictions, and scikit-learn
    y, p, m = out_of_fold.y, out_of_fold.p, demo.record.metrics
    assert int(y.sum()) == BADS
    fpr, tpr, _ = oracle.roc_curve(y, p, drop_intermediate=False)
    auc = oracle.roc_auc_score(y, p)
    # Then every figure of ranking and calibration comes out again
    exactly = {
        "roc_auc": auc,
        "gini": 2 * auc - 1,
        "ks": float(np.max(tpr - fpr)),
        "pr_auc": oracle.average_precision_score(y, p),
        "brier": oracle.brier_score_loss(y, p),
        "log_loss": oracle.log_loss(y, p),
        "base_rate": float(y.mean()),
        "mean_pd": float(p.mean()),
    }
    assert {name: m[name] for name in exactly} == pytest.approx(exactly, abs=1e-12)
    folds = [
        oracle.roc_auc_score(y[out_of_fold.fold == k], p[out_of_fold.fold == k])
        for k in range(FOLDS)
    ]
    assert demo.record.histories["fold_roc_auc"] == pytest.approx(folds, abs=1e-12)
    assert m["std_roc_auc"] == pytest.approx(np.std(folds, ddof=1), abs=1e-12)


def test_the_threshold_gives_the_logged_decisions_again(demo: Demo, out_of_fold: OutOfFold) -> None:
    # Given
    y, m = out_of_fold.y, demo.record.metrics
    decline = (out_of_fold.p >= m["optimal_threshold"]).astype(int)
    tn, fp, fn, tp = oracle.confusion_matrix(y, decline).ravel()
    # Then
    expected = {
        "true_negatives": tn, "false_positives": fp, "false_negatives": fn, "true_positives": tp,
        "business_cost": 10 * fn + fp, "cost_per_application": (10 * fn + fp) / ROWS,
        "precision": oracle.precision_score(y, decline),
        "recall": oracle.recall_score(y, decline),
        "f1_score": oracle.f1_score(y, decline),
        "fbeta_score": oracle.fbeta_score(y, decline, beta=2),
        "accuracy": oracle.accuracy_score(y, decline),
        "approval_rate": float(np.mean(decline == 0)),
        "default_rate_approved": fn / (fn + tn),
    }  # fmt: skip
    assert {name: m[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    saved = json.loads(demo.artifact("confusion_matrix.json").read_bytes())
    assert saved["false_negatives"] == fn
    assert saved["threshold"] == m["optimal_threshold"] == demo.training["policy"]["threshold"]


def test_the_threshold_analysis_has_the_whole_grid_and_nothing_beats_the_optimum(
    demo: Demo, out_of_fold: OutOfFold
) -> None:
    # Given
    document = json.loads(demo.artifact("threshold_analysis.json").read_bytes())
    points = document["points"]
    y, p = out_of_fold.y, out_of_fold.p
    # Then
    assert [point["threshold"] for point in points] == [k / 100 for k in range(1, 100)]
    for point in points:
        decline = p >= point["threshold"]
        cost = 10 * int((y[~decline] == 1).sum()) + int((y[decline] == 0).sum())
        assert point["cost"] == cost
    # And no distinct score would be cheaper either
    best = document["exact_optimum"]
    everywhere = [
        10 * int((y[p < t] == 1).sum()) + int((y[p >= t] == 0).sum()) for t in np.unique(p)
    ]
    assert best["cost"] == min(everywhere) <= min(point["cost"] for point in points)
    assert best["cost"] == demo.record.metrics["business_cost"]
    assert document["data_role"] == "out_of_fold"
