"""Which values the learners' own libraries accept, as far as a search is concerned.

LightGBM, XGBoost, CatBoost and scikit-learn say so only while they train: a search would find
out by trials that fail. The limits are those of their documentation; a test fits at them and
beyond them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

__all__ = ["Limit", "accepted", "limits_of"]


@dataclass(frozen=True, slots=True)
class Limit:
    """Values a learner accepts.

    Attributes:
        low, high: The ends; infinite where it is open.
        is_above: Whether ``low`` itself is refused.
        is_below: Whether ``high`` itself is refused.
        is_whole: Whether only whole numbers are taken.
    """

    low: float
    high: float = math.inf
    is_above: bool = False
    is_below: bool = False
    is_whole: bool = False

    def holds(self, value: float) -> bool:
        """Return whether a number is accepted."""
        if self.is_whole and not isinstance(value, int):
            return False
        over = value > self.low if self.is_above else value >= self.low
        under = value < self.high if self.is_below else value <= self.high
        return over and under

    def __str__(self) -> str:
        """Write it for people."""
        kind = "a whole number" if self.is_whole else "a number"
        low = f"{'above' if self.is_above else 'from'} {self.low:g}"
        if math.isinf(self.high):
            return f"{kind} {low}{'' if self.is_above else ' on'}"
        return f"{kind} {low} {'to below' if self.is_below else 'to'} {self.high:g}"


_SHARE = (Limit(0.0, 1.0, is_above=True),)
_POSITIVE = (Limit(0.0, is_above=True),)
_ANY_PENALTY = (Limit(0.0),)
_ZERO_ON = (Limit(0, is_whole=True),)
_ONE_ON = (Limit(1, is_whole=True),)
_TWO_ON = (Limit(2, is_whole=True),)

_LGBM: Mapping[str, tuple[Limit, ...]] = {
    "n_estimators": _ONE_ON,
    "learning_rate": _POSITIVE,
    "num_leaves": (Limit(2, 131_072, is_whole=True),),
    "min_child_samples": _ZERO_ON,
    "min_child_weight": _ANY_PENALTY,
    "min_split_gain": _ANY_PENALTY,
    "subsample": _SHARE,
    "subsample_for_bin": _ONE_ON,
    "colsample_bytree": _SHARE,
    "feature_fraction_bynode": _SHARE,
    "reg_alpha": _ANY_PENALTY,
    "reg_lambda": _ANY_PENALTY,
    "max_bin": _TWO_ON,
    "min_data_in_bin": _ONE_ON,
    "min_data_per_group": _ONE_ON,
    "max_cat_threshold": _ONE_ON,
    "max_cat_to_onehot": _ONE_ON,
    "cat_l2": _ANY_PENALTY,
    "cat_smooth": _ANY_PENALTY,
    "path_smooth": _ANY_PENALTY,
    "monotone_penalty": _ANY_PENALTY,
    "scale_pos_weight": _POSITIVE,
}

_XGBOOST: Mapping[str, tuple[Limit, ...]] = {
    "n_estimators": _ONE_ON,
    "learning_rate": _ANY_PENALTY,
    "max_depth": _ZERO_ON,
    "max_leaves": _ZERO_ON,
    "min_child_weight": _ANY_PENALTY,
    "max_delta_step": _ANY_PENALTY,
    "gamma": _ANY_PENALTY,
    "subsample": _SHARE,
    "colsample_bytree": _SHARE,
    "colsample_bylevel": _SHARE,
    "colsample_bynode": _SHARE,
    "reg_alpha": _ANY_PENALTY,
    "reg_lambda": _ANY_PENALTY,
    "max_bin": _TWO_ON,
    "num_parallel_tree": _ONE_ON,
    "scale_pos_weight": _POSITIVE,
}

_CATBOOST: Mapping[str, tuple[Limit, ...]] = {
    "iterations": _ONE_ON,
    "learning_rate": _POSITIVE,
    "depth": (Limit(1, 16, is_whole=True),),
    "l2_leaf_reg": _ANY_PENALTY,
    "random_strength": _ANY_PENALTY,
    "bagging_temperature": _ANY_PENALTY,
    "border_count": (Limit(1, 65_535, is_whole=True),),
    "rsm": _SHARE,
    "subsample": _SHARE,
    "scale_pos_weight": _POSITIVE,
}

_FOREST: Mapping[str, tuple[Limit, ...]] = {
    "n_estimators": _ONE_ON,
    "max_depth": _ONE_ON,
    "min_samples_leaf": (*_ONE_ON, Limit(0.0, 1.0, is_above=True, is_below=True)),
    "min_samples_split": (*_TWO_ON, Limit(0.0, 1.0, is_above=True)),
    "max_features": (*_ONE_ON, *_SHARE),
    "max_samples": (*_ONE_ON, *_SHARE),
    "max_leaf_nodes": _TWO_ON,
    "min_impurity_decrease": _ANY_PENALTY,
    "min_weight_fraction_leaf": (Limit(0.0, 0.5),),
    "ccp_alpha": _ANY_PENALTY,
}

_LIMITS: Mapping[str, Mapping[str, tuple[Limit, ...]]] = MappingProxyType(
    {
        "lgbm": _LGBM,
        "xgboost": _XGBOOST,
        "catboost": _CATBOOST,
        "random_forest": _FOREST,
        "logistic": {"C": _POSITIVE, "max_iter": _ONE_ON, "tol": _ANY_PENALTY},
    }
)


def limits_of(learner: str) -> Mapping[str, tuple[Limit, ...]]:
    """Return parameter -> the limits of which one must hold; empty where none are known.

    Args:
        learner: Name of the learner. Those that are not here refuse a value themselves.
    """
    return _LIMITS.get(learner, {})


def accepted(learner: str, name: str, value: Any) -> str | None:  # noqa: ANN401 - any parameter
    """Return what a learner accepts instead of a value, None where it accepts the value.

    Only numbers are judged; texts, truths and unknown parameters are the learner's own matter.

    Args:
        learner: Name of the learner.
        name: Of the parameter.
        value: Of the parameter.
    """
    limits = limits_of(learner).get(name, ())
    if not limits or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if any(limit.holds(value) for limit in limits):
        return None
    return " or ".join(map(str, limits))
