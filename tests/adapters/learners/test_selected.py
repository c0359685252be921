"""Learners that choose their columns: on the rows they are fitted on, and on no others."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from tests.fakes.composed import FEW_TREES, LGBM, LOGISTIC, PLANTED, SPACE, composed, portfolio

from scorewright.adapters.learners import Learners
from scorewright.adapters.learners.selected import SelectedModel
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.monotonicity import prove_monotone
from scorewright.core.sampling import Sample
from scorewright.flows.fitting import open_bench
from scorewright.flows.ports import Explains, FitTask, FoldTask, Learner

QUICK: dict[str, dict[str, Any]] = {
    "shadow": {"rounds": 12},
    "null_importance": {"fits": 1, "draws": 19},
    "correlation": {"limit": 0.7},
    "stability": {"fits": 8, "top": 3},
}


def selected(method: str, inner: dict[str, Any] | None = None, **changes: Any) -> Any:
    overrides = {**(inner or LGBM), "method": method, **QUICK[method]}
    return composed("selected", overrides, **changes)


def fitted(learner: Learner, task: FitTask) -> SelectedModel:
    model = learner.fit(task)
    assert isinstance(model, SelectedModel)
    return model


@pytest.fixture(params=list(QUICK))
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("method", ["shadow", "null_importance", "stability"])
@pytest.mark.parametrize("inner", [LGBM, LOGISTIC], ids=lambda i: str(i["learner"]))
def test_planted_columns_are_kept_and_most_noise_is_dropped(
    method: str, inner: dict[str, Any]
) -> None:
    model = fitted(*selected(method, inner))
    assert set(model.kept) >= PLANTED
    assert len(set(model.kept) - PLANTED) <= 2


@pytest.mark.parametrize("method", ["shadow", "null_importance", "stability"])
def test_of_noise_little_is_kept_and_never_nothing(method: str) -> None:
    _, y = portfolio()
    model = fitted(*selected(method, y=np.random.default_rng(8).permutation(y)))
    assert 1 <= len(model.kept) <= 3


def test_of_columns_that_say_the_same_one_is_kept() -> None:
    x, _ = portfolio()
    x[:, 0] = 5.0 * x[:, 1] + 1.0
    model = fitted(*selected("correlation", x=x))
    assert set(SPACE.names) - set(model.kept) == {"income"}


def test_scores_survive_the_round_trip_and_a_row_alone_scores_as_among_others(method: str) -> None:
    learner, task = selected(method)
    model = fitted(learner, task)
    score = model.predict(task.x)
    again = Learners().get("selected").load(model.files(), SPACE)
    np.testing.assert_array_equal(again.predict(task.x), score)
    assert again.files() == model.files()
    alone = np.array([model.predict(task.x[i : i + 1])[0] for i in range(20)])
    np.testing.assert_array_equal(alone, score[:20])
    # The same bytes from the same task, and the same figures whatever was not kept
    assert fitted(learner, task).files() == model.files()
    dropped = [i for i, name in enumerate(SPACE.names) if name not in model.kept]
    other = task.x.copy()
    other[:, dropped] = 1e9
    np.testing.assert_array_equal(model.predict(other), score)


def test_the_files_say_what_was_kept_and_why(method: str) -> None:
    model = fitted(*selected(method))
    document = json.loads(model.files()["selected.json"])
    assert (document["learner"], document["method"]) == ("lgbm", method)
    assert tuple(document["kept"]) == model.kept
    assert set(document["scores"]) == set(SPACE.names)
    importance = model.importance()
    assert tuple(importance) == SPACE.names
    assert all(importance[n] == 0.0 for n in set(SPACE.names) - set(model.kept))
    assert len(model.loss_history()) == FEW_TREES["n_estimators"]


def test_nothing_is_learned_from_rows_outside_the_fold(method: str) -> None:
    # Given a fold, and the same table with all other rows changed
    learner, task = selected(method)
    train, valid = np.arange(500), np.arange(500, 700)
    folds = [FoldTask(Sample(train), train, valid)]
    x, y = task.x.copy(), task.y.copy()
    x[valid], y[valid] = x[valid][::-1] * 3.0, 1 - y[valid]
    other = FitTask(x, y, SPACE, task.params, {}, 42, 1)
    # When both are fitted
    (one,) = open_bench(learner, task).fit_folds(folds, task.params)
    (two,) = open_bench(learner, other).fit_folds(folds, task.params)
    # Then the choice and the model are the same, and are those of the rows alone
    assert one.kept == two.kept
    np.testing.assert_array_equal(one.train_score, two.train_score)
    alone = fitted(learner, FitTask(x[train], y[train], SPACE, task.params, {}, 42, 1))
    assert alone.kept == one.kept
    np.testing.assert_array_equal(alone.predict(task.x[valid]), one.valid_score)


def test_signs_are_kept_on_the_columns_that_are() -> None:
    learner, task = selected("shadow", monotone={"income": -1, "dice 0": 1})
    assert learner.supports_monotone
    model = fitted(learner, task)
    rng = np.random.default_rng(0)
    proofs = prove_monotone(model.predict, task.x, SPACE, task.monotone, rng)
    assert [p.violations for p in proofs] == [0, 0]


def test_it_is_what_it_holds() -> None:
    learner, task = selected("shadow", {"learner": "logistic", "params": {"C": 0.5}})
    assert (learner.name, learner.model_type) == ("selected", "logistic")
    assert not learner.supports_monotone
    # Parameters of the inner learner under their own names, those of the choice marked
    assert task.params["C"] == 0.5
    assert task.params["selection_method"] == "shadow"
    assert task.params["selection_rounds"] == 12
    assert "rounds" not in task.params
    # Complete ones can be changed and completed again
    changed = learner.parameters({**task.params, "C": 2.0}, 42)
    assert changed == {**task.params, "C": 2.0}


def test_class_weights_are_those_of_the_inner_learner() -> None:
    heavy = {"learner": "logistic", "params": {"class_weight": "balanced"}}
    learner, task = selected("correlation", heavy)
    y = np.array([1, 0, 0, 0], dtype=np.int8)
    assert learner.weight_ratio(task.params, y) == 3.0


def test_ensembles_can_choose_their_columns_too() -> None:
    inner = {"learner": "ensemble", "params": {"members": [LGBM, "dummy"], "method": "stacking"}}
    learner, task = selected("stability", inner)
    assert learner.model_type == "ensemble"
    model = fitted(learner, task)
    assert set(model.kept) >= PLANTED
    again = learner.load(model.files(), SPACE)
    np.testing.assert_array_equal(again.predict(task.x), model.predict(task.x))


def test_row_weights_count_in_the_choice() -> None:
    weight = np.random.default_rng(4).exponential(5.0, 700)
    learner, task = selected("stability", weight=weight)
    _, plain = selected("stability")
    assert fitted(learner, task).files() != fitted(learner, plain).files()


@pytest.mark.parametrize(
    ("overrides", "code", "hint"),
    [
        ({"method": "shadow"}, "selection-params", "lgbm"),
        ({"learner": "lgbm", "params": 3}, "selection-params", "lgbm"),
        ({"learner": "lgbm", "method": "shadows"}, "selection-params", "shadow"),
        ({"learner": "lgbm", "method": "shadow", "round": 9}, "selection-params", "rounds"),
        ({"learner": "lgbm", "rounds": 2}, "selection-params", "from 5 to 1000"),
        ({"learner": "lgbm", "rounds": 9.5}, "selection-params", "whole number"),
        ({"learner": "lgbm", "level": True}, "selection-params", "a number"),
        ({"learner": "lgbn"}, "learner-unknown", "lgbm"),
        ({"learner": "lgbm", "params": {"leaves": 3}}, "learner-params", "num_leaves"),
    ],
)
def test_impossible_selections_are_refused(overrides: dict[str, Any], code: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Learners().get("selected").parameters(overrides, 42)
    assert caught.value.code == code
    assert hint in caught.value.remedy


def test_damaged_files_are_refused() -> None:
    learner, task = selected("correlation", LOGISTIC)
    files = dict(fitted(learner, task).files())
    unknown = {**json.loads(files["selected.json"]), "kept": ["wage"]}
    for broken in (
        {},
        {**files, "selected.json": json.dumps(unknown).encode()},
        {"selected.json": files["selected.json"]},
    ):
        with pytest.raises(IntegrityError) as caught:
            learner.load(broken, SPACE)
        assert caught.value.code == "bundle-model"


def test_contributions_are_those_of_the_kept_columns() -> None:
    learner, task = selected("shadow")
    model = learner.fit(task)
    for explained in (model, learner.load(model.files(), SPACE)):
        assert isinstance(explained, Explains)
        found, score = explained.contributions(task.x[:30]), model.predict(task.x[:30])
        wanted = np.log(score / (1.0 - score))
        np.testing.assert_allclose(found.sum(axis=1), wanted, rtol=0.0, atol=1e-9)
        dropped = [i for i, name in enumerate(SPACE.names) if name not in model.kept]
        assert dropped
        assert not found[:, dropped].any()


def test_around_a_model_that_explains_nothing_nothing_is_explained() -> None:
    forest = {"learner": "random_forest", "params": {"n_estimators": 5}}
    learner, task = selected("correlation", forest)
    assert not isinstance(learner.fit(task), Explains)
