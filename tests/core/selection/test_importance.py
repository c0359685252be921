"""Tests of importances: signal is kept, chance is not, and one column always stays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.selection import (
    chosen,
    null_importance_test,
    shadow_test,
    stability_shares,
    wrongly_kept,
)

Floats = npt.NDArray[np.float64]


def drawn(rounds: int, strong: int, noise: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Importances of strong and useless columns, and of as many shuffled copies."""
    rng = np.random.default_rng(seed)
    real = rng.exponential(size=(rounds, strong + noise))
    real[:, :strong] += 30.0
    return real, rng.exponential(size=(rounds, strong + noise))


def test_shadows_keep_what_beats_them() -> None:
    real, shadow = drawn(20, 3, 30)
    choice = shadow_test(real, shadow, 100.0, 0.05)
    assert choice.kept == (0, 1, 2)
    assert choice.scores[0] == 1.0
    assert max(choice.scores[3:]) < 0.5


def test_what_the_binomial_test_leaves_open_is_decided_by_medians() -> None:
    # Given a column that beats the shadows in 14 of 20 rounds, another in 8
    shadow = np.ones((20, 2))
    real = np.zeros((20, 2))
    real[:14, 0], real[:8, 1] = 2.0, 2.0
    choice = shadow_test(real, shadow, 100.0, 0.05)
    assert choice.kept == (0,)
    assert choice.scores == (0.7, 0.4)
    assert choice.facts["undecided"] == 2.0


def test_null_importances_give_permutation_p_values() -> None:
    real = np.array([[5.0, 1.0, 0.0], [7.0, 1.0, 0.0]])
    null = np.tile([[2.0, 1.0, 0.0]], (19, 1))
    choice = null_importance_test(real, null, 0.05)
    assert choice.kept == (0,)
    np.testing.assert_allclose(choice.scores, [1 - 1 / 20, 0.0, 0.0])


def test_a_column_nobody_uses_is_never_kept_for_beating_nothing() -> None:
    choice = null_importance_test(np.array([[0.0, 1.0]]), np.full((99, 2), -1.0), 0.05)
    assert choice.kept == (1,)


def test_stability_counts_how_often_a_column_is_at_the_top() -> None:
    fits = np.array([[9.0, 1.0, 0.0], [8.0, 0.0, 3.0], [7.0, 2.0, 1.0], [9.0, 2.0, 1.0]])
    choice = stability_shares(fits, top=2, share=0.7)
    assert choice.scores == (1.0, 0.75, 0.25)
    assert choice.kept == (0, 1)


def test_importance_zero_is_not_selected_however_few_columns_there_are() -> None:
    choice = stability_shares(np.array([[1.0, 0.0]] * 5), top=2, share=0.6)
    assert choice.scores == (1.0, 0.0)


@given(st.integers(0, 1000))
def test_the_bound_on_wrongly_kept_columns_holds_for_noise(seed: int) -> None:
    fits = np.random.default_rng(seed).exponential(size=(40, 30))
    choice = stability_shares(fits, top=10, share=0.7)
    assert len(choice.kept) <= max(1.0, wrongly_kept(30, 10, 0.7))


def test_the_bound_of_meinshausen_and_buehlmann() -> None:
    # Their example: q = 0.8 sqrt(p) selected per fit and a share of 0.9 leave 0.8 wrong ones.
    assert wrongly_kept(1000, 25, 0.9) == pytest.approx(0.78, abs=0.01)
    assert wrongly_kept(10, 10, 0.6) == 10.0


def test_one_column_always_stays() -> None:
    nothing = np.array([False, False, False])
    assert chosen(nothing, np.array([0.1, 0.3, 0.3])).kept == (1,)
    by = np.array([0.0, 1.0, 2.0])
    assert chosen(nothing, np.array([0.1, 0.3, 0.3]), by).kept == (2,)
