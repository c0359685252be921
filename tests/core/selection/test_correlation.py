"""Of columns that say the same, the one that says most."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from scorewright.core.selection import correlation_clusters, risk_ranks
from scorewright.core.selection.correlation import _correlations

Floats = npt.NDArray[np.float64]
NUMBERS = np.zeros(4, dtype=np.bool_)


def portfolio(n: int = 3000, seed: int = 0) -> tuple[Floats, npt.NDArray[np.int8]]:
    """Income, a noisy and a bent copy of it, and something else."""
    rng = np.random.default_rng(seed)
    income = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(1.5 + income))).astype(np.int8)
    noisy = income + 0.25 * rng.normal(size=n)
    return np.column_stack([noisy, np.exp(income), rng.normal(size=n), income]), y


def test_the_most_informative_of_a_cluster_is_kept() -> None:
    x, y = portfolio()
    x[::7, 1] = np.nan
    choice = correlation_clusters(x, y, NUMBERS, 0.8)
    assert choice.kept == (2, 3)
    assert choice.scores[3] == max(choice.scores)


@given(seed=st.integers(0, 500), limit=st.floats(0.1, 0.95))
def test_kept_columns_are_apart_and_dropped_ones_near_a_better_one(seed: int, limit: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 6)) + rng.normal(size=(300, 6))
    y = (rng.random(300) < 1 / (1 + np.exp(1 - x[:, 0]))).astype(np.int8)
    choice = correlation_clusters(x, y, np.zeros(6, dtype=np.bool_), limit)
    rho = np.abs(spearmanr(x).statistic)
    kept = set(choice.kept)
    assert all(rho[i, j] <= limit + 1e-8 for i in kept for j in kept if i != j)
    for dropped in set(range(6)) - kept:
        near = [k for k in kept if rho[dropped, k] > limit - 1e-8]
        assert any(choice.scores[k] >= choice.scores[dropped] for k in near)


def test_without_gaps_the_correlation_is_spearmans() -> None:
    x, y = portfolio(200)
    ranks = np.column_stack([risk_ranks(x[:, j], y, is_category=False) for j in range(4)])
    found = _correlations(ranks, ~np.isnan(x))
    np.testing.assert_allclose(found, np.abs(spearmanr(x).statistic), atol=1e-8)


def test_categories_stand_in_the_order_of_their_bad_rates() -> None:
    codes = np.array([0.0, 0.0, 1.0, 1.0, 2.0, 2.0, np.nan])
    y = np.array([1, 1, 0, 0, 1, 0, 1], dtype=np.int8)
    ranks = risk_ranks(codes, y, is_category=True)
    np.testing.assert_array_equal(ranks, [2.0, 2.0, -2.0, -2.0, 0.0, 0.0, 0.0])


def test_a_category_that_repeats_a_number_is_found() -> None:
    x, y = portfolio()
    x[::7, 1] = np.nan
    # Codes without the order of the number they stand for
    band = np.digitize(x[:, 3], [-1.0, 0.0, 1.0])
    x[:, 2] = np.array([2.0, 0.0, 3.0, 1.0])[band]
    choice = correlation_clusters(x, y, np.array([False, False, True, False]), 0.8)
    assert choice.kept == (3,)


def test_empty_and_constant_columns_are_near_to_nothing() -> None:
    x, y = portfolio(300)
    x[:, 0], x[:, 1] = np.nan, 5.0
    assert correlation_clusters(x, y, NUMBERS, 0.8).kept == (0, 1, 2, 3)
    assert not risk_ranks(x[:, 0], y, is_category=False).any()
