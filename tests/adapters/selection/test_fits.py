"""Quick fits: fewer trees, fewer rows, a seed of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from tests.fakes.composed import LGBM, LOGISTIC, composed

from scorewright.adapters.selection.fits import QuickFits, cheaper


def quick(**changes: Any) -> QuickFits:
    learner, task = composed("ensemble", {"members": [LGBM, LOGISTIC]}, **changes)
    return QuickFits(learner, task)


def test_fewer_trees_learn_faster() -> None:
    params = {"n_estimators": 300, "learning_rate": 0.03, "num_leaves": 7}
    assert cheaper(params, 60) == {"n_estimators": 60, "learning_rate": 0.1, "num_leaves": 7}
    assert cheaper({"iterations": 400, "learning_rate": 0.2}, 60)["learning_rate"] == 0.2
    assert cheaper({"n_estimators": 300, "max_depth": 3}, 60) == {
        "n_estimators": 60,
        "max_depth": 3,
    }


def test_few_trees_and_no_trees_are_left_as_they_are() -> None:
    for params in ({"n_estimators": 20, "learning_rate": 0.03}, {"C": 1.0}):
        assert cheaper(params, 60) == params


def test_members_are_made_cheaper_and_nothing_is_stacked() -> None:
    big = {"learner": "lgbm", "params": {"n_estimators": 300}}
    found = cheaper({"members": [big], "method": "stacking"}, 60)
    assert found["members"] == [{"learner": "lgbm", "params": {"n_estimators": 60}}]
    assert found["method"] == "logit_average"
    assert big["params"] == {"n_estimators": 300}


def test_a_part_holds_both_classes_in_their_shares() -> None:
    bench = quick(weight=np.arange(700.0))
    part = bench.part(np.random.default_rng(0), 200)
    assert abs(len(part.y) - 200) <= 1
    assert abs(part.y.mean() - bench.task.y.mean()) < 0.01
    # Rows keep their weights, and none comes twice
    assert part.weight is not None
    rows = part.weight.astype(np.int64)
    assert len(set(rows)) == len(rows)
    np.testing.assert_array_equal(part.x, bench.task.x[rows])
    np.testing.assert_array_equal(part.y, bench.task.y[rows])


def test_all_rows_where_they_are_few_and_half_of_them_otherwise() -> None:
    bench, rng = quick(), np.random.default_rng(0)
    assert bench.part(rng, 700) is bench.task
    assert abs(len(bench.half(rng, 50_000).y) - 350) <= 1
    assert abs(len(bench.half(rng, 100).y) - 100) <= 1


def test_a_class_of_one_row_is_in_every_part() -> None:
    y = np.zeros(700, dtype=np.int8)
    y[5] = 1
    bench = quick(y=y)
    assert bench.half(np.random.default_rng(0), 100).y.sum() == 1


def test_every_fit_has_a_seed_of_its_own() -> None:
    learner, task = composed("selected", {**LGBM, "method": "correlation"})
    subsampled = {**task.params, "subsample": 0.5, "subsample_freq": 1}
    bench = QuickFits(learner, task)
    one = replace(task, params=subsampled)
    first, second = (bench.importance(one, number) for number in (0, 1))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, bench.importance(one, 0))


def test_a_part_says_how_many_of_its_rows_were_made_up() -> None:
    weight = np.arange(700.0)
    bench = quick(weight=weight, made=200, parents=np.zeros((200, 2), dtype=np.int64))
    part = bench.part(np.random.default_rng(0), 300)
    assert part.weight is not None
    # They are the last ones, as in the whole
    assert part.made == np.count_nonzero(part.weight >= 500)
    assert np.all(part.weight[len(part.y) - part.made :] >= 500)
    # Positions in the whole mean nothing in a part
    assert part.parents is None
