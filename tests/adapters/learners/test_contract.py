"""One suite over every learner of the catalogue: the port's promises, on the same portfolio."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from tests.adapters.learners.applications import NOISE, SPACE, applications, task

from scorewright.adapters.learners import Learners
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.monotonicity import prove_monotone
from scorewright.core.sampling import everything
from scorewright.flows.fitting import open_bench
from scorewright.flows.ports import Explains, FitTask, FoldTask, Learner

#: They are made of other learners and have tests of their own.
COMPOSITE = {"selected", "ensemble"}
NAMES = [name for name in Learners().names() if name not in COMPOSITE]
#: Their scores are no sums of log-odds.
UNEXPLAINED = {"random_forest"}
EXPLAINED = [name for name in NAMES if name not in UNEXPLAINED]
MONOTONE = [name for name in NAMES if Learners().get(name).supports_monotone]


@pytest.fixture(params=NAMES)
def learner(request: pytest.FixtureRequest) -> Learner:
    return Learners().get(request.param)


def test_the_learners_of_this_folder_are_listed() -> None:
    assert {"catboost", "dummy", "lgbm", "logistic", "random_forest", "xgboost"} <= set(NAMES)


def test_its_name_is_that_of_its_file(learner: Learner) -> None:
    assert learner.name in NAMES
    assert learner.model_type


def test_scores_are_probabilities_and_survive_the_round_trip(learner: Learner) -> None:
    given = task(learner)
    model = learner.fit(given)
    score = model.predict(given.x)

    again = learner.load(model.files(), SPACE)

    assert score.shape == given.y.shape
    assert score.dtype == np.float64
    assert np.all((score > 0.0) & (score < 1.0))
    np.testing.assert_array_equal(again.predict(given.x), score)
    assert again.files() == model.files()
    assert again.importance() == pytest.approx(model.importance())


def test_contributions_sum_to_the_log_odds_of_the_score(learner: Learner) -> None:
    # Given a fitted model and the same one read back, and rows with gaps and unknown codes
    given = task(learner)
    fitted = learner.fit(given)
    x = np.vstack([given.x[:40], np.full((1, 3), np.nan), [[1.0, 9.0, 0.0]]])
    for model in (fitted, learner.load(fitted.files(), SPACE)):
        assert isinstance(model, Explains) == (learner.name not in UNEXPLAINED)
        if not isinstance(model, Explains):
            continue
        # When scores are explained
        found = model.contributions(x)
        # Then each row's parts sum to its log-odds, from one base, in any company
        score = fitted.predict(x)
        assert found.shape == (len(x), len(SPACE.features) + 1)
        wanted = np.log(score / (1.0 - score))
        np.testing.assert_allclose(found.sum(axis=1), wanted, rtol=0.0, atol=1e-9)
        np.testing.assert_allclose(found[:, -1], found[0, -1], rtol=0.0, atol=0.0)
        np.testing.assert_allclose(model.contributions(x[3:4]), found[3:4], rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("learner", EXPLAINED, indirect=True)
def test_contributions_stand_against_the_training_rows(learner: Learner) -> None:
    given = task(learner)
    model = learner.fit(given)
    assert isinstance(model, Explains)
    found = model.contributions(given.x[:400])
    # Around the mean: no column moves all rows one way
    assert np.all(np.abs(found[:, :-1].mean(axis=0)) < 0.15)


def test_the_same_task_gives_the_same_bytes(learner: Learner) -> None:
    first, second = learner.fit(task(learner)), learner.fit(task(learner))
    assert first.files() == second.files()


def test_a_row_alone_scores_as_it_does_among_others(learner: Learner) -> None:
    given = task(learner)
    model = learner.fit(given)
    together = model.predict(given.x)
    alone = np.array([model.predict(given.x[i : i + 1])[0] for i in range(40)])
    np.testing.assert_array_equal(alone, together[:40])
    np.testing.assert_array_equal(model.predict(given.x[7:60]), together[7:60])


@pytest.mark.parametrize("learner", [name for name in NAMES if name != "dummy"], indirect=True)
def test_learns_the_risk(learner: Learner) -> None:
    model = learner.fit(task(learner))
    x, y = applications(3000, seed=2)
    assert roc_auc_score(y, model.predict(x)) > 0.72


def test_weights_count_as_much_as_rows_do(learner: Learner) -> None:
    # Given: bads that weigh five times, then: the mean score comes near the weighted base rate.
    _, y = applications()
    heavy = np.where(y == 1, 5.0, 1.0)
    target = float(np.average(y, weights=heavy))
    plain, weighted = learner.fit(task(learner)), learner.fit(task(learner, weight=heavy))
    x, _ = applications()
    before, after = float(plain.predict(x).mean()), float(weighted.predict(x).mean())
    assert before == pytest.approx(float(y.mean()), abs=0.06)
    assert after > before + 0.25
    assert float(np.average(weighted.predict(x), weights=heavy)) == pytest.approx(target, abs=0.08)


def test_equal_weights_change_no_ranking(learner: Learner) -> None:
    # A forest draws its rows by their weights, so it draws others even where all are equal.
    given = task(learner)
    weighted = learner.fit(replace(given, weight=np.ones(len(given.y)))).predict(given.x)
    away = 0.06 if learner.name == "random_forest" else 1e-6
    assert np.abs(weighted - learner.fit(given).predict(given.x)).mean() < away


def test_unseen_codes_and_missing_values_are_scored(learner: Learner) -> None:
    model = learner.fit(task(learner))
    odd = np.array([
        [1.0, 3.0, 0.0],  # a grade the contract knows and no row had
        [np.nan, np.nan, np.nan],
        [1e30, 2.0, -1e30],
    ])  # fmt: skip
    score = model.predict(odd)
    assert np.all((score > 0.0) & (score < 1.0))


def test_unknown_parameters_are_refused_with_near_misses(learner: Learner) -> None:
    with pytest.raises(UsageError) as caught:
        learner.parameters({"random_stat": 1}, 42)
    assert caught.value.code == "learner-params"
    assert "random_state" in caught.value.message


def test_parameters_are_complete_and_taken_back(learner: Learner) -> None:
    complete = learner.parameters({}, 7)
    assert complete["random_state"] == 7
    assert learner.parameters(complete, 7) == complete


def test_damaged_files_are_refused(learner: Learner) -> None:
    # Only damage a parser may see: truncated text, or nothing at all. LightGBM's own parser is
    # never given damaged text in this process.
    files = learner.fit(task(learner)).files()
    with pytest.raises(IntegrityError) as caught:
        learner.load({}, SPACE)
    assert caught.value.code == "bundle-model"
    if learner.name == "lgbm":
        return
    for name, whole in files.items():
        with pytest.raises(IntegrityError) as caught:
            learner.load({**files, name: whole[: len(whole) // 2]}, SPACE)
        assert caught.value.code == "bundle-model"


def test_importance_names_every_feature(learner: Learner) -> None:
    importance = learner.fit(task(learner)).importance()
    assert tuple(importance) == SPACE.names
    assert all(value >= 0.0 for value in importance.values())


@pytest.mark.parametrize("learner", MONOTONE, indirect=True)
def test_declared_signs_are_kept_and_proved(learner: Learner) -> None:
    declared = {NOISE: 1, "income": -1}
    model = learner.fit(task(learner, monotone=declared))
    x, _ = applications()
    proofs = prove_monotone(model.predict, x, SPACE, declared, np.random.default_rng(0))
    assert [p.violations for p in proofs] == [0, 0]


def test_its_bench_scores_the_folds(learner: Learner) -> None:
    given = task(learner)
    folds = _folds(given)
    fits = list(open_bench(learner, given).fit_folds(folds, given.params))
    assert [f.train_score.shape for f in fits] == [f.train.shape for f in folds]
    assert [f.valid_score.shape for f in fits] == [f.valid.shape for f in folds]
    again = list(open_bench(learner, given).fit_folds(folds, given.params))
    for one, two in zip(fits, again, strict=True):
        np.testing.assert_array_equal(one.valid_score, two.valid_score)


def _folds(given: FitTask) -> list[FoldTask]:
    turn = np.arange(len(given.y)) % 2
    return [
        FoldTask(everything(rows := np.flatnonzero(turn != k)), rows, np.flatnonzero(turn == k))
        for k in range(2)
    ]
