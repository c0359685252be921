"""Paired comparisons against independent implementations, on data made here."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar
from statsmodels.stats.multitest import multipletests

from scorewright.core.decision import CostMatrix
from scorewright.core.errors import UsageError
from scorewright.core.statistics import (
    corrected_resampled_t,
    delong_interval,
    delong_test,
    holm,
    mcnemar,
    paired_cost_bootstrap,
)

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]


def two_models(seed: int, rows: int = 600, decimals: int = 3) -> tuple[Labels, Floats, Floats]:
    """Outcomes and two scores that share part of their knowledge; few decimals make ties."""
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < 0.3).astype(np.int8)
    y[:2] = [0, 1]
    shared = rng.normal(size=rows) + y
    first, second = (1 / (1 + np.exp(-shared - rng.normal(size=rows))) for _ in range(2))
    return y, np.round(first, decimals), np.round(second, decimals)


@pytest.mark.parametrize(("seed", "rows", "decimals"), [(1, 600, 3), (2, 300, 1), (3, 40, 2)])
def test_delong_against_its_package(seed: int, rows: int, decimals: int) -> None:
    from MLstatkit import Delong_test

    y, p1, p2 = two_models(seed, rows, decimals)
    z, p_value, _, _, auc1, auc2, info = Delong_test(y, p1, p2)

    ours = delong_test(y, p1, p2)

    assert info["method"] == "delong"
    assert (ours.auc1, ours.auc2) == pytest.approx((auc1, auc2), abs=1e-12)
    assert ours.z == pytest.approx(-z, rel=1e-9)
    assert ours.p_value == pytest.approx(p_value, rel=1e-9)
    assert ours.se_difference**2 == pytest.approx(info["var_diff"], rel=1e-9)
    assert ours.se1 == delong_interval(y, p1).se


def test_delong_against_the_double_sum_of_its_definition() -> None:
    y, p1, p2 = two_models(4, 80, 1)

    def kernel(p: Floats) -> Floats:
        bad, good = p[y == 1][:, None], p[y == 0][None, :]
        wins: Floats = (bad > good) + 0.5 * (bad == good)
        return wins

    gap = kernel(p1) - kernel(p2)
    variance = gap.mean(axis=1).var(ddof=1) / gap.shape[0]
    variance += gap.mean(axis=0).var(ddof=1) / gap.shape[1]

    assert delong_test(y, p1, p2).difference == pytest.approx(gap.mean(), abs=1e-12)
    assert delong_test(y, p1, p2).se_difference == pytest.approx(variance**0.5, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 60))
def test_delong_properties(seed: int, rows: int) -> None:
    y, p1, p2 = two_models(seed, rows, 1)
    forth, back = delong_test(y, p1, p2), delong_test(y, p2, p1)
    bent = delong_test(y, np.exp(3 * p1), p2)

    assert forth.difference == -back.difference
    assert forth.p_value == back.p_value
    assert bent.z == pytest.approx(forth.z, abs=1e-9)
    assert 0.0 <= forth.p_value <= 1.0
    assert delong_test(y, p1, p1 / 2).p_value == 1.0


def test_delong_keeps_its_level() -> None:
    rejected = sum(delong_test(*two_models(seed, 200)).p_value < 0.05 for seed in range(400))

    assert 0.02 <= rejected / 400 <= 0.08


def test_delong_without_a_variance_is_never_significant() -> None:
    perfect_and_inverted = delong_test([0, 0, 1, 1], [1, 2, 3, 4], [4, 3, 2, 1])
    one_bad = delong_test([0, 0, 1], [1, 2, 3], [1, 3, 2])

    assert perfect_and_inverted.difference == 1.0
    assert perfect_and_inverted.p_value == 1.0
    assert one_bad.p_value == 1.0


@pytest.mark.parametrize(
    ("only_first", "only_second"), [(10, 3), (3, 10), (7, 7), (1, 0), (400, 310)]
)
def test_mcnemar_against_statsmodels_and_scipy(only_first: int, only_second: int) -> None:
    rows = only_first + only_second + 9
    y = np.tile([0, 1], rows)[:rows]
    right1 = np.arange(rows) >= only_second
    right2 = (np.arange(rows) < only_second) | (np.arange(rows) >= only_second + only_first)
    table = [[9, only_first], [only_second, 0]]

    ours = mcnemar(y, np.where(right1, y, 1 - y), np.where(right2, y, 1 - y))

    assert (ours.b, ours.c) == (only_first, only_second)
    assert ours.exact_p == pytest.approx(their_mcnemar(table, exact=True).pvalue, rel=1e-9)
    if only_first != only_second:
        corrected = their_mcnemar(table, exact=False, correction=True).statistic
        assert ours.chi2_cc == pytest.approx(corrected)
    low, both = min(only_first, only_second), only_first + only_second
    mid = 2 * stats.binom.cdf(low, both, 0.5) - stats.binom.pmf(low, both, 0.5)
    assert ours.mid_p == pytest.approx(mid, rel=1e-9)


def test_mcnemar_of_equal_decisions_finds_nothing() -> None:
    same = mcnemar([0, 1, 1], [1, 1, 0], [1, 1, 0])

    assert (same.b, same.c, same.chi2_cc, same.exact_p, same.mid_p) == (0, 0, 0.0, 1.0, 1.0)


def test_cost_bootstrap_against_drawing_rows() -> None:
    y, p1, p2 = two_models(5, 400)
    d1, d2 = p1 >= 0.5, p2 >= 0.6
    rows = np.random.default_rng(0).integers(0, 400, (4000, 400))

    def cost(declined: npt.NDArray[np.bool_]) -> Floats:
        return np.where(y == 1, 10.0 * ~declined, 1.0 * declined)

    drawn = (cost(d1) - cost(d2))[rows].sum(axis=1)

    ours = paired_cost_bootstrap(y, d1, d2, CostMatrix(10.0, 1.0), 4000, np.random.default_rng(1))

    assert (ours.cost1, ours.cost2) == (cost(d1).sum(), cost(d2).sum())
    assert ours.difference.estimate == ours.cost1 - ours.cost2
    assert ours.difference.se == pytest.approx(drawn.std(ddof=1), rel=0.06)
    spread = drawn.std()
    assert ours.difference.low == pytest.approx(np.quantile(drawn, 0.025), abs=0.12 * spread)
    assert ours.difference.high == pytest.approx(np.quantile(drawn, 0.975), abs=0.12 * spread)


def test_cost_bootstrap_with_a_cost_per_row_and_one_seed_repeats() -> None:
    y, p1, p2 = two_models(6, 300)
    costs = SimpleNamespace(false_negative=np.arange(300.0), false_positive=np.full(300, 2.0))

    def once(second: Floats) -> Any:
        rng = np.random.default_rng(3)
        return paired_cost_bootstrap(y, p1 >= 0.5, second >= 0.5, costs, 500, rng)

    assert once(p2) == once(p2)
    assert once(p1).difference.estimate == 0.0
    assert once(p1).p_value == 1.0
    assert once(p2).difference.low <= once(p2).difference.estimate <= once(p2).difference.high


def test_cost_bootstrap_sees_a_model_that_decides_blindly() -> None:
    y, p1, _ = two_models(7, 1500)
    blind = np.random.default_rng(0).random(1500) < 0.5

    found = paired_cost_bootstrap(
        y, blind, p1 >= 0.5, CostMatrix(10.0, 1.0), 999, np.random.default_rng(2)
    )

    assert found.difference.low > 0.0
    assert found.p_value == pytest.approx(2 / 1000)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_against_statsmodels(p_values: list[float]) -> None:
    theirs = multipletests(p_values, method="holm")[1]

    np.testing.assert_allclose(holm(p_values), theirs, atol=1e-12)


def test_corrected_t_without_overlap_is_the_paired_t_test() -> None:
    values = np.random.default_rng(1).normal(0.3, 1.0, 12)
    plain = stats.ttest_1samp(values, 0.0)

    nearly = corrected_resampled_t(values, 1e-12)
    folds = corrected_resampled_t(values, 0.2)

    assert nearly.statistic == pytest.approx(plain.statistic, rel=1e-6)
    assert nearly.p_value == pytest.approx(plain.pvalue, rel=1e-6)
    assert folds.df == 11
    shrink = np.sqrt((1 / 12) / (1 / 12 + 0.25))
    assert folds.statistic == pytest.approx(plain.statistic * shrink)
    assert folds.p_value == pytest.approx(2 * stats.t.sf(abs(folds.statistic), 11))
    assert corrected_resampled_t([0.0, 0.0], 0.2).p_value == 1.0


def test_comparisons_refuse_what_makes_no_sense() -> None:
    rng = np.random.default_rng(0)
    wrong: list[Any] = [
        lambda: delong_test([0, 1], [0.1, 0.2], [0.1]),
        lambda: mcnemar([0, 1], [0, 2], [0, 1]),
        lambda: mcnemar([0, 1], [0, 1], [0]),
        lambda: paired_cost_bootstrap([0, 1], [0, 1], [0, 1], CostMatrix(10.0, 1.0), 1, rng),
        lambda: holm([0.5, 1.5]),
        lambda: holm([]),
        lambda: holm([float("nan")]),
        lambda: corrected_resampled_t([0.1], 0.2),
        lambda: corrected_resampled_t([0.1, 0.1], 0.2),
        lambda: corrected_resampled_t([0.1, 0.2], 1.0),
    ]
    for call in wrong:
        with pytest.raises(UsageError) as caught:
            call()
        assert caught.value.code == "statistics-input"
