"""Random forest: grown by scikit-learn, kept as arrays and walked by NumPy alone.

Missing values go the way each split has learned, as scikit-learn does it, declared signs or not.
Categories are given as codes: a deep tree separates them in a few splits, whereas one column per
level would hide a category among columns that ``max_features`` seldom draws. A leaf's share of
bads is its score; the mean over all trees is kept off 0 and 1 by half a case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.learners.catalogue import refuse_unknown
from scorewright.adapters.trees import (
    Forest,
    ForestModel,
    class_ratio,
    class_weight,
    grown_forest,
    load_forest,
    refusals,
    row_weights,
    signs,
)
from scorewright.core.matrix import FeatureSpace
from scorewright.flows.ports import FitTask

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier

__all__ = ["LEARNER", "RandomForest"]

DEFAULTS: dict[str, Any] = {
    "n_estimators": 300,
    "criterion": "gini",
    "max_depth": 14,
    "min_samples_leaf": 20,
    "max_features": "sqrt",
    "max_samples": None,
    "class_weight": None,
}

OTHERS = {
    "bootstrap", "ccp_alpha", "max_leaf_nodes", "min_impurity_decrease", "min_samples_split",
    "min_weight_fraction_leaf", "random_state",
}  # fmt: skip


class RandomForest:
    """The random forest learner."""

    name = "random_forest"
    model_type = "random_forest"
    supports_monotone = True

    def parameters(self, overrides: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return complete parameters under scikit-learn's names.

        Raises:
            UsageError: ``learner-params``.
        """
        refuse_unknown(self.name, set(overrides), set(DEFAULTS) | OTHERS)
        params = {**DEFAULTS, "random_state": seed, **overrides}
        return {**params, "class_weight": class_weight(params["class_weight"])}

    def weight_ratio(self, params: Mapping[str, Any], y: npt.NDArray[np.int8]) -> float:
        """Return omega = weight of a bad / weight of a good."""
        return class_ratio(params.get("class_weight"), y)

    def fit(self, task: FitTask) -> ForestModel:
        """Fit on the task's rows.

        Raises:
            UsageError: ``monotone-categorical``, or ``learner-params`` where scikit-learn refuses.
        """
        # Serving imports this module and never fits: it starts without scikit-learn.
        from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415

        params = {k: v for k, v in task.params.items() if k != "class_weight"}
        if task.monotone:
            params["monotonic_cst"] = signs(task)
        omega = self.weight_ratio(task.params, task.y)
        with refusals("scikit-learn"):
            forest = RandomForestClassifier(**params, n_jobs=task.threads)
            forest.fit(task.x, task.y, sample_weight=row_weights(task.y, omega, task.weight))
        return ForestModel(_arrays(forest, len(task.y)), task.space)

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> ForestModel:
        """Read the arrays back.

        Raises:
            IntegrityError: ``bundle-model``.
        """
        return load_forest(files, space)


def _arrays(forest: RandomForestClassifier, rows: int) -> Forest:
    """Return scikit-learn's trees as arrays."""
    trees = [estimator.tree_ for estimator in forest.estimators_]
    return grown_forest(trees, forest.feature_importances_, margin=0.5 / (rows + 1.0))


LEARNER = RandomForest()
