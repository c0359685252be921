"""The plots of a search."""

from __future__ import annotations

from typing import Any

import pytest
import vl_convert

from scorewright.core.charts import (
    study_history_chart,
    study_importance_chart,
    study_parallel_chart,
)
from scorewright.core.tuning import Trial

TRIALS = (
    Trial(0, "complete", {"C": 0.1, "kind": "a"}, 0.70),
    Trial(1, "complete", {"C": 1.0, "kind": "b"}, 0.74, {"ks >= 0.3": 0.1}),
    Trial(2, "pruned", {"C": 0.01, "kind": "a"}, folds={0: 0.6, 1: 0.64}),
    Trial(3, "failed", {"C": 5.0, "kind": "a"}),
    Trial(4, "complete", {"C": 10.0, "kind": "b"}, 0.72),
)


def drawable(spec: Any) -> None:
    assert vl_convert.vegalite_to_png(spec).startswith(b"\x89PNG")


def test_the_history_tells_the_kinds_of_trials_apart() -> None:
    spec = study_history_chart(TRIALS, "roc_auc", is_small_better=False)
    data = spec["datasets"]
    assert [row["trial"] for row in data["kept"]] == [0, 4]
    assert [row["trial"] for row in data["broken"]] == [1]
    assert data["pruned"] == [{"trial": 2, "value": 0.62, "what": "pruned"}]
    # The best so far is of trials that keep the constraints, and reaches the last trial
    assert [(row["trial"], row["value"]) for row in data["best"]] == [
        (0, 0.7),
        (4, 0.72),
        (4, 0.72),
    ]
    assert spec == study_history_chart(TRIALS[::-1], "roc_auc", is_small_better=False)
    assert "1 of them break a constraint (rings)" in spec["title"]["subtitle"][0]
    drawable(spec)


def test_less_may_be_better() -> None:
    spec = study_history_chart(TRIALS, "cost", is_small_better=True)
    assert [row["value"] for row in spec["datasets"]["best"]] == [0.7, 0.7]


def test_a_history_of_one_trial_is_drawn() -> None:
    drawable(study_history_chart(TRIALS[:1], "roc_auc", is_small_better=False))


def test_importance_is_ranked() -> None:
    spec = study_importance_chart({"a": 0.2, "b": 0.8}, "cost")
    assert [row["parameter"] for row in spec["datasets"]["importance"]] == ["b", "a"]
    assert spec["datasets"]["importance"][0]["label"] == "80.0 %"
    drawable(spec)


def test_parallel_coordinates_place_every_complete_trial() -> None:
    spec = study_parallel_chart(TRIALS, "roc_auc", is_small_better=False, logarithmic={"C"})
    assert spec is not None
    rows = [*spec["datasets"]["best"], *spec["datasets"]["rest"]]
    assert {row["trial"] for row in rows} == {0, 1, 4}
    # The best feasible trial is in colour, not the better one that breaks a constraint
    assert {row["trial"] for row in spec["datasets"]["best"]} == {4}
    places = {(row["trial"], row["axis"]): row["place"] for row in rows}
    assert places[0, "C"] == 0.0
    assert places[1, "C"] == pytest.approx(0.5)
    assert places[4, "C"] == 1.0
    assert places[0, "kind"] == 0.0
    drawable(spec)


def test_nothing_to_compare_is_not_drawn() -> None:
    assert study_parallel_chart(TRIALS[:1], "roc_auc", is_small_better=False) is None
    same = (Trial(0, "complete", {"C": 1}, 0.7), Trial(1, "complete", {"C": 1}, 0.7))
    assert study_parallel_chart(same, "roc_auc", is_small_better=False) is None
