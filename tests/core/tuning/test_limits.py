"""The limits of parameters, held against the libraries that set them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from scorewright.adapters.learners import Learners
from scorewright.core.errors import UsageError
from scorewright.core.matrix import Feature, FeatureSpace
from scorewright.core.tuning import Choices, Limit, Range, accepted, check_values, limits_of
from scorewright.flows.ports import FitTask

LEARNERS = ("lgbm", "xgboost", "catboost", "random_forest", "logistic")
ROUNDS = {"lgbm": "n_estimators", "xgboost": "n_estimators", "catboost": "iterations",
          "random_forest": "n_estimators"}  # fmt: skip


def fit(learner: str, **params: Any) -> None:
    """Fit a small model for real."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(80, 2))
    y = (x[:, 0] + rng.normal(size=80) > 0).astype(np.int8)
    chosen = Learners().get(learner)
    few = {ROUNDS[learner]: 2} if learner in ROUNDS else {}
    complete = chosen.parameters({**few, **params}, 1)
    space = FeatureSpace((Feature("a"), Feature("b")))
    chosen.fit(FitTask(x=x, y=y, space=space, params=complete, threads=1))


def inside(limit: Limit) -> Iterator[float]:
    """Yield the ends that are accepted, kept small enough to fit."""
    if not limit.is_above:
        yield int(limit.low) if limit.is_whole else limit.low
    if not math.isinf(limit.high) and limit.high <= 1.0 and not limit.is_below:
        yield limit.high


def outside(limit: Limit) -> Iterator[float]:
    """Yield values just beyond the ends."""
    if limit.is_above:
        yield limit.low
    yield int(limit.low) - 1 if limit.is_whole else limit.low - 0.5
    if not math.isinf(limit.high):
        yield int(limit.high) + 1 if limit.is_whole else limit.high + 0.5


#: Parameters that are read only beside others.
BESIDE: dict[tuple[str, str], dict[str, Any]] = {
    ("catboost", "bagging_temperature"): {"bootstrap_type": "Bayesian", "subsample": None},
}

EVERY = [(learner, name) for learner in LEARNERS for name in limits_of(learner)]


@pytest.mark.parametrize(("learner", "name"), EVERY)
def test_a_library_takes_what_lies_inside(learner: str, name: str) -> None:
    if learner in ("xgboost", "catboost"):
        pytest.importorskip(learner)
    beside = BESIDE.get((learner, name), {})
    for limit in limits_of(learner)[name]:
        for value in inside(limit):
            if (name, value) == ("max_iter", 1):
                continue  # it does not converge, and says so
            fit(learner, **{**beside, name: value})


@pytest.mark.parametrize(("learner", "name"), EVERY)
def test_what_lies_outside_is_told_before_a_fit(learner: str, name: str) -> None:
    limits = limits_of(learner)[name]
    for limit in limits:
        for value in outside(limit):
            if any(other.holds(value) for other in limits):
                continue
            assert accepted(learner, name, value) == " or ".join(map(str, limits))


@pytest.mark.parametrize(
    ("learner", "name", "value"),
    [
        ("lgbm", "num_leaves", 1),
        ("lgbm", "colsample_bytree", 1.5),
        ("lgbm", "subsample", 0.0),
        ("lgbm", "learning_rate", 0.0),
        ("lgbm", "reg_lambda", -1.0),
        ("xgboost", "subsample", 1.5),
        ("xgboost", "max_depth", -1),
        ("catboost", "depth", 17),
        ("catboost", "rsm", 1.5),
        ("random_forest", "max_depth", 0),
        ("random_forest", "max_features", 1.5),
        ("logistic", "C", 0.0),
    ],
)
def test_what_is_refused_here_the_library_refuses_too(
    learner: str, name: str, value: float
) -> None:
    if learner in ("xgboost", "catboost"):
        pytest.importorskip(learner)
    assert accepted(learner, name, value) is not None
    with pytest.raises(UsageError) as refused:
        fit(learner, **{name: value})
    assert refused.value.code == "learner-params"


def test_limits_are_written_for_people() -> None:
    assert accepted("lgbm", "num_leaves", 1) == "a whole number from 2 to 131072"
    assert accepted("lgbm", "num_leaves", 8.0) == "a whole number from 2 to 131072"
    assert accepted("lgbm", "subsample", 1.5) == "a number above 0 to 1"
    assert accepted("lgbm", "reg_alpha", -1) == "a number from 0 on"
    assert accepted("logistic", "C", 0.0) == "a number above 0"
    leaf = "a whole number from 1 on or a number above 0 to below 1"
    assert accepted("random_forest", "min_samples_leaf", 1.0) == leaf
    assert accepted("random_forest", "min_samples_leaf", 0.1) is None
    assert accepted("lgbm", "class_weight", "balanced") is None
    assert accepted("lgbm", "is_unbalance", True) is None
    assert accepted("something_else", "num_leaves", -3) is None


def test_ranges_choices_and_sets_are_refused_by_name_and_section() -> None:
    space = {"num_leaves": Range(8, 64, is_integer=True)}
    check_values("lgbm", space, [{"subsample": 1.0}])
    for wrong, said in (
        ({"colsample_bytree": Range(0.2, 1.5)}, "'colsample_bytree' reaches 1.5"),
        ({"num_leaves": Range(1, 64, is_integer=True)}, "'num_leaves' reaches 1,"),
        ({"num_leaves": Choices((1, 2))}, "'num_leaves' reaches 1,"),
        ({"num_leaves": Range(4.0, 64.0)}, "a whole number from 2"),
    ):
        with pytest.raises(UsageError, match=said) as refused:
            check_values("lgbm", {**space, **wrong}, [])
        assert refused.value.code == "tuning-space"
        assert "[tuning.space]" in refused.value.remedy
    with pytest.raises(UsageError, match=r"number 2 has subsample = 2\.0.*above 0 to 1") as refused:
        check_values("lgbm", space, [{}, {"subsample": 2.0}])
    assert refused.value.code == "tuning-set"
    assert "[[tuning.sets]]" in refused.value.remedy
