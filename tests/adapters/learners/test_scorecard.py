"""The scorecard: points against optbinning's own, and what points promise."""

from __future__ import annotations

import builtins
import logging
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from tests.adapters.learners.card_portfolio import SPACE, Floats, Labels, portfolio

from scorewright.adapters.learners.scorecard import LEARNER, ScorecardModel
from scorewright.core.errors import MissingExtraError, UsageError
from scorewright.flows.ports import FitTask, HasPointsTable


def fit(data: tuple[Floats, Labels] | None = None, **params: object) -> ScorecardModel:
    x, y = data or portfolio()
    return LEARNER.fit(FitTask(x, y, SPACE, LEARNER.parameters(params, 42)))


class Given(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Our coefficients, for optbinning to make points of."""

    def __init__(self, coef: Floats, intercept: float) -> None:
        self.coef = coef
        self.intercept = intercept

    def fit(self, x: Any, y: Any) -> Given:
        self.classes_ = np.array([0, 1])
        self.coef_ = np.asarray(self.coef).reshape(1, -1)
        self.intercept_ = self.intercept
        return self

    def predict(self, x: Any) -> Any:
        return np.zeros(len(x))

    def predict_proba(self, x: Any) -> Any:
        z = np.asarray(x) @ self.coef_[0] + self.intercept_
        return np.column_stack([1.0 / (1.0 + np.exp(z)), 1.0 / (1.0 + np.exp(-z))])


@pytest.mark.parametrize("intercept_based", [False, True])
def test_points_are_optbinnings_own(intercept_based: bool) -> None:
    x, y = portfolio(3000)
    model = fit((x, y), rounding=False, smoothing=0.0, intercept_based=intercept_based, pdo=25.0)
    card = model.card
    from optbinning import BinningProcess
    from optbinning import Scorecard as Peer

    names = [c.feature for c in card.characteristics]
    assert {"income", "grade"} <= set(names)
    frame = pd.DataFrame({n: x[:, SPACE.names.index(n)] for n in names})
    kinds, categorical = {}, []
    for c in card.characteristics:
        if c.groups is None:
            kinds[c.feature] = {
                "user_splits": list(c.cuts),
                "user_splits_fixed": [True] * len(c.cuts),
            }
        else:
            frame[c.feature] = frame[c.feature].map("{:.0f}".format).replace("nan", None)
            groups = np.empty(len(c.groups), dtype=object)
            groups[:] = [[str(k) for k in g] for g in c.groups]
            kinds[c.feature] = {"user_splits": groups, "user_splits_fixed": [True] * len(groups)}
            categorical.append(c.feature)
    coefficients = np.array([-c.coefficient for c in card.characteristics])
    factor = 25.0 / np.log(2.0)
    neutral = [c.points - factor * c.coefficient * c.woe for c in card.characteristics]
    total = card.base + sum(float(n[0]) for n in neutral)
    peer = Peer(
        BinningProcess(names, categorical_variables=categorical, binning_fit_params=kinds,
                       min_prebin_size=0.001, max_n_prebins=50),
        Given(coefficients, (card.scaling.offset - total) / factor),
        scaling_method="pdo_odds",
        scaling_method_params={"pdo": 25.0, "odds": 50.0, "scorecard_points": 600.0},
        intercept_based=intercept_based,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer.fit(frame, y, metric_missing="empirical")
        theirs = peer.score(frame)
        pds = peer.predict_proba(frame)[:, 1]
        for c in card.characteristics:
            table = peer.binning_process_.get_binned_variable(c.feature).binning_table
            table.build(add_totals=False)
            assert c.iv == pytest.approx(float(table.iv), abs=1e-9)
    np.testing.assert_allclose(model.score(x), theirs, atol=1e-9)
    np.testing.assert_allclose(model.predict(x), pds, atol=1e-9)


@pytest.mark.parametrize("rounding", [True, False])
@pytest.mark.parametrize("intercept_based", [True, False])
def test_points_add_up_and_the_pd_follows(rounding: bool, intercept_based: bool) -> None:
    model = fit(rounding=rounding, intercept_based=intercept_based)
    x, _ = portfolio(300, seed=8)
    score, base = model.score(x), model.card.base
    for i in range(40):
        parts = model.explain(x[i])
        assert base + sum(p.points for p in parts) == pytest.approx(score[i], abs=1e-9)
    log_odds = np.log((1.0 - model.predict(x)) / model.predict(x))
    expected = np.log(50.0) + (score - 600.0) / 20.0 * np.log(2.0)
    np.testing.assert_allclose(log_odds, expected, atol=1e-9)
    order = np.argsort(score, kind="stable")
    assert np.all(np.diff(model.predict(x)[order]) <= 0.0)
    points = [b.points for c in model.card.characteristics for b in c.bins]
    assert rounding == all(float(p).is_integer() for p in [base, *points])
    if intercept_based:
        assert all(min(b.points for b in c.bins) == 0.0 for c in model.card.characteristics)


def test_rounding_moves_no_score_far_and_the_mean_not_at_all() -> None:
    x, _ = portfolio()
    whole, exact = fit().score(x), fit(rounding=False).score(x)
    features = len(fit().card.characteristics)
    assert float(np.abs(whole - exact).max()) <= 0.5 * (features + 1) + 0.5
    assert abs(float(np.mean(whole - exact))) <= 0.5 + 1e-9


def test_reasons_are_ordered_and_measured_from_the_average_bin() -> None:
    model = fit()
    poor = np.array([100.0, 2.0, 3.0, np.nan, 0.0])
    first, *others = model.explain(poor)
    assert first.feature == "income"
    assert first.bin.startswith("< ")
    assert first.below_neutral == first.neutral - first.points > 0.0
    assert first.below_best == first.best - first.points > 0.0
    below = [p.below_neutral for p in (first, *others)]
    assert below == sorted(below, reverse=True)
    assert model.explain(poor) == model.explain(poor.copy())
    # Neutral is what the average applicant gets: shares times points, with WoE 0 for unseen.
    unseen = next(p for p in model.explain(np.array([np.nan, 4.0, 3.0, np.nan, 1.0]))
                  if p.feature == "grade")  # fmt: skip
    assert unseen.bin == "other"
    assert abs(unseen.below_neutral) <= 1.0


def test_the_table_shows_the_whole_card() -> None:
    model = fit()
    assert isinstance(model, HasPointsTable)
    rows = model.table()
    assert rows[0] == {**dict.fromkeys(rows[0]), "feature": "", "bin": "base", "kind": "base",
                       "points": model.card.base}  # fmt: skip
    assert len({tuple(r) for r in rows}) == 1
    grades = [r for r in rows if r["feature"] == "grade"]
    assert [r["kind"] for r in grades[-2:]] == ["missing", "other"]
    named = [c for r in grades for c in r["categories"] or ()]
    assert sorted(named) == ["A", "B", "C", "D"]
    incomes = [r for r in rows if r["feature"] == "income" and r["kind"] == "range"]
    assert incomes[0]["from"] is None
    assert incomes[-1]["to"] is None
    assert [r["from"] for r in incomes[1:]] == [r["to"] for r in incomes[:-1]]
    assert incomes[1]["bin"] == f"[{incomes[1]['from']:g}, {incomes[1]['to']:g})"
    assert sum(r["share"] for r in incomes) < 1.0  # missing values have the rest


@settings(max_examples=15, deadline=None)
@given(st.floats(5.0, 80.0), st.floats(1.0, 100.0), st.floats(100.0, 900.0))
def test_any_scaling_gives_the_same_pd(pdo: float, odds: float, points: float) -> None:
    data = portfolio(400)
    plain = fit(data, rounding=False, monotonic_trend="none").predict(data[0])
    scaled = fit(
        data, rounding=False, monotonic_trend="none", pdo=pdo, odds=odds, scorecard_points=points
    )
    np.testing.assert_allclose(scaled.predict(data[0]), plain, rtol=1e-9)


def test_a_missing_package_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "optbinning":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError) as caught:
        fit()
    assert caught.value.remedy == "pip install 'scorewright[scorecard]'"


def test_a_division_that_is_not_proved_best_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from optbinning import OptimalBinning

    monkeypatch.setattr(OptimalBinning, "status", property(lambda _: "FEASIBLE"))
    with pytest.raises(UsageError, match="'income'") as caught:
        fit()
    assert caught.value.code == "learner-params"


def test_fitting_prints_nothing_and_leaves_logging_alone() -> None:
    code = (
        "from tests.adapters.learners.test_scorecard import fit; fit();"
        "import logging; assert not logging.getLogger('__cvxpy__').filters"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", code], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")
    assert logging.getLogger("__cvxpy__").filters == []
