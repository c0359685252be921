"""AUCs of many models against the test of two, and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.comparison.portfolios import rows_of, scores_of

from scorewright.core.comparison import Rows, rank_within_folds
from scorewright.core.errors import UsageError
from scorewright.core.statistics import delong_interval, delong_test, roc_auc

seeds = st.integers(0, 10_000)


@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_one_fold_is_delongs_test_of_every_pair(seed: int) -> None:
    rows, risk = rows_of(seed, 120, 1)
    scores = scores_of(seed, risk, (0.2, 0.5, 0.5, 1.5, 0.0))

    ranking = rank_within_folds(rows, scores)

    for i in range(len(scores)):
        assert ranking.se[i] == pytest.approx(delong_interval(rows.y, scores[i]).se, abs=1e-12)
        for j in range(len(scores)):
            one = delong_test(rows.y, scores[i], scores[j])
            assert ranking.auc[i] - ranking.auc[j] == pytest.approx(one.difference, abs=1e-12)
            assert ranking.se_difference[i, j] == pytest.approx(one.se_difference, abs=1e-12)
            assert ranking.p_value(i, j) == pytest.approx(one.p_value, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_folds_add_up_from_delongs_test_in_each(seed: int) -> None:
    rows, risk = rows_of(seed)
    scores = scores_of(seed, risk, (0.3, 0.9))

    ranking = rank_within_folds(rows, scores)

    parts = [
        delong_test(rows.y[rows.fold == k], *(s[rows.fold == k] for s in scores)) for k in range(5)
    ]
    se = np.sqrt(np.sum([part.se_difference**2 for part in parts])) / 5
    assert ranking.se_difference[0, 1] == pytest.approx(se, abs=1e-12)
    assert ranking.auc[0] == pytest.approx(np.mean([part.auc1 for part in parts]), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=seeds, order=st.permutations(range(4)))
def test_order_level_and_scale_decide_nothing(seed: int, order: list[int]) -> None:
    # Given scores, and the same with cells and rows shuffled, bent and moved fold by fold
    rows, risk = rows_of(seed)
    scores = scores_of(seed, risk, (0.2, 0.6, 0.9, 1.4))
    rng = np.random.default_rng(seed)
    shuffle = rng.permutation(len(rows.y))
    level = rng.normal(size=5) * 100
    bent = np.exp(scores / 8) * 3 + level[rows.fold]
    # When both are ranked
    one = rank_within_folds(rows, scores)
    other = rank_within_folds(Rows(rows.y[shuffle], rows.fold[shuffle]), bent[order][:, shuffle])

    # Then nothing differs but the order
    assert other.folds == pytest.approx(one.folds[order], abs=1e-12)
    assert other.se_difference == pytest.approx(one.se_difference[np.ix_(order, order)], abs=1e-9)


def test_a_pooled_auc_charges_for_levels_and_this_one_does_not() -> None:
    rows, risk = rows_of(1)
    moved = risk + np.array([0.0, 3.0, -3.0, 1.0, 5.0])[rows.fold]

    ranking = rank_within_folds(rows, np.stack([risk, moved]))

    assert roc_auc(rows.y, moved) < roc_auc(rows.y, risk) - 0.05
    assert ranking.auc[0] == ranking.auc[1]
    assert ranking.se_difference[0, 1] == 0.0
    assert ranking.p_value(0, 1) == 1.0


def test_one_bad_in_a_fold_proves_nothing() -> None:
    rows, risk = rows_of(2, 40, 2)
    y = np.array(rows.y)
    y[rows.fold == 0] = 0
    y[0] = 1

    ranking = rank_within_folds(Rows(y, rows.fold), np.stack([risk, -risk]))

    assert np.isinf(ranking.se_difference[0, 1])
    assert ranking.p_value(0, 1) == 1.0
    assert ranking.interval(0).low == 0.0


@pytest.mark.parametrize("what", ["one class", "not finite"])
def test_it_refuses_what_cannot_be_ranked(what: str) -> None:
    rows, risk = rows_of(3, 40, 2)
    y = np.array(rows.y)
    if what == "one class":
        y[rows.fold == 0] = 0
    else:
        risk[0] = np.nan

    with pytest.raises(UsageError) as caught:
        rank_within_folds(Rows(y, rows.fold), risk[None, :])

    assert caught.value.code == "comparison-input"
