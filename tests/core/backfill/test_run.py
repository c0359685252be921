"""What a run's evidence gives of what it lacks; what is there is never touched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.audited_stores import conventions

from scorewright.core.audit import Predictions, predictions_of
from scorewright.core.backfill import (
    Backfill,
    DataInput,
    NativeModel,
    RunFacts,
    backfill_run,
    rerun_of,
)
from scorewright.core.conventions import RunRecord

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def record(**fields: Any) -> RunRecord:
    told: dict[str, Any] = {
        "name": "exp01_cv_domain_none",
        "experiment": "demo_model_selection",
        "status": "FINISHED",
        "metrics": {},
        "histories": {},
        "params": {},
        "tags": {},
        "artifacts": frozenset(),
        "has_model": True,
        "inputs": 1,
        "model_type": "",
    }
    return RunRecord(**{**told, **fields})


def stored(rows: int = 200, **columns: Any) -> Predictions:
    rng = np.random.default_rng(3)
    p = rng.random(rows) * 0.6
    frame = {"y": (rng.random(rows) < p).astype(int), "p": p, **columns}
    frame = {name: values for name, values in frame.items() if values is not None}
    found = predictions_of("predictions.parquet", pl.DataFrame(frame))
    assert found is not None
    return found


FOLDS = [i % 4 for i in range(200)]


def run(facts_of: RunRecord | None = None, **fields: Any) -> Backfill:
    return backfill_run(RunFacts("r", facts_of or record(), NOW, **fields), conventions())


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_nothing_that_is_there_is_added_again(data: st.DataObject) -> None:
    whole = run(stored=stored(fold=FOLDS))
    metrics = data.draw(st.sets(st.sampled_from(sorted({*whole.metrics, *whole.histories}))))
    files = data.draw(st.sets(st.sampled_from(sorted(whole.files))))
    params = data.draw(st.sets(st.sampled_from(sorted(whole.params))))
    tags = data.draw(st.sets(st.sampled_from(sorted(whole.tags))))
    value = data.draw(st.sampled_from([0.25, float("nan")]))
    had = record(
        metrics=dict.fromkeys(metrics, value),
        histories=dict.fromkeys(metrics, (value,)),
        params=dict.fromkeys(params, "3"),
        tags=dict.fromkeys(tags, "5-fold CV"),
        artifacts=frozenset(files),
    )

    made = run(had, stored=stored(fold=FOLDS))

    assert not metrics & (made.metrics.keys() | made.histories.keys())
    assert not params & made.params.keys()
    assert not tags & made.tags.keys()
    assert not files & made.files.keys()
    after = record(
        metrics={**had.metrics, **made.metrics, **dict.fromkeys(made.histories, 0.0)},
        histories={**had.histories, **made.histories},
        params={**had.params, **made.params},
        tags={**had.tags, **made.tags},
        artifacts=had.artifacts | made.files.keys(),
    )
    assert run(after, stored=stored(fold=FOLDS)).is_empty


def test_without_evidence_there_is_nothing_but_the_list() -> None:
    made = run(record(has_model=False, inputs=0))
    assert made.is_empty
    assert made.remains.needs_training
    for name in ("roc_auc", "n_rows", "project", "roc_curve.png", "a model", "a data set"):
        assert name in made.remains.sentence


def test_parameters_become_a_document() -> None:
    had = record(params={"max_depth": "3", "class_weight": "None", "n_rows": "200"})
    made = run(had)
    assert (
        made.files["hyperparameters.json"] == b'{\n  "class_weight": null,\n  "max_depth": 3\n}\n'
    )
    assert made.tags["scorewright.backfilled_from"] == "parameters and tags"


def test_rows_of_training_give_no_figures() -> None:
    role = ["train"] * 200
    made = run(stored=stored(role=role))
    assert not made.metrics
    assert "are not those of a validation: 'train'" in made.notes[0]


def test_of_several_roles_the_validated_one_counts() -> None:
    both = stored(role=["train", "test"] * 100)
    alone = run(stored=stored(role=["train", "test"] * 100))
    rows = slice(1, None, 2)
    frame = pl.DataFrame({"y": both.y[rows], "p": both.p[rows]})
    found = predictions_of("predictions.parquet", frame)
    assert found is not None
    assert alone.metrics == run(stored=found).metrics
    assert not any("does not say which rows" in note for note in alone.notes)


def test_scores_that_are_no_probabilities_only_rank() -> None:
    logits = stored(p=np.linspace(-3, 3, 200))
    made = run(stored=logits)
    assert made.metrics.keys() == {"roc_auc", "pr_auc", "ks", "gini"}
    pictures = {name for name in made.files if name.endswith(".png")}
    assert pictures == {"roc_curve.png", "pr_curve.png"}
    assert any("no calibration" in note for note in made.notes)


def test_a_fold_of_one_outcome_gives_no_figures_per_fold() -> None:
    p = np.linspace(0.1, 0.9, 200)
    y = [0] * 150 + [1] * 50
    made = run(stored=stored(p=p, y=y, fold=[0] * 100 + [1] * 100))
    assert "roc_auc" in made.metrics
    assert not made.histories
    assert any("one outcome only" in note for note in made.notes)


def test_only_one_cost_is_named() -> None:
    made = run(record(params={"cost_fn": "4"}), stored=stored())
    metrics = made.metrics
    cost = 4 * metrics["false_negatives"] + metrics["false_positives"]
    assert metrics["business_cost"] == cost
    assert made.params == {"cost_fp": "1.0"}


MODEL = NativeModel("lgbm", {"a": 2.0, "b": 3.0}, {"num_leaves": 7, "learning_rate": 0.1})


def test_a_model_gives_importance_and_parameters() -> None:
    had = record(params={"num_leaves": "15"})
    made = run(had, model=MODEL, sources={"model/model.txt": "ab"})
    assert made.files["feature_importance.csv"] == b"feature,importance\nb,3.0\na,2.0\n"
    assert made.params == {"n_features": "2", "learning_rate": "0.1"}
    assert made.tags["model_type"] == "lgbm"
    assert made.tags["scorewright.backfilled_from"] == "model/model.txt sha256:ab"
    assert "num_leaves 15 is left, though its model has 7" in made.notes
    assert any("would flatter it" in note for note in made.notes)


def test_data_the_model_has_not_seen_are_named() -> None:
    inputs = (DataInput("loans", "3f2a9c", "training", 900), DataInput("late", "ab12cd", "test"))
    made = run(model=MODEL, inputs=inputs)
    assert any("score late@ab12cd (test) with it" in note for note in made.notes)
    assert made.params["n_rows"] == "900"
    assert made.tags["data_version"] == "loans@3f2a9c"


def test_each_time_has_a_document_of_its_own() -> None:
    had = record(artifacts=frozenset({"backfill.json", "backfill_2.json"}))
    assert "backfill_3.json" in run(had, stored=stored()).files


@pytest.mark.parametrize(
    ("params", "learner"),
    [
        ({"num_leaves": "7", "n_estimators": "5"}, "lgbm"),
        ({"C": "1.0"}, "logistic"),
        ({"n_estimators": "5"}, ""),
        ({"learner": "woe", "C": "1.0"}, "woe"),
        ({}, ""),
    ],
)
def test_a_learner_is_told_by_its_parameters(params: dict[str, str], learner: str) -> None:
    rerun = rerun_of(record(params=params), conventions())
    assert rerun.learner == learner
    assert bool(learner) is not any("is not known" in remark for remark in rerun.remarks)


def test_settings_of_a_rerun() -> None:
    had = record(
        params={
            "n_estimators": "50", "class_weight": "balanced", "random_state": "7",
            "cv_folds": "3", "cv_repeats": "2", "cost_fn": "5", "cost_fp": "2",
            "monotone_constraints": "[1, 0]", "n_rows": "9",
        },
        tags={"validation": "3-fold CV", "sampling_strategy": "balanced"},
        model_type="lgbm",
    )  # fmt: skip
    rerun = rerun_of(had, conventions())
    assert rerun.params == {"n_estimators": 50, "class_weight": "balanced"}
    assert rerun.sections == {
        "project": {"seed": 7},
        "learner": {"name": "lgbm", "sampling": "none"},
        "validation": {"folds": 3, "repeats": 2},
        "costs": {"false_negative": 5.0, "false_positive": 2.0},
    }
    assert rerun.remarks == ("its signs were [1, 0]: name the columns in [learner.monotone]",)


def test_another_way_of_validation_is_told() -> None:
    oot = rerun_of(record(tags={"validation": "out of time"}), conventions())
    assert oot.sections["validation"] == {"scheme": "out_of_time"}
    split = rerun_of(record(tags={"validation": "single split"}), conventions())
    assert any("'single split'" in remark for remark in split.remarks)
