"""Small LightGBM models of every kind of test, and rows that try them."""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from scorewright.core.matrix import Feature, FeatureSpace

__all__ = ["COLUMNS", "SPACE", "grown", "rows"]

Floats = npt.NDArray[np.float64]

COLUMNS = 8
#: Columns 5 to 7 are categories; the last has more codes than one word of a bit set.
LEVELS = {5: 3, 6: 9, 7: 40}
SPACE = FeatureSpace(
    tuple(
        Feature(f"x{i}", tuple(f"c{k}" for k in range(LEVELS[i])) if i in LEVELS else ())
        for i in range(COLUMNS)
    )
)


def rows(count: int, seed: int = 0) -> Floats:
    """Return rows with gaps, zeros, whole numbers and codes no training row had."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, COLUMNS))
    x[:, 1] = np.rint(x[:, 1] * 3)
    x[:, 2] = np.where(rng.random(count) < 0.5, 0.0, x[:, 2])
    for column, levels in LEVELS.items():
        x[:, column] = rng.integers(0, levels, count)
    x[rng.random(x.shape) < 0.2] = np.nan
    x[:, 3] = np.nan_to_num(x[:, 3])  # a column without gaps in training
    return x


def grown(trees: int = 30, **params: Any) -> lgb.Booster:
    """Return a booster on 2,000 rows."""
    x, rng = rows(2000, seed=1), np.random.default_rng(2)
    z = np.nan_to_num(x[:, 0]) + (x[:, 6] == 2) * 1.5 - (np.nan_to_num(x[:, 7]) % 3) * 0.7
    y = (rng.random(2000) < 1.0 / (1.0 + np.exp(1.0 - z))).astype(int)
    data = lgb.Dataset(x, y, categorical_feature=sorted(LEVELS))
    native = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": 3, **params}
    return lgb.train(native, data, trees)
