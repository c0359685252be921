"""Ways to make one score of several: between the members, rising with each, one row as many."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

from scorewright.core.ensembles import (
    LogitAverage,
    Mixture,
    RankAverage,
    RankTable,
    Stacking,
    fit_stacking,
    mixture_from_dict,
)

Floats = npt.NDArray[np.float64]
SCORES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40)


def mixtures() -> list[Mixture]:
    seen = np.random.default_rng(0).beta(2, 5, (2, 300))
    tables = tuple(RankTable.of(s) for s in seen)
    return [RankAverage(tables), LogitAverage(2), Stacking(-0.4, (0.7, 0.0))]


@given(scores=SCORES)
def test_ranks_of_seen_scores_are_their_mid_ranks_and_rise(scores: list[float]) -> None:
    given_scores = np.array(scores)
    table = RankTable.of(given_scores)
    ranks = table.apply(given_scores)
    inside = (given_scores > 0.0) & (given_scores < 1.0)
    mid = (rankdata(given_scores) - 0.5) / len(scores)
    np.testing.assert_allclose(ranks[inside], mid[inside], atol=2e-6)
    assert np.all((ranks > 0.0) & (ranks < 1.0))
    assert np.all(np.diff(table.scores) > 0.0)
    assert np.all(np.diff(table.ranks) > 0.0)
    assert RankTable.from_dict(json.loads(json.dumps(table.to_dict()))) == table


def test_a_thin_table_ranks_many_scores_almost_exactly() -> None:
    scores = np.random.default_rng(1).beta(1, 12, 50_000)
    table = RankTable.of(scores)
    assert len(table.scores) <= 514
    exact = (rankdata(scores) - 0.5) / len(scores)
    assert float(np.abs(table.apply(scores) - exact).max()) < 0.003


def test_scores_beyond_those_seen_keep_their_order() -> None:
    table = RankTable.of(np.array([0.2, 0.3]))
    assert np.all(np.diff(table.apply(np.array([0.0, 0.1, 0.2, 0.3, 0.9, 1.0]))) > 0.0)


@pytest.mark.parametrize(
    "document",
    [
        {"scores": [0.0, 1.0], "ranks": [0.5, 0.5]},
        {"scores": [0.0, 0.5, 1.0], "ranks": [0.1, 0.9]},
        {"scores": [0.0], "ranks": [0.1]},
    ],
)
def test_a_table_that_does_not_rise_is_refused(document: dict[str, list[float]]) -> None:
    with pytest.raises(ValueError, match="rank table"):
        RankTable.from_dict(document)


@pytest.mark.parametrize("mixture", mixtures(), ids=lambda m: type(m).__name__)
@given(first=st.floats(0.001, 0.999), second=st.floats(0.001, 0.999), more=st.floats(0.001, 0.999))
def test_more_risk_for_a_member_is_never_less_for_all(
    mixture: Mixture, first: float, second: float, more: float
) -> None:
    low, high = sorted((first, more))
    other = np.array([second])
    less, greater = (mixture.mix([np.array([s]), other]) for s in (low, high))
    assert 0.0 < less[0] <= greater[0] < 1.0


@pytest.mark.parametrize("mixture", mixtures(), ids=lambda m: type(m).__name__)
def test_mixtures_survive_json_and_one_row_is_as_many(mixture: Mixture) -> None:
    scores = np.random.default_rng(2).random((2, 700))
    together = mixture.mix(list(scores))
    again = mixture_from_dict(json.loads(json.dumps(mixture.to_dict())))
    alone = np.array([again.mix([scores[0, i : i + 1], scores[1, i : i + 1]])[0] for i in range(9)])
    np.testing.assert_array_equal(alone, together[:9])
    np.testing.assert_array_equal(again.mix(list(scores)), together)


def test_the_mean_of_log_odds_is_the_geometric_mean_of_odds() -> None:
    mixed = LogitAverage(2).mix([np.array([0.2]), np.array([0.5])])[0]
    assert mixed / (1 - mixed) == pytest.approx(np.sqrt(0.25))


def test_an_unknown_mixture_is_refused() -> None:
    with pytest.raises(ValueError, match="median"):
        mixture_from_dict({"method": "median"})


def portfolio(n: int = 4000) -> tuple[npt.NDArray[np.int8], list[Floats]]:
    """Labels, two scores that know different things, and one that knows nothing."""
    rng = np.random.default_rng(3)
    z = rng.normal(size=(3, n))
    y = (rng.random(n) < 1 / (1 + np.exp(1.0 - z[0] - 0.5 * z[1]))).astype(np.int8)
    return y, [1 / (1 + np.exp(-row)) for row in z]


def test_stacking_is_logistic_regression_where_no_weight_is_negative() -> None:
    y, scores = portfolio()
    weight = np.where(y == 1, 3.0, 1.0)
    found = fit_stacking(y, scores[:2], weight)
    design = np.column_stack([np.log(s / (1 - s)) for s in scores[:2]])
    reference = LogisticRegression(C=1e8, tol=1e-10).fit(design, y, sample_weight=weight)
    np.testing.assert_allclose(found.weights, reference.coef_[0], atol=0.005)
    assert found.intercept == pytest.approx(reference.intercept_[0], abs=0.005)


def test_a_member_that_would_turn_round_gets_no_weight() -> None:
    y, scores = portfolio()
    found = fit_stacking(y, [scores[0], 1.0 - scores[1]])
    assert found.weights[1] == 0.0
    assert found.weights[0] > 0.5


def test_twins_share_the_weight() -> None:
    y, scores = portfolio()
    found = fit_stacking(y, [scores[0], scores[0]])
    assert found.weights[0] == pytest.approx(found.weights[1], abs=1e-3)
    assert sum(found.weights) == pytest.approx(fit_stacking(y, scores[:1]).weights[0], abs=0.01)
