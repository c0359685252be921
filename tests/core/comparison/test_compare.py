"""Pairs, groups, costs and the cell to take."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.comparison.portfolios import Floats, cell, rows_of, scores_of

from scorewright.core.comparison import (
    Cell,
    Comparison,
    CostGap,
    FoldRanking,
    Pair,
    Rows,
    compare,
    compare_pairs,
    indistinct_groups,
    recommend,
    simplicity,
)
from scorewright.core.decision import CostMatrix
from scorewright.core.errors import UsageError
from scorewright.core.statistics import corrected_resampled_t

COSTS = CostMatrix(10.0, 1.0)
SAME = CostGap(0.5, 0.0, -0.01, 0.01, 1.0)


def compared(rows: Rows, cells: list[Cell], draws: int = 100) -> Comparison:
    return compare(rows, cells, COSTS, alpha=0.05, draws=draws, seed=42)


def ranking_of(folds: list[list[float]], se: float) -> FoldRanking:
    values = np.array(folds)
    m = len(values)
    return FoldRanking(values, np.full(m, se), np.where(np.eye(m) == 1, 0.0, se))


def none(m: int) -> Floats:
    return np.empty((m, 0))


def pair(first: int, second: int, is_real: bool) -> Pair:
    return Pair(first, second, 0.1, 0.01, 0.0, 0.0, 0.0, 0.05, is_real)


def test_both_witnesses_are_needed() -> None:
    # Given a difference in every fold, one that one fold alone makes, and errors small and large
    steady = [[0.80, 0.81, 0.79, 0.80, 0.82], [0.70, 0.70, 0.70, 0.71, 0.71]]
    lucky = [[0.70, 0.71, 0.69, 0.70, 0.99], [0.70, 0.70, 0.70, 0.71, 0.71]]

    found = [
        compare_pairs(ranking_of(folds, se), none(2), (0, 1), 0.05)[0]
        for folds, se in ((steady, 0.005), (steady, 0.1), (lucky, 0.005))
    ]

    assert [p.is_real for p in found] == [True, False, False]
    assert [p.p_adjusted <= 0.05 for p in found] == [True, False, True]
    assert [p.p_folds <= 0.05 for p in found] == [True, True, False]


def test_the_first_witness_is_widened_and_the_second_is_nadeau_and_bengios() -> None:
    folds = [[0.80, 0.81, 0.79, 0.80, 0.82], [0.78, 0.77, 0.78, 0.76, 0.79]]
    (found,) = compare_pairs(ranking_of(folds, 0.01), none(2), (0, 1), 0.05)

    gaps = np.array(folds[0]) - np.array(folds[1])
    assert found.p_delong == pytest.approx(2 * 0.5 * 0.00511026, rel=0.02)
    assert found.p_adjusted == pytest.approx(0.06, abs=0.01)
    assert found.p_folds == corrected_resampled_t(gaps, 0.2).p_value


def test_repeats_sharpen_the_second_witness_and_may_contradict() -> None:
    folds = [[0.72, 0.74, 0.72, 0.74], [0.70, 0.70, 0.70, 0.70]]
    ranking = ranking_of(folds, 0.001)
    same = np.array([[0.73] * 8, [0.70] * 8])
    against = np.array([[0.60] * 60, [0.70] * 60])

    alone, backed, denied = (
        compare_pairs(ranking, further, (0, 1), 0.05)[0] for further in (none(2), same, against)
    )

    assert backed.p_folds < alone.p_folds
    assert denied.p_folds <= 0.05
    assert not denied.is_real


def test_differences_without_spread_contradict_nothing() -> None:
    equal = compare_pairs(ranking_of([[0.75, 0.75], [0.5, 0.5]], 0.01), none(2), (0, 1), 0.05)
    alike = compare_pairs(ranking_of([[0.7, 0.8], [0.7, 0.8]], 0.0), none(2), (0, 1), 0.05)

    assert (equal[0].p_folds, equal[0].is_real) == (0.0, True)
    assert (alike[0].p_folds, alike[0].p_adjusted, alike[0].is_real) == (1.0, 1.0, False)


def test_a_detectable_difference_is_detected_four_times_in_five() -> None:
    # Given differences of the detectable size with DeLong's error, the folds saying nothing else
    rng = np.random.default_rng(5)
    flat = [[0.7, 0.7], [0.7, 0.7]]
    size = compare_pairs(ranking_of(flat, 0.01), none(2), (0, 1), 0.05)[0].detectable

    # When they are measured with an error as wide as the rule takes it to be
    measured = size + np.sqrt(3.0) * 0.01 * rng.normal(size=2000)
    found = [
        ranking_of([[0.7 + gap] * 2, [0.7] * 2], 0.01).p_value(0, 1, np.sqrt(3.0)) <= 0.05
        for gap in measured
    ]

    assert np.mean(found) == pytest.approx(0.8, abs=0.03)


def test_groups_open_with_the_best_that_is_left() -> None:
    # Given a is not told from b, nor b from c, but a from c; and d only from a
    pairs = [
        pair(0, 1, False),
        pair(0, 2, True),
        pair(0, 3, True),
        pair(1, 2, False),
        pair(1, 3, False),
        pair(2, 3, True),
    ]

    assert indistinct_groups((0, 1, 2, 3), pairs) == ((0, 1), (2,), (3,))
    assert indistinct_groups((0,), []) == ((0,),)


def test_features_come_before_sampling_before_the_learner() -> None:
    score = np.zeros(4)
    few = cell("few", score, features=5, sampling="smote_undersample", model_type="stacked")
    plain = cell("plain", score, sampling="none", model_type="lgbm")
    scorecard = cell("scorecard", score, sampling="none", model_type="scorecard")
    made_up = cell("made up", score, sampling="smote", model_type="dummy")
    unknown = cell("unknown", score, sampling="rose", model_type="dummy")

    order = sorted([unknown, made_up, plain, scorecard, few], key=simplicity)

    assert [c.name for c in order] == ["few", "scorecard", "plain", "made up", "unknown"]


def test_the_simplest_is_passed_over_for_a_reason() -> None:
    rows, risk = rows_of(1)
    base = float(rows.y.mean())
    fine = replace(cell("fine", risk, features=40), pd=np.full(len(risk), base))
    steep = replace(fine, name="steep", features=10, cox_slope=0.8)
    blind = replace(fine, name="blind", features=11, cox_slope=float("nan"))
    shifted = replace(fine, name="shifted", features=20, pd=fine.pd * 1.2)
    dear = replace(fine, name="dear", features=30)
    cells = [fine, steep, shifted, dear, blind]
    gaps = [SAME, SAME, SAME, CostGap(0.6, 0.1, 0.02, 0.2, 0.01), SAME]

    choice = recommend(rows, cells, (0, 1, 2, 3, 4), gaps)
    hopeless = recommend(rows, cells, (1, 2), gaps)

    assert choice.cell == 0
    assert [cells[i].name for i, _ in choice.passed_over] == ["steep", "blind", "shifted", "dear"]
    reasons = [reason for _, reason in choice.passed_over]
    assert reasons[0] == "not calibrated: Cox slope 0.80"
    assert reasons[2].startswith("not calibrated: mean PD")
    assert reasons[3] == "dearer: +0.0200 to +0.2000 per application"
    assert hopeless.cell is None
    assert len(hopeless.passed_over) == 2


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.permutations(range(4)))
def test_the_order_of_cells_and_rows_says_nothing(seed: int, order: list[int]) -> None:
    rows, risk = rows_of(seed)
    scores = scores_of(seed, risk, (0.1, 0.4, 0.4, 2.5))
    cells = [cell(f"c{i}", s, features=10 + i) for i, s in enumerate(scores)]
    shuffle = np.random.default_rng(seed).permutation(len(rows.y))

    one = compared(rows, cells)
    other = compared(
        Rows(rows.y[shuffle], rows.fold[shuffle]),
        [replace(cells[i], score=cells[i].score[shuffle], pd=cells[i].pd[shuffle]) for i in order],
    )

    def told(c: Comparison) -> dict[str, tuple[object, ...]]:
        return {
            v.name: (v.group, v.is_recommended, round(v.gap.cost, 12), round(v.gap.low, 12))
            for v in c.cells
        }

    assert told(one) == told(other)
    assert one.detectable == pytest.approx(other.detectable)
    assert one.alpha == 0.05


def test_a_whole_comparison() -> None:
    # Given a good score with few features, the same with many, and noise
    rows, risk = rows_of(8, 2000)
    scores = scores_of(8, risk, (0.05, 0.05, 3.0))
    cells = [
        cell("many", scores[0], features=90),
        cell("few", scores[1], features=9),
        cell("noise", scores[2], features=1),
    ]
    cells = [replace(c, pd=np.full(2000, rows.y.mean())) for c in cells]

    told = compared(rows, cells)

    assert {cells[i].name for i in told.groups[0]} == {"many", "few"}
    assert [v.is_recommended for v in told.cells] == [False, True, False]
    assert told.pair(2, 0).is_real
    assert told.pair(0, 2) is told.pair(2, 0)
    assert told.detectable is not None
    assert 0 < told.detectable < told.pair(0, 2).difference
    assert told.best in {0, 1}


def test_one_cell_is_its_own_group() -> None:
    rows, risk = rows_of(4)
    only = replace(cell("only", risk), pd=np.full(len(risk), rows.y.mean()))

    told = compared(rows, [only], draws=2)

    assert (told.pairs, told.groups, told.detectable) == ((), ((0,),), None)
    assert told.cells[0].is_recommended


@pytest.mark.parametrize("draws", [0, 1])
def test_intervals_without_a_width_are_refused(draws: int) -> None:
    rows, risk = rows_of(4)
    two = [cell("one", risk), cell("two", risk[::-1].copy())]

    with pytest.raises(UsageError) as caught:
        compared(rows, two, draws=draws)

    assert caught.value.code == "comparison-input"
    assert f"{draws} draws" in str(caught.value)
    told = compared(rows, two, draws=2)
    assert any(v.gap.high > v.gap.low for v in told.cells)


def test_what_cannot_be_compared_is_refused() -> None:
    rows, risk = rows_of(4)
    one = cell("one", risk)
    wrong = [
        [],
        [one, one],
        [one, replace(one, name="short", score=risk[1:])],
        [one, replace(one, name="repeated", further=(0.7,))],
    ]

    for cells in wrong:
        with pytest.raises(UsageError) as caught:
            compared(rows, cells)
        assert caught.value.code == "comparison-input"
    for bad in (Rows(rows.y, rows.fold[1:]), Rows(rows.y, np.zeros(len(risk), dtype=np.int64))):
        with pytest.raises(UsageError) as caught:
            compared(bad, [one])
        assert caught.value.code == "comparison-input"
