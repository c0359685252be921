"""Logged figures against stored predictions: what is false is found, what is rounded is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.audited_stores import StoreDraft, findings

from scorewright.core.audit import AuditFinding, Predictions, predictions_of
from scorewright.core.audit.figures import FIGURES
from scorewright.core.decision import CostMatrix, cost_curve
from scorewright.core.evaluation import threshold_figures

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


@pytest.mark.parametrize(
    ("columns", "is_evidence"),
    [
        ({"y_true": [0, 1], "y_pred_proba": [0.1, 0.2]}, True),
        ({"TARGET": [0, 1], "Score": [0.1, 0.2]}, True),
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
