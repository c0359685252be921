"""What the learners of trees share: weights, signs, LightGBM's bench, a forest as arrays."""

from scorewright.adapters.trees.bench import LgbmBench
from scorewright.adapters.trees.booster import NATIVE_ONLY, LgbmModel, fit_booster, load_booster
from scorewright.adapters.trees.damage import damaged
from scorewright.adapters.trees.forest import Forest, ForestModel, grown_forest, load_forest
from scorewright.adapters.trees.parameters import library, refusals
from scorewright.adapters.trees.signs import signs
from scorewright.adapters.trees.weights import class_ratio, class_weight, row_weights

__all__ = [
    "NATIVE_ONLY",
    "Forest",
    "ForestModel",
    "LgbmBench",
    "LgbmModel",
    "class_ratio",
    "class_weight",
    "damaged",
    "fit_booster",
    "grown_forest",
    "library",
    "load_booster",
    "load_forest",
    "refusals",
    "row_weights",
    "signs",
]
