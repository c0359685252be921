"""LightGBM's bench: what is shared changes nothing that was not to be changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pytest

from scorewright.adapters.learners import Learners
from scorewright.adapters.trees import LgbmBench
from scorewright.core.errors import UsageError
from scorewright.core.matrix import Feature, FeatureSpace
from scorewright.core.sampling import Sample, everything
from scorewright.flows.fitting import PlainBench, open_bench
from scorewright.flows.ports import FitTask, FoldFit, FoldTask

LGBM = Learners().get("lgbm")
SPACE = FeatureSpace((Feature("a"), Feature("b", ("x", "y", "z")), Feature("c"), Feature("rare")))
ROWS = 1500


def portfolio(**params: Any) -> FitTask:
    """Return values on a coarse grid: any four fifths of the rows give the same cut points."""
    rng = np.random.default_rng(5)
    x = np.column_stack([
        np.round(rng.normal(size=ROWS).clip(-1.5, 1.5), 1),
        rng.integers(0, 3, ROWS),
        rng.integers(0, 20, ROWS),
        rng.random(ROWS) < 0.02,
    ]).astype(np.float64)  # fmt: skip
    y = (rng.random(ROWS) < 1 / (1 + np.exp(1.5 - x[:, 0] - x[:, 1]))).astype(np.int8)
    x[rng.random(ROWS) < 0.1, 0] = np.nan
    return FitTask(x, y, SPACE, LGBM.parameters({"n_estimators": 30, **params}, 42), threads=2)


def folds(weight: float | None = None) -> list[FoldTask]:
    turn = np.arange(ROWS) % 3
    out = []
    for k in range(3):
        rows = np.flatnonzero(turn != k)
        own = None if weight is None else np.where(portfolio().y[rows] == 1, weight, 1.0)
        sample = Sample(rows, own, omega=weight or 1.0)
        out.append(FoldTask(sample, rows, np.flatnonzero(turn == k)))
    return out


def same(one: FoldFit, two: FoldFit) -> None:
    np.testing.assert_array_equal(one.valid_score, two.valid_score)
    np.testing.assert_array_equal(one.train_score, two.train_score)


def test_the_learner_offers_it() -> None:
    assert isinstance(open_bench(LGBM, portfolio()), LgbmBench)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_fit_on_all_rows_is_the_learners_own_bit_for_bit(weighted: bool) -> None:
    given = portfolio()
    weight = np.random.default_rng(1).random(ROWS) + 0.5 if weighted else None
    bench = open_bench(LGBM, given)
    # A weighted sample before it leaves nothing behind in the shared bins.
    bench.fit(Sample(np.arange(ROWS), np.full(ROWS, 2.0)), given.params)

    model = bench.fit(Sample(np.arange(ROWS), weight), given.params)

    own = LGBM.fit(replace(given, weight=weight))
    assert model.files() == own.files()
    assert list(model.loss_history()) == list(own.loss_history())


@pytest.mark.parametrize("weight", [None, 3.0])
@pytest.mark.parametrize("params", [{}, {"class_weight": "balanced"}, {"min_child_samples": 5}])
def test_where_cut_points_agree_folds_are_the_plain_ones(
    weight: float | None, params: dict[str, Any]
) -> None:
    given = portfolio(**params)
    plain = PlainBench(LGBM, given).fit_folds(folds(weight), given.params)
    shared = open_bench(LGBM, given).fit_folds(folds(weight), given.params)
    for one, two in zip(plain, shared, strict=True):
        same(one, two)


def test_rows_repeated_left_out_and_made_up_are_fitted_in_the_shared_bins() -> None:
    given = portfolio()
    rng = np.random.default_rng(2)
    fold = folds()[0]
    made = given.x[rng.choice(fold.train[given.y[fold.train] == 1], 200)]
    samples = [
        everything(np.sort(rng.choice(fold.train, 900, replace=False))),
        everything(np.sort(rng.choice(fold.train, 900))),
        Sample(fold.train, made_x=made, made_y=np.ones(200, dtype=np.int8), is_exact=False),
    ]
    for sample in samples:
        task = [FoldTask(sample, fold.train, fold.valid)]
        (shared,) = open_bench(LGBM, given).fit_folds(task, given.params)
        (plain,) = PlainBench(LGBM, given).fit_folds(task, given.params)
        assert shared.train_score.shape == fold.train.shape
        # The few rows of a sample may cut elsewhere than all rows do.
        assert np.corrcoef(shared.valid_score, plain.valid_score)[0, 1] > 0.97


def test_bins_are_made_once_per_way_of_binning(monkeypatch: pytest.MonkeyPatch) -> None:
    made = _count(monkeypatch, lightgbm.Dataset, "_Dataset__init_from_np2d")
    given = portfolio()
    bench = open_bench(LGBM, given)
    for params in ({}, {"num_leaves": 7}, {"min_child_samples": 5, "learning_rate": 0.1}):
        list(bench.fit_folds(folds(), LGBM.parameters({"n_estimators": 5, **params}, 42)))
    assert len(made) == 1
    bench.fit(folds()[0].sample, LGBM.parameters({"n_estimators": 5, "max_bin": 31}, 42))
    assert len(made) == 2


def test_a_fold_is_fitted_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    trees = _count(monkeypatch, lightgbm.Booster, "update")
    given = portfolio()
    fits = open_bench(LGBM, given).fit_folds(folds(), given.params)
    next(fits)
    assert len(trees) == 30


def _count(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[str]:
    """Count the calls of a method."""
    calls: list[str] = []
    own = getattr(owner, name)

    def counted(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        return own(*args, **kwargs)

    monkeypatch.setattr(owner, name, counted)
    return calls


@pytest.mark.parametrize("weight", [None, 4.0])
def test_stopped_folds_are_those_of_the_chosen_round(weight: float | None) -> None:
    given = portfolio(n_estimators=400, early_stopping_round=10, learning_rate=0.2)
    bench = open_bench(LGBM, given)

    stopped = list(bench.fit_folds(folds(weight), given.params))

    params = stopped[0].params
    assert 0 < params["n_estimators"] < 390
    assert params["early_stopping_round"] == 0
    assert all(fit.params == params for fit in stopped)
    for one, two in zip(stopped, bench.fit_folds(folds(weight), params), strict=True):
        same(one, two)


def test_growing_side_by_side_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    given = portfolio(n_estimators=8, early_stopping_round=3, min_child_samples=400)
    list(open_bench(LGBM, given).fit_folds(folds(), given.params))
    assert capfd.readouterr() == ("", "")


def test_the_chosen_round_is_the_best_of_the_mean_curve() -> None:
    given = portfolio(n_estimators=60, early_stopping_round=60, learning_rate=0.2)
    bench = open_bench(LGBM, given)
    chosen = next(bench.fit_folds(folds(), given.params)).params["n_estimators"]
    curve = [_loss(bench.fit_folds(folds(), {**given.params, "n_estimators": n,
                                             "early_stopping_round": 0}), given.y)
             for n in (chosen - 1, chosen, chosen + 1)]  # fmt: skip
    assert min(curve) == curve[1]


def _loss(fits: Any, y: npt.NDArray[np.int8]) -> float:
    losses = []
    for fold, fit in zip(folds(), fits, strict=True):
        right = np.where(y[fold.valid] == 1, fit.valid_score, 1 - fit.valid_score)
        losses.append(-np.log(right).mean())
    return float(np.mean(losses))


def test_a_stopped_sample_is_scored_on_all_its_training_rows() -> None:
    given = portfolio(n_estimators=200, early_stopping_round=5, learning_rate=0.2)
    fold = folds()[0]
    half = [FoldTask(everything(fold.train[::2]), fold.train, fold.valid)]
    bench = open_bench(LGBM, given)
    (stopped,) = bench.fit_folds(half, given.params)
    model = bench.fit(half[0].sample, stopped.params)
    np.testing.assert_array_equal(stopped.train_score, model.predict(given.x[fold.train]))
    np.testing.assert_array_equal(stopped.valid_score, model.predict(given.x[fold.valid]))


def test_what_lightgbm_refuses_is_a_usage_error() -> None:
    given = portfolio(num_leaves=1)
    with pytest.raises(UsageError) as caught:
        list(open_bench(LGBM, given).fit_folds(folds(), given.params))
    assert caught.value.code == "learner-params"
