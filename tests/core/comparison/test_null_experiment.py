"""The rule on real models: no difference where there is none, and one where there is.

The cells of a null experiment differ in nothing but their seed, 0 to 15, each the same in all its
folds. Few trees on part of the columns make that seed matter, which is the hard case: DeLong's
test alone raises an alarm in about one of six such experiments.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import lightgbm
import numpy as np
import numpy.typing as npt
import pytest

from scorewright.core.comparison import (
    FoldRanking,
    Rows,
    compare_pairs,
    indistinct_groups,
    rank_within_folds,
)
from scorewright.core.validation import plan_folds

Floats = npt.NDArray[np.float64]

CELLS = 16
APPLICATIONS = 800
TREES = 12
PARAMETERS = {
    "objective": "binary",
    "num_leaves": 7,
    "learning_rate": 0.1,
    "min_data_in_leaf": 20,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "feature_fraction": 0.6,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


def applications(seed: int, weight: float = 0.0) -> tuple[Floats, Rows]:
    """Return six columns and outcomes; the last column counts with ``weight``."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(APPLICATIONS, 6))
    risk = -1.6 + 0.7 * x[:, 0] - 0.5 * x[:, 1] + 0.3 * x[:, 2] * x[:, 3] + weight * x[:, 5]
    y = (rng.random(APPLICATIONS) < 1 / (1 + np.exp(-risk))).astype(np.int8)
    plan = plan_folds(y, scheme="stratified", folds=5, seed=seed)
    return x, Rows(y, plan.fold)


def out_of_fold(x: Floats, rows: Rows, seed: int) -> Floats:
    """Return scores of models that never saw the row, shape (n,)."""
    scores = np.empty(len(rows.y))
    for fold in range(5):
        train = rows.fold != fold
        data = lightgbm.Dataset(x[train], rows.y[train])
        model = lightgbm.train({**PARAMETERS, "seed": seed}, data, TREES)
        scores[~train] = np.asarray(model.predict(x[~train]))
    return scores


def groups_of(ranking: FoldRanking) -> tuple[tuple[int, ...], ...]:
    order = tuple(int(i) for i in np.argsort(-ranking.auc, kind="stable"))
    pairs = compare_pairs(ranking, np.empty((len(order), 0)), order, 0.05)
    return indistinct_groups(order, pairs)


def null_experiment(seed: int) -> bool:
    """Return whether sixteen cells that differ in their seed are one group."""
    x, rows = applications(1000 + seed)
    scores = np.stack([out_of_fold(x, rows, cell) for cell in range(CELLS)])
    return len(groups_of(rank_within_folds(rows, scores))) == 1


@pytest.mark.slow
def test_sixteen_seeds_are_one_group_in_95_of_100_experiments() -> None:
    with ThreadPoolExecutor(2) as pool:
        one_group = sum(pool.map(null_experiment, range(100)))

    assert one_group >= 95


def test_a_column_that_counts_is_found_in_most_experiments() -> None:
    # Given eight cells without a column that counts, eight with it
    found = 0
    for seed in range(8):
        x, rows = applications(500 + seed, weight=1.2)
        blind = [out_of_fold(x[:, :5], rows, cell) for cell in range(8)]
        seeing = [out_of_fold(x, rows, cell) for cell in range(8, CELLS)]

        # When they are compared
        groups = groups_of(rank_within_folds(rows, np.stack([*blind, *seeing])))

        # Then the best group holds none of those without it
        found += min(groups[0]) >= len(blind)

    assert found >= 6
