"""Our Shapley values beside LightGBM's own, and beside their definition."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import factorial
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pytest
from tests.adapters.trees.boosters import COLUMNS, SPACE, grown, rows

from scorewright.adapters.trees import Trees, load_booster, read_trees
from scorewright.adapters.trees.attribution import shapley_table_of
from scorewright.adapters.trees.lightgbm_text import shapley_table

Floats = npt.NDArray[np.float64]

KINDS: dict[str, dict[str, Any]] = {
    "usual": {},
    "deep": {"num_leaves": 63, "min_data_in_leaf": 3, "max_depth": -1},
    "stumps": {"num_leaves": 2},
    "zero is missing": {"zero_as_missing": True},
    "nothing is missing": {"use_missing": False},
    "one-hot": {"max_cat_to_onehot": 64},
    "monotone": {"monotone_constraints": [1] + [0] * (COLUMNS - 1)},
    "dart": {"boosting": "dart"},
    "goss": {"data_sample_strategy": "goss"},
    "weighted": {"scale_pos_weight": 5.0},
    "extra": {"extra_trees": True, "path_smooth": 5.0},
}


def text_of(booster: lgb.Booster) -> bytes:
    written: str = booster.model_to_string(num_iteration=-1)
    return written.encode()


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_lightgbm_s_own(kind: str) -> None:
    booster = grown(25, **KINDS[kind])
    x = rows(120, seed=11)
    x[0], x[1] = np.nan, 0.0
    x[2, 5:] = [50.0, -1.0, 39.0]
    table = shapley_table(text_of(booster), COLUMNS)
    assert table is not None
    got, wanted = table.contributions(x), np.asarray(booster.predict(x, pred_contrib=True))
    np.testing.assert_allclose(got, wanted, rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(
        got.sum(axis=1), booster.predict(x, raw_score=True), rtol=0.0, atol=1e-12
    )


def test_trees_that_never_split_are_the_base() -> None:
    booster = grown(5, min_data_in_leaf=3000)
    table = shapley_table(text_of(booster), COLUMNS)
    assert table is not None
    found = table.contributions(rows(2))
    assert not found[:, :-1].any()
    np.testing.assert_allclose(found[:, -1], booster.predict(rows(2), raw_score=True))


@pytest.mark.parametrize(
    "params",
    [{"boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1}, {"sigmoid": 2.0}],
    ids=["averaged", "other slope"],
)
def test_they_sum_to_the_log_odds_of_the_score(params: dict[str, Any]) -> None:
    booster = grown(8, **params)
    x = rows(10, seed=12)
    model = load_booster({"model.txt": text_of(booster)}, SPACE)
    score = model.predict(x)
    wanted = np.log(score / (1.0 - score))
    np.testing.assert_allclose(model.contributions(x).sum(axis=1), wanted, rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(model.log_odds(x), wanted, rtol=0.0, atol=1e-9)


def test_what_is_not_understood_is_left_to_the_library() -> None:
    text = text_of(grown(8))
    x = rows(10, seed=12)
    other = text.replace(b"version=v4", b"version=v9", 1)
    assert shapley_table(other, COLUMNS) is None
    assert shapley_table(text_of(grown(8, linear_tree=True)), COLUMNS) is None
    np.testing.assert_allclose(
        load_booster({"model.txt": other}, SPACE).contributions(x),
        load_booster({"model.txt": text}, SPACE).contributions(x),
        rtol=0.0,
        atol=1e-12,
    )


@pytest.mark.parametrize("text", [b"", b"nonsense", b"tree\nversion=v4\nnum_class=1\n\nTree=0\nx"])
def test_another_text_gives_no_table(text: bytes) -> None:
    assert shapley_table(text, COLUMNS) is None


def tree() -> Trees:
    """Return x0 <= 0 ? (x1 <= 0 ? a : b) : (x2 <= 0 ? (x0 <= 2 ? c : d) : e)."""
    return Trees(
        feature=np.array([0, 1, 2, 0]),
        threshold=np.array([0.0, 0.0, 0.0, 2.0]),
        missing_left=np.array([True, False, False, True]),
        zero_left=np.full(4, -1, dtype=np.int8),
        left=np.array([1, -1, 3, -3]),
        right=np.array([2, -2, -5, -4]),
        rows=np.array([100.0, 60.0, 40.0, 30.0]),
        leaf_rows=np.array([45.0, 15.0, 12.0, 18.0, 10.0]),
        leaf_value=np.array([-1.0, 0.5, 2.0, -0.25, 0.75]),
        categories=np.empty(0, dtype=bool),
        category_nodes=np.empty(0, dtype=np.int64),
        category_starts=np.zeros(1, dtype=np.int64),
        constant=0.125,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"feature": np.array([0, 1, 2, 7])},
        {"left": np.array([1, -1, 3, -9])},
        {"left": np.array([1, -1, 1, -3])},
        {"right": np.array([2, -2, -5, 3]), "left": np.array([1, -1, -4, -3])},
        {"leaf_rows": np.array([45.0, 15.0, 0.0, 18.0, 10.0])},
    ],
    ids=["no such column", "no such leaf", "two parents", "a circle", "a leaf without rows"],
)
def test_what_makes_no_trees_gives_no_table(change: dict[str, Any]) -> None:
    assert shapley_table_of(replace(tree(), **change), 3) is None


def chain(depth: int, columns: int) -> Trees:
    """Return x0 <= 0 ? a : (x1 <= 0 ? b : ...), from the first column again after the last."""
    nodes = np.arange(depth)
    return Trees(
        feature=nodes % columns,
        threshold=np.zeros(depth),
        missing_left=np.zeros(depth, dtype=bool),
        zero_left=np.full(depth, -1, dtype=np.int8),
        left=-1 - nodes,
        right=np.where(nodes < depth - 1, nodes + 1, -1 - depth),
        rows=np.linspace(10.0 * (depth + 1), 20.0, depth),
        leaf_rows=np.full(depth + 1, 10.0),
        leaf_value=np.linspace(-1.0, 1.0, depth + 1),
        categories=np.empty(0, dtype=bool),
        category_nodes=np.empty(0, dtype=np.int64),
        category_starts=np.zeros(1, dtype=np.int64),
        constant=0.0,
    )


def test_a_tree_may_be_deep_but_not_without_end() -> None:
    # A column is tested again on the path below: more than twice in all
    table = shapley_table_of(chain(120, 50), 50)
    assert table is not None
    row = np.ones((1, 50))
    row[0, 40] = -1.0
    found = table.contributions(row)
    assert found.sum() == pytest.approx(float(np.linspace(-1.0, 1.0, 121)[40]), abs=1e-12)
    # Too many walks, and too many steps
    assert shapley_table_of(chain(180, 50), 50) is None
    assert shapley_table_of(chain(1_800, 3), 3) is None


@pytest.mark.parametrize("last", [2.0, np.inf], ids=["usual", "a test of what is missing"])
def test_they_are_what_shapley_defined(last: float) -> None:
    # Given one tree
    trees = replace(tree(), threshold=np.array([0.0, 0.0, 0.0, last]))
    if np.isinf(last):
        trees = replace(trees, missing_left=np.array([False, True, True, False]))
    table = shapley_table_of(trees, 3)
    assert table is not None
    for row in ([-1.0, 1.0, 0.0], [1.0, -1.0, -1.0], [3.0, 0.0, -2.0], [np.nan, np.nan, np.nan]):
        x = np.array(row)
        phi = table.contributions(x[None, :])[0]
        # When the sum over all sets of known columns is written out, then they agree
        for column in range(3):
            others = [c for c in range(3) if c != column]
            value = 0.0
            for size in range(3):
                for known in combinations(others, size):
                    share = factorial(size) * factorial(2 - size) / factorial(3)
                    with_it = _expected(trees, x, {*known, column}, 0)
                    value += share * (with_it - _expected(trees, x, set(known), 0))
            assert phi[column] == pytest.approx(value, abs=1e-14)
        assert phi[-1] == pytest.approx(0.125 + _expected(trees, x, set(), 0), abs=1e-14)


def _expected(trees: Trees, x: Floats, known: set[int], node: int) -> float:
    """Walk known columns, average over the others by training rows."""
    if node < 0:
        return float(trees.leaf_value[-1 - node])
    column = int(trees.feature[node])
    left, right = int(trees.left[node]), int(trees.right[node])
    if column in known:
        value = x[column]
        goes_left = trees.missing_left[node] if np.isnan(value) else value <= trees.threshold[node]
        return _expected(trees, x, known, left if goes_left else right)

    def rows_of(child: int) -> float:
        return float(trees.rows[child] if child >= 0 else trees.leaf_rows[-1 - child])

    parts = ((rows_of(c), _expected(trees, x, known, c)) for c in (left, right))
    return sum(n * v for n, v in parts) / float(trees.rows[node])


def test_the_text_is_read_as_the_library_reads_it() -> None:
    booster = grown(5)
    trees = read_trees(text_of(booster).decode())
    assert trees is not None
    dumped = booster.dump_model()["tree_info"]
    assert len(trees.leaf_value) == sum(tree["num_leaves"] for tree in dumped)
