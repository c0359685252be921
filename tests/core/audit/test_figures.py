"""Logged figures against stored predictions: what is false is found, what is rounded is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.audited_stores import StoreDraft, findings

from scorewright.core.audit import AuditFinding, Predictions, predictions_of
from scorewright.core.audit.figures import known_figures
from scorewright.core.audit.weighted import WEIGHTED
from scorewright.core.decision import CostMatrix, cost_curve
from scorewright.core.evaluation import threshold_figures

FIGURES = known_figures()

RUN = f"{0:032x}"
COSTS = CostMatrix(10.0, 1.0)
TRUTH = ("RUN-010", "RUN-011", "RUN-012", "RUN-013")


def scored(seed: int = 7, rows: int = 400) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=rows) - 2
    p = 1 / (1 + np.exp(-z))
    y = (rng.random(rows) < p).astype(np.int8)
    y[:2] = (0, 1)
    return y, p


def honest(seed: int = 7, digits: int | None = None) -> tuple[StoreDraft, pl.DataFrame]:
    """A run that logged what its predictions give, perhaps rounded."""
    y, p = scored(seed)
    draft = StoreDraft.perfect(1)
    best = cost_curve(y, p, COSTS).best()
    logged = {name: compute(y, p) for name, compute in FIGURES.items()}
    logged |= threshold_figures(y, p, best.threshold, COSTS)
    for name, value in logged.items():
        draft.metric(RUN, name, value if digits is None else round(value, digits))
    draft.param(RUN, "cost_fn", "10")
    draft.param(RUN, "cost_fp", "1.0")
    return draft, pl.DataFrame({"row": np.arange(len(y)), "y": y, "p": p})


def judged(
    draft: StoreDraft, frame: pl.DataFrame, path: str = "predictions.parquet", **analysis: Any
) -> dict[str, AuditFinding]:
    stored = predictions_of(path, frame, analysis)
    assert stored is not None
    draft.more["predictions"] = {RUN: stored}
    return {code: finding for code, finding in findings(draft).items() if code in TRUTH}


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), digits=st.sampled_from([None, 2, 3, 4, 6]))
def test_the_truth_however_rounded_is_believed(seed: int, digits: int | None) -> None:
    assert judged(*honest(seed, digits)) == {}


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), digits=st.integers(3, 6))
def test_rounded_predictions_accuse_nobody(seed: int, digits: int) -> None:
    draft, frame = honest(seed)
    assert judged(draft, frame.with_columns(pl.col("p").round(digits))) == {}
    assert judged(draft, frame.with_columns(pl.col("p").cast(pl.Float32))) == {}


@pytest.mark.parametrize("name", list(FIGURES))
def test_a_false_figure_is_found(name: str) -> None:
    draft, frame = honest()
    y, p = frame["y"].to_numpy(), frame["p"].to_numpy()
    truth = FIGURES[name](y, p)
    draft.metric(RUN, name, round(truth + 0.028, 3))
    finding = judged(draft, frame)["RUN-010"]
    (hit,) = finding.hits
    figures = hit.detail["figures"]
    assert figures.keys() == {name}
    assert figures[name]["recomputed"] == pytest.approx(truth)
    assert f"its predictions give {truth:.6g}" in hit.text
    assert hit.detail["file"] == "predictions.parquet"


def test_a_threshold_that_costs_too_much_is_found() -> None:
    draft, frame = honest()
    draft.metric(RUN, "optimal_threshold", 0.5)
    found = judged(draft, frame)
    assert found.keys() == {"RUN-011", "RUN-012"}
    detail = found["RUN-011"].hits[0].detail
    assert detail["cost"] > 1.01 * detail["least_cost"]
    # One that aims at something else, or keeps limits, is no cheapest threshold.
    assert "RUN-011" not in judged(draft, frame, method="approval_rate")
    optimum = {"threshold": detail["optimum"]}
    assert "RUN-011" not in judged(draft, frame, chosen=0.5, exact_optimum=optimum)
    assert "RUN-011" in judged(draft, frame, chosen=0.5, exact_optimum={"threshold": 0.5})


def test_costs_that_the_run_does_not_name_are_not_judged() -> None:
    draft, frame = honest()
    draft.param(RUN, "cost_fn", "dear")
    draft.metric(RUN, "business_cost", 1.0)
    draft.metric(RUN, "optimal_threshold", 0.9)
    assert "RUN-011" not in judged(draft, frame)


@pytest.mark.parametrize("name", ["business_cost", "true_positives", "false_negatives"])
def test_a_false_count_or_cost_is_found(name: str) -> None:
    draft, frame = honest()
    draft.metric(RUN, name, 3.0)
    finding = judged(draft, frame)["RUN-012"]
    assert finding.hits[0].detail["figures"].keys() == {name}


def test_figures_may_be_those_of_one_role() -> None:
    draft, frame = honest()
    for name in FIGURES:
        draft.drop("metrics", RUN, f"train_{name}")
    rng = np.random.default_rng(1)
    training = frame.with_columns(p=pl.Series(rng.random(frame.height)), role=pl.lit("train"))
    both = pl.concat([training, frame.with_columns(role=pl.lit("Test"))])
    assert judged(draft, both) == {}
    assert "RUN-010" in judged(draft, both.drop("role"))


@pytest.mark.parametrize("path", ["test_predictions.csv", "predictions.parquet"])
def test_training_rows_called_a_test_are_found(path: str) -> None:
    draft, frame = honest()
    draft.rows["datasets"][0]["profile"] = f'{{"num_rows": {frame.height}}}'
    told = frame if path.startswith("test") else frame.with_columns(split=pl.lit("test"))
    finding = judged(draft, told, path)["RUN-013"]
    assert "400 test predictions that were the 400 training rows" in finding.message
    # Rows that a fold has held out are all training rows, and honest.
    assert judged(draft, told.with_columns(fold=pl.lit(1)), path) == {}
    draft.rows["datasets"][0]["profile"] = '{"num_rows": 1600}'
    assert judged(draft, told, path) == {}
    draft.rows["datasets"][0]["profile"] = "damaged"
    draft.param(RUN, "n_rows", "400")
    assert "RUN-013" in judged(draft, told, path)


def test_more_tests_than_training_rows_are_doubted() -> None:
    draft, frame = honest()
    draft.rows["datasets"][0]["profile"] = '{"num_rows": 399}'
    assert judged(draft, frame, "test_predictions.csv")["RUN-013"].severity == "warning"
    # A folder called root holds no test, and what is latest is none either.
    draft.rows["datasets"][0]["profile"] = '{"num_rows": 400}'
    assert judged(draft, frame, "root/latest/predictions.csv") == {}


def alone(**metrics: float) -> StoreDraft:
    """A run with no figures but these."""
    draft = StoreDraft.perfect(1)
    draft.rows["metrics"] = []
    for name, value in metrics.items():
        draft.metric(RUN, name, value)
    return draft


def auc(frame: pl.DataFrame) -> float:
    return FIGURES["roc_auc"](frame["y"].to_numpy(), frame["p"].to_numpy())


@pytest.mark.parametrize(
    ("metric", "path", "role", "is_judged"),
    [
        ("auc", "predictions.csv", None, True),
        ("ROC-AUC", "predictions.csv", None, True),
        ("test_auc", "test_predictions.csv", None, True),
        ("auc_test", "predictions.csv", "holdout", True),
        ("valid_roc_auc", "predictions.csv", "val", True),
        ("train_roc_auc", "predictions.csv", "train", True),
        ("oof_auc", "oof.csv", None, True),
        # Figures of rows that nobody stored.
        ("train_roc_auc", "test_predictions.csv", None, False),
        ("test_auc", "oof.csv", None, False),
        ("valid_auc", "predictions.csv", "test", False),
        ("fold_roc_auc", "predictions.csv", None, False),
        ("auc_ratio", "predictions.csv", None, False),
    ],
)
def test_a_figure_is_held_against_the_rows_it_names(
    metric: str, path: str, role: str | None, *, is_judged: bool
) -> None:
    _, frame = honest()
    told = frame if role is None else frame.with_columns(split=pl.lit(role))
    assert judged(alone(**{metric: auc(frame)}), told, path) == {}
    wrong = judged(alone(**{metric: auc(frame) + 0.03}), told, path)
    assert ("RUN-010" in wrong) is is_judged


def test_beside_a_figure_of_the_test_a_bare_one_is_that_of_other_rows() -> None:
    _, frame = honest()
    draft = alone(roc_auc=0.9, test_roc_auc=auc(frame))
    assert judged(draft, frame, "test_predictions.csv") == {}
    draft = alone(roc_auc=0.9, test_roc_auc=auc(frame) - 0.1)
    hit = judged(draft, frame, "test_predictions.csv")["RUN-010"].hits[0]
    assert hit.detail["figures"].keys() == {"test_roc_auc"}


def test_each_file_of_a_run_answers_for_its_own_figures() -> None:
    _, frame = honest()
    _, other = honest(seed=8)
    oof, test = (
        predictions_of(path, rows) for path, rows in (("oof.csv", frame), ("test.csv", other))
    )
    assert oof is not None
    assert test is not None
    draft = alone(oof_auc=auc(frame), test_auc=auc(other))
    draft.more["predictions"] = {RUN: replace(oof, others=(test,))}
    assert "RUN-010" not in findings(draft)
    draft.metric(RUN, "test_auc", auc(frame))
    assert findings(draft)["RUN-010"].hits[0].detail["figures"].keys() == {"test_auc"}


def test_a_mean_over_folds_is_no_lie() -> None:
    _, frame = honest()
    folds = frame.with_columns(fold=pl.int_range(pl.len()) % 5)
    mean = float(np.mean([auc(part) for part in folds.partition_by("fold")]))
    assert mean != pytest.approx(auc(frame))
    assert judged(alone(roc_auc=mean), folds) == {}
    assert judged(alone(cv_auc=mean), folds) == {}
    assert "RUN-010" in judged(alone(roc_auc=mean), folds.drop("fold"))


def test_points_of_which_more_is_better_rank_the_other_way() -> None:
    _, frame = honest()
    points = frame.with_columns(p=600 - 50 * pl.col("p").log())
    assert judged(alone(roc_auc=auc(frame)), points) == {}
    assert "RUN-010" in judged(alone(roc_auc=auc(frame) + 0.02), points)


@pytest.mark.parametrize("name", list(FIGURES))
def test_weighted_rows_may_have_been_weighted(name: str) -> None:
    _, exact = honest()
    frame = exact.with_columns(pl.col("p").round(2))
    y, p = frame["y"].to_numpy(), frame["p"].to_numpy()
    times = 1 + np.arange(len(y)) % 3
    # Whole weights are copies of the rows.
    truth = FIGURES[name](np.repeat(y, times), np.repeat(p, times))
    assert WEIGHTED[name](y, p, times.astype(float)) == pytest.approx(truth, abs=1e-12)
    weighted = frame.with_columns(sample_weight=pl.Series(times))
    assert judged(alone(**{name: truth}), weighted) == {}
    assert judged(alone(**{name: FIGURES[name](y, p)}), weighted) == {}
    unrounded = exact.with_columns(sample_weight=pl.Series(times))
    assert "RUN-010" in judged(alone(**{name: truth + 0.2}), unrounded)


def test_thresholds_of_weighted_rows_are_not_judged() -> None:
    draft, frame = honest()
    draft.metric(RUN, "optimal_threshold", 0.5)
    weighted = frame.with_columns(weight=1.0 + pl.int_range(pl.len()) % 3)
    assert not judged(draft, weighted).keys() & {"RUN-011", "RUN-012"}


def test_what_a_backfill_scored_accuses_only_figures_of_its_rows() -> None:
    draft, frame = honest()
    draft.metric(RUN, "roc_auc", 0.999)
    draft.metric(RUN, "optimal_threshold", 0.5)
    made = frame.with_columns(role=pl.lit("test"), backfilled=pl.lit(value=True))
    assert judged(draft, made) == {}
    draft.metric(RUN, "test_auc", 0.999)
    assert judged(draft, made).keys() == {"RUN-010"}


def test_a_threshold_that_rounding_explains_is_no_fault() -> None:
    # Once found: at 0.09034 the rounded scores cost 248, at 0.1 they would cost 245.
    draft, frame = honest(8)
    assert judged(draft, frame.with_columns(pl.col("p").round(3))) == {}


@pytest.mark.parametrize(
    ("columns", "is_evidence"),
    [
        ({"y_true": [0, 1], "y_pred_proba": [0.1, 0.2]}, True),
        ({"TARGET": [0, 1], "Score": [0.1, 0.2]}, True),
        ({"is_bad": [0, 1], "proba_1": [0.1, 0.2], "proba_0": [0.9, 0.8]}, True),
        ({"label": [0, 1], "0": [0.9, 0.8], "1": [0.1, 0.2]}, True),
        ({"default": [0, 1], "PD": [0.1, 0.2]}, True),
        ({"target": [True, False], "pred": [0.1, 0.2]}, True),
        ({"y": [0, 1], "y_pred": [0, 1]}, False),
        ({"y": [0, 2], "p": [0.1, 0.2]}, False),
        ({"y": [0, None], "p": [0.1, 0.2]}, False),
        ({"y": [0, 1], "p": [0.1, float("nan")]}, False),
        ({"y": ["a", "b"], "p": [0.1, 0.2]}, False),
        ({"p": [0.1, 0.2]}, False),
        ({"y": [], "p": []}, False),
    ],
)
def test_columns_by_their_usual_names(columns: dict[str, Any], *, is_evidence: bool) -> None:
    stored = predictions_of("p.csv", pl.DataFrame(columns))
    assert isinstance(stored, Predictions) is is_evidence


def test_a_decision_beside_a_probability_is_passed_over() -> None:
    frame = pl.DataFrame({"y": [0, 1], "p": [0, 1], "proba": [0.25, 0.75]})
    stored = predictions_of("p.csv", frame)
    assert stored is not None
    assert stored.p.tolist() == [0.25, 0.75]
    assert stored.unit == 0.01
