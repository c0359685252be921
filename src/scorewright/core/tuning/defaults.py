"""The space of each learner, where the settings declare none.

Written as in ``[tuning.space]``, under the names of each learner's own library. The ranges hold
the learner's defaults well inside, so that a search can leave them in both directions.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["DEFAULT_SPACES"]

_BINNED: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "C": {"low": 0.001, "high": 100.0, "log": True},
        "max_n_bins": {"low": 3, "high": 12},
        "min_bin_size": {"low": 0.02, "high": 0.15, "log": True},
        "min_iv": {"low": 0.002, "high": 0.05, "log": True},
    }
)

#: Learner -> parameter -> range or choices.
DEFAULT_SPACES: Mapping[str, Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "lgbm": {
            "n_estimators": {"low": 100, "high": 1000, "log": True},
            "learning_rate": {"low": 0.01, "high": 0.1, "log": True},
            "num_leaves": {"low": 4, "high": 64, "log": True},
            "min_child_samples": {"low": 10, "high": 200, "log": True},
            "subsample": {"low": 0.5, "high": 1.0},
            "colsample_bytree": {"low": 0.2, "high": 1.0},
            "reg_alpha": {"low": 0.001, "high": 10.0, "log": True},
            "reg_lambda": {"low": 0.01, "high": 100.0, "log": True},
        },
        "xgboost": {
            "n_estimators": {"low": 100, "high": 1000, "log": True},
            "learning_rate": {"low": 0.01, "high": 0.2, "log": True},
            "max_depth": {"low": 2, "high": 8},
            "min_child_weight": {"low": 0.5, "high": 50.0, "log": True},
            "subsample": {"low": 0.5, "high": 1.0},
            "colsample_bytree": {"low": 0.2, "high": 1.0},
            "reg_alpha": {"low": 0.001, "high": 10.0, "log": True},
            "reg_lambda": {"low": 0.01, "high": 100.0, "log": True},
        },
        "catboost": {
            "iterations": {"low": 100, "high": 1000, "log": True},
            "learning_rate": {"low": 0.01, "high": 0.2, "log": True},
            "depth": {"low": 3, "high": 8},
            "l2_leaf_reg": {"low": 0.5, "high": 50.0, "log": True},
            "random_strength": {"low": 0.1, "high": 10.0, "log": True},
            "rsm": {"low": 0.2, "high": 1.0},
            "subsample": {"low": 0.5, "high": 1.0},
        },
        "random_forest": {
            "n_estimators": {"low": 100, "high": 600, "log": True},
            "max_depth": {"low": 3, "high": 24},
            "min_samples_leaf": {"low": 5, "high": 200, "log": True},
            "max_features": {"low": 0.1, "high": 1.0},
        },
        "logistic": {"C": {"low": 0.001, "high": 100.0, "log": True}},
        "woe": _BINNED,
        "scorecard": _BINNED,
    }
)
