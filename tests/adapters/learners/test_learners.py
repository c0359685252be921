"""What single learners promise beyond the port."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pytest
from tests.adapters.learners.applications import NOISE, SPACE, applications, task

from scorewright.adapters.learners import Learners
from scorewright.core.errors import IntegrityError, MissingExtraError, UsageError
from scorewright.core.matrix import Feature, FeatureSpace
from scorewright.core.monotonicity import prove_monotone
from scorewright.flows.ports import FitTask

BOOSTERS = ("catboost", "lgbm", "xgboost")
TREES = (*BOOSTERS, "random_forest")


def test_unknown_learner_lists_near_misses() -> None:
    with pytest.raises(UsageError) as caught:
        Learners().get("lightgm")
    assert caught.value.code == "learner-unknown"
    with pytest.raises(UsageError, match="'logistics'") as caught:
        Learners().get("logistics")
    assert "logistic" in caught.value.remedy


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("lgbm", {}, 1.0),
        ("lgbm", {"class_weight": "balanced"}, 3.0),
        ("lgbm", {"is_unbalance": True}, 3.0),
        ("lgbm", {"scale_pos_weight": 2.5}, 2.5),
        ("lgbm", {"class_weight": {"0": 1.0, "1": 4.0}}, 4.0),
        ("xgboost", {"scale_pos_weight": 2.5}, 2.5),
        ("catboost", {}, 1.0),
        ("catboost", {"auto_class_weights": "Balanced"}, 3.0),
        ("catboost", {"scale_pos_weight": 2.5}, 2.5),
        ("catboost", {"class_weights": {"0": 2.0, "1": 4.0}}, 2.0),
        ("random_forest", {"class_weight": "balanced"}, 3.0),
        ("random_forest", {"class_weight": {"0": 1.0, "1": 4.0}}, 4.0),
        ("logistic", {"class_weight": "balanced"}, 3.0),
    ],
)
def test_weight_ratio(name: str, params: dict[str, Any], expected: float) -> None:
    learner = Learners().get(name)
    y = np.array([1, 0, 0, 0], dtype=np.int8)
    assert learner.weight_ratio(learner.parameters(params, 1), y) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("lgbm", {"class_weight": "balanced", "is_unbalance": True}),
        ("lgbm", {"class_weight": "heavy"}),
        ("lgbm", {"class_weight": {"0": 0.0, "1": 1.0}}),
        ("lgbm", {"use_quantized_grad": True}),
        ("lgbm", {"early_stopping_round": -1}),
        ("lgbm", {"early_stopping_round": 2.5}),
        ("catboost", {"auto_class_weights": "SqrtBalanced"}),
        ("catboost", {"class_weights": "balanced"}),
        ("catboost", {"auto_class_weights": "Balanced", "scale_pos_weight": 2.0}),
        ("random_forest", {"class_weight": "balanced_subsample"}),
        ("logistic", {"class_weight": "heavy"}),
    ],
)
def test_impossible_weights_and_dangerous_parameters_are_refused(
    name: str, params: dict[str, Any]
) -> None:
    with pytest.raises(UsageError) as caught:
        Learners().get(name).parameters(params, 42)
    assert caught.value.code == "learner-params"


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("lgbm", {"num_leaves": 1}),
        ("xgboost", {"max_depth": "deep"}),
        ("catboost", {"depth": 40}),
        ("random_forest", {"max_features": "most"}),
    ],
)
def test_values_the_library_refuses_are_a_usage_error(name: str, params: dict[str, Any]) -> None:
    learner = Learners().get(name)
    with pytest.raises(UsageError, match="refused to train") as caught:
        learner.fit(task(learner, **params))
    assert caught.value.code == "learner-params"


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("lgbm", {"class_weight": "balanced"}),
        ("xgboost", {"scale_pos_weight": 4.0}),
        ("catboost", {"auto_class_weights": "Balanced"}),
        ("random_forest", {"class_weight": "balanced"}),
        ("logistic", {"class_weight": "balanced"}),
    ],
)
def test_class_weights_raise_scores_and_rows_weigh_on_top(
    name: str, params: dict[str, Any]
) -> None:
    learner = Learners().get(name)
    x, y = applications()
    heavy = np.where(y == 1, 5.0, 1.0)
    plain = learner.fit(task(learner)).predict(x).mean()
    classes = learner.fit(task(learner, **params)).predict(x).mean()
    both = learner.fit(task(learner, weight=heavy, **params)).predict(x).mean()
    assert plain + 0.1 < classes < both - 0.1


def test_the_dummy_is_the_weighted_base_rate() -> None:
    learner = Learners().get("dummy")
    _, y = applications()
    weight = np.where(y == 1, 3.0, 1.0)
    score = learner.fit(task(learner, weight=weight)).predict(np.zeros((1, 3)))
    assert score[0] == pytest.approx(np.average(y, weights=weight), abs=1e-3)


@pytest.mark.parametrize("name", TREES)
def test_without_a_declared_sign_both_directions_occur(name: str) -> None:
    learner = Learners().get(name)
    x, _ = applications()
    free = learner.fit(task(learner))
    proof = prove_monotone(free.predict, x, SPACE, {NOISE: 1}, np.random.default_rng(0))[0]
    assert proof.violations > 0
    assert proof.steps == 200 * 19


@pytest.mark.parametrize("name", TREES)
def test_a_category_cannot_be_monotone(name: str) -> None:
    learner = Learners().get(name)
    with pytest.raises(UsageError) as caught:
        learner.fit(task(learner, monotone={"grade": 1}))
    assert caught.value.code == "monotone-categorical"


@pytest.mark.parametrize(
    ("name", "rounds"),
    [(n, "n_estimators") for n in ("lgbm", "xgboost")] + [("catboost", "iterations")],
)
def test_boosters_tell_their_loss_per_tree(name: str, rounds: str) -> None:
    learner = Learners().get(name)
    params: dict[str, Any] = {rounds: 25}
    history = learner.fit(task(learner, **params)).loss_history()
    assert len(history) == 25
    assert history[-1] < history[0]


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize(
    "features", [(Feature("a"), Feature("b")), (Feature("a", ("x", "y", "z")),)]
)
def test_numbers_alone_and_categories_alone_are_fitted(
    name: str, features: tuple[Feature, ...]
) -> None:
    learner = Learners().get(name)
    rng = np.random.default_rng(3)
    x = rng.integers(0, 3, (300, len(features))).astype(np.float64)
    y = (rng.random(300) < 0.2 + 0.2 * x[:, 0]).astype(np.int8)
    params = learner.parameters({}, 1)
    score = learner.fit(FitTask(x, y, FeatureSpace(features), params, threads=1)).predict(x)
    assert score[x[:, 0] == 2].mean() > score[x[:, 0] == 0].mean()


@pytest.mark.parametrize("name", ["xgboost", "catboost"])
def test_a_library_that_is_absent_names_its_extra(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = Learners().get(name)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError) as caught:
        learner.parameters({}, 42)
    assert caught.value.remedy == f"pip install 'scorewright[{name}]'"


@pytest.mark.parametrize("name", ["xgboost", "catboost", "random_forest"])
def test_a_model_of_another_space_is_refused(name: str) -> None:
    learner = Learners().get(name)
    files = learner.fit(task(learner)).files()
    with pytest.raises(IntegrityError) as caught:
        learner.load(files, FeatureSpace((Feature("income"),)))
    assert caught.value.code == "bundle-model"


@pytest.mark.parametrize("change", [{"roots": [10**6]}, {"depth": -1}, {"margin": 2.0}])
def test_a_forest_that_makes_no_trees_is_refused(change: dict[str, Any]) -> None:
    learner = Learners().get("random_forest")
    files = dict(learner.fit(task(learner)).files())
    head = json.loads(files["forest.json"]) | change
    with pytest.raises(IntegrityError) as caught:
        learner.load({**files, "forest.json": json.dumps(head).encode()}, SPACE)
    assert caught.value.code == "bundle-model"


def test_prove_monotone_refuses_unknown_names() -> None:
    x, _ = applications(50)
    with pytest.raises(UsageError) as caught:
        prove_monotone(lambda m: m[:, 0], x, SPACE, {"wage": 1}, np.random.default_rng(0))
    assert caught.value.code == "monotone-unknown"
