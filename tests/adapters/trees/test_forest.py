"""The forest as arrays, beside scikit-learn's own walk."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from scorewright.adapters.trees import ForestModel, grown_forest
from scorewright.core.matrix import Feature, FeatureSpace

SPACE = FeatureSpace((Feature("a"), Feature("b"), Feature("c")))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_walks_as_scikit_learn_does_missing_values_included(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(800, 3))
    y = (x[:, 0] + rng.normal(size=800) > 0).astype(np.int8)
    x[rng.random(800) < 0.2, 0] = np.nan
    x[:, 1] = np.round(x[:, 1], 1)  # ties, and thresholds between equal neighbours
    forest = RandomForestClassifier(25, min_samples_leaf=2, random_state=seed, n_jobs=1).fit(x, y)
    grown = grown_forest([e.tree_ for e in forest.estimators_], forest.feature_importances_, 1e-9)
    new = rng.normal(size=(5000, 3))
    new[rng.random((5000, 3)) < 0.2] = np.nan
    new[:500] = x[:500]
    expected = np.clip(forest.predict_proba(new)[:, 1], 1e-9, 1 - 1e-9)
    np.testing.assert_allclose(ForestModel(grown, SPACE).predict(new), expected, atol=1e-12)


def test_no_rows_give_no_scores() -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    forest = RandomForestClassifier(3, random_state=0).fit(x, x[:, 0] > 0)
    grown = grown_forest([e.tree_ for e in forest.estimators_], forest.feature_importances_, 0.01)
    assert ForestModel(grown, SPACE).predict(np.empty((0, 3))).shape == (0,)
