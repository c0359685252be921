"""What the learners of trees share: weights, signs, LightGBM's bench, a forest as arrays."""

from typing import TYPE_CHECKING, Any

from scorewright.adapters.trees.damage import damaged
from scorewright.adapters.trees.forest import Forest, ForestModel, grown_forest, load_forest
from scorewright.adapters.trees.lightgbm_text import read_trees
from scorewright.adapters.trees.loaded import LoadedLgbmModel, load_booster
from scorewright.adapters.trees.parameters import NATIVE_ONLY, library, refusals
from scorewright.adapters.trees.signs import signs
from scorewright.adapters.trees.structure import Trees
from scorewright.adapters.trees.weights import class_ratio, class_weight, row_weights

if TYPE_CHECKING:
    from scorewright.adapters.trees.bench import LgbmBench
    from scorewright.adapters.trees.booster import LgbmModel, fit_booster

__all__ = [
    "NATIVE_ONLY",
    "Forest",
    "ForestModel",
    "LgbmBench",
    "LgbmModel",
    "LoadedLgbmModel",
    "Trees",
    "class_ratio",
    "class_weight",
    "damaged",
    "fit_booster",
    "grown_forest",
    "library",
    "load_booster",
    "load_forest",
    "read_trees",
    "refusals",
    "row_weights",
    "signs",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the protocol of module attributes
    """Import the parts that train with LightGBM only when asked for: serving does without it."""
    if name == "LgbmBench":
        from scorewright.adapters.trees import bench  # noqa: PLC0415 - the point of this function

        return bench.LgbmBench
    if name in {"LgbmModel", "fit_booster"}:
        from scorewright.adapters.trees import booster  # noqa: PLC0415 - the same

        return getattr(booster, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
