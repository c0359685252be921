"""Ensembles: the promises of every learner, and those of mixing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from tests.fakes.composed import FEW_TREES, LGBM, LOGISTIC, SPACE, composed, portfolio

from scorewright.adapters.learners import Learners
from scorewright.core.calibration import prior_correction
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.monotonicity import prove_monotone
from scorewright.flows.ports import Explains, FitTask, Learner

METHODS = ("rank_average", "logit_average", "stacking")
TWO_FORESTS = [LGBM, {"learner": "lgbm", "params": {**FEW_TREES, "num_leaves": 3}}]


def ensemble(method: str, members: Any = None, **changes: Any) -> tuple[Learner, FitTask]:
    chosen = [LGBM, LOGISTIC] if members is None else members
    return composed("ensemble", {"members": chosen, "method": method, "folds": 3}, **changes)


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_scores_survive_the_round_trip_and_a_row_alone_scores_as_among_others(method: str) -> None:
    learner, task = ensemble(method)
    model = learner.fit(task)
    score = model.predict(task.x)
    again = Learners().get("ensemble").load(model.files(), SPACE)
    assert np.all((score > 0.0) & (score < 1.0))
    np.testing.assert_array_equal(again.predict(task.x), score)
    alone = np.array([model.predict(task.x[i : i + 1])[0] for i in range(20)])
    np.testing.assert_array_equal(alone, score[:20])
    assert {"ensemble.json", "member-0/model.txt", "member-1/logistic.json"} == set(model.files())


def test_the_same_task_gives_the_same_bytes(method: str) -> None:
    (learner, task), (_, other) = ensemble(method), ensemble(method)
    assert learner.fit(task).files() == learner.fit(other).files()


def test_two_heads_know_more_than_one_alone_in_the_worst_case(method: str) -> None:
    learner, task = ensemble(method)
    model = learner.fit(task)
    x, y = portfolio(3000, seed=2)
    members = [Learners().get(str(m["learner"])) for m in (LGBM, LOGISTIC)]
    alone = [
        m.fit(composed_task(task, m.name, given)).predict(x)
        for m, given in zip(members, (FEW_TREES, {}), strict=True)
    ]
    assert roc_auc_score(y, model.predict(x)) > min(roc_auc_score(y, s) for s in alone)


def composed_task(task: FitTask, name: str, params: Mapping[str, Any]) -> FitTask:
    complete = Learners().get(name).parameters(params, 42)
    return FitTask(task.x, task.y, SPACE, complete, {}, 42, 1)


def test_importance_names_every_feature_and_sums_to_one(method: str) -> None:
    learner, task = ensemble(method, [LGBM, LOGISTIC, "dummy"])
    importance = learner.fit(task).importance()
    assert tuple(importance) == SPACE.names
    assert sum(importance.values()) == pytest.approx(2 / 3)


def test_members_that_weight_classes_are_corrected_one_by_one() -> None:
    # Given a member whose weights bend its scores, and one without
    heavy = {"learner": "logistic", "params": {"class_weight": "balanced"}}
    learner, task = ensemble("logit_average", [heavy, heavy])
    plain = Learners().get("logistic")
    bent = plain.fit(composed_task(task, "logistic", {"class_weight": "balanced"}))
    # When
    score = learner.fit(task).predict(task.x)
    # Then the ensemble bends nothing, and says so
    omega = float(np.sum(task.y == 0) / np.sum(task.y == 1))
    assert learner.weight_ratio(task.params, task.y) == 1.0
    np.testing.assert_allclose(score, prior_correction(bent.predict(task.x), omega), rtol=1e-9)
    assert score.mean() == pytest.approx(task.y.mean(), rel=0.05)


def test_row_weights_reach_the_members_and_the_stack() -> None:
    learner, task = ensemble("stacking", TWO_FORESTS)
    weight = np.where(task.y == 1, 3.0, 1.0)
    _, heavy = ensemble("stacking", TWO_FORESTS, weight=weight)
    assert learner.fit(heavy).predict(task.x).mean() > learner.fit(task).predict(task.x).mean()


def test_a_stack_does_not_trust_a_member_that_learns_by_heart() -> None:
    # Given a tree that memorises its rows beside a logistic model
    wild = {**FEW_TREES, "n_estimators": 60, "num_leaves": 200, "min_child_samples": 1}
    learner, task = ensemble("stacking", [{"learner": "lgbm", "params": wild}, LOGISTIC])
    # When
    document = json.loads(learner.fit(task).files()["ensemble.json"])
    # Then the weights come from rows neither had seen
    by_heart, sober = document["mixture"]["weights"]
    assert sober > by_heart >= 0.0


def test_signs_are_kept_where_every_member_can(method: str) -> None:
    learner, task = ensemble(method, TWO_FORESTS, monotone={"dice 0": 1, "income": -1})
    assert learner.supports_monotone
    model = learner.fit(task)
    rng = np.random.default_rng(0)
    proofs = prove_monotone(model.predict, task.x, SPACE, task.monotone, rng)
    assert [p.violations for p in proofs] == [0, 0]


def test_what_an_ensemble_is_follows_from_its_members() -> None:
    mixed, task = ensemble("rank_average")
    assert (mixed.name, mixed.model_type) == ("ensemble", "ensemble")
    assert not mixed.supports_monotone
    # Complete parameters stay as they are when they are completed again
    assert mixed.parameters(task.params, 42) == task.params


def test_ensembles_hold_ensembles_and_selections() -> None:
    inner = {"members": [LGBM, "dummy"], "method": "rank_average"}
    chosen = {"learner": "logistic", "method": "correlation"}
    members = [
        {"learner": "ensemble", "params": inner},
        {"learner": "selected", "params": chosen},
    ]
    learner, task = ensemble("logit_average", members)
    model = learner.fit(task)
    again = learner.load(model.files(), SPACE)
    np.testing.assert_array_equal(again.predict(task.x), model.predict(task.x))


@pytest.mark.parametrize(
    ("overrides", "code"),
    [
        ({}, "ensemble-members"),
        ({"members": ["lgbm"]}, "ensemble-members"),
        ({"members": "lgbm"}, "ensemble-members"),
        ({"members": [LGBM, {"params": {}}]}, "ensemble-members"),
        ({"members": [LGBM, {"learner": "lgbm", "parms": {}}]}, "ensemble-members"),
        ({"members": [LGBM, LOGISTIC], "method": "median"}, "ensemble-members"),
        ({"members": [LGBM, LOGISTIC], "folds": 1}, "ensemble-members"),
        ({"members": [LGBM, "logistik"]}, "learner-unknown"),
        ({"members": [LGBM, LOGISTIC], "methode": "stacking"}, "learner-params"),
        ({"members": [LGBM, {"learner": "lgbm", "params": {"leaves": 3}}]}, "learner-params"),
        (
            {"members": ["dummy", {"learner": "lgbm", "params": {"early_stopping_round": 9}}]},
            "learner-params",
        ),
    ],
)
def test_ensembles_that_cannot_be_are_refused(overrides: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        Learners().get("ensemble").parameters(overrides, 42)
    assert caught.value.code == code


def test_a_stack_needs_bads_for_two_folds() -> None:
    _, task = ensemble("stacking")
    y = np.zeros(len(task.y), dtype=np.int8)
    y[0] = 1
    learner, lonely = ensemble("stacking", y=y)
    with pytest.raises(UsageError) as caught:
        learner.fit(lonely)
    assert caught.value.code == "too-few-bads"


def test_damaged_files_are_refused(method: str) -> None:
    learner, task = ensemble(method, [LOGISTIC, "dummy"])
    files = dict(learner.fit(task).files())
    document = json.loads(files["ensemble.json"])
    document["members"] = document["members"] * 2
    longer = json.dumps(document).encode()
    for name, data in (("ensemble.json", b"{}"), ("ensemble.json", longer), ("member-0/x", b"")):
        broken = {**files, name: data}
        if name.startswith("member"):
            del broken["member-0/logistic.json"]
        elif data == longer and method == "logit_average":
            continue
        with pytest.raises(IntegrityError) as caught:
            learner.load(broken, SPACE)
        assert caught.value.code == "bundle-model"


def test_contributions_add_up_where_log_odds_are_added(method: str) -> None:
    heavy = {"learner": "logistic", "params": {"class_weight": "balanced"}}
    learner, task = ensemble(method, [LGBM, heavy])
    model = learner.fit(task)
    again = learner.load(model.files(), SPACE)
    for explained in (model, again):
        assert isinstance(explained, Explains) == (method != "rank_average")
        if isinstance(explained, Explains):
            found, score = explained.contributions(task.x[:30]), model.predict(task.x[:30])
            wanted = np.log(score / (1.0 - score))
            np.testing.assert_allclose(found.sum(axis=1), wanted, rtol=0.0, atol=1e-9)


def test_one_member_that_explains_nothing_is_enough() -> None:
    forest = {"learner": "random_forest", "params": {"n_estimators": 5}}
    learner, task = ensemble("logit_average", [LGBM, forest])
    assert not isinstance(learner.fit(task), Explains)
