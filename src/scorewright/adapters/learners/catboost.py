"""CatBoost: gradient-boosted oblivious trees, kept as CatBoost's own binary format.

Parameters carry CatBoost's own names. Categories are given as texts, a missing one as a text of
its own; CatBoost encodes them by statistics it orders so that no row sees its own label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.guarded import private_folder
from scorewright.adapters.learners.catalogue import refuse_unknown
from scorewright.adapters.trees import (
    class_ratio,
    class_weight,
    damaged,
    library,
    refusals,
    row_weights,
    signs,
)
from scorewright.core.errors import UsageError
from scorewright.core.matrix import FeatureSpace
from scorewright.flows.ports import FitTask

__all__ = ["LEARNER", "Catboost", "CatboostModel"]

Floats = npt.NDArray[np.float64]

FILE = "model.cbm"
FEW_ROWS = 16

DEFAULTS: dict[str, Any] = {
    "iterations": 400,
    "learning_rate": 0.05,
    "depth": 6,
    "l2_leaf_reg": 10.0,
    "random_strength": 1.0,
    "border_count": 128,
    "rsm": 0.5,
    "bootstrap_type": "Bernoulli",
    "subsample": 0.8,
    "boosting_type": "Plain",
    "class_weights": None,
    "scale_pos_weight": 1.0,
}

OTHERS = {
    "auto_class_weights", "bagging_temperature", "feature_border_type", "fold_permutation_block",
    "grow_policy", "leaf_estimation_backtracking", "leaf_estimation_iterations",
    "leaf_estimation_method", "max_ctr_complexity", "max_leaves", "min_data_in_leaf",
    "model_shrink_mode", "model_shrink_rate", "model_size_reg", "mvs_reg", "nan_mode",
    "one_hot_max_size", "penalties_coefficient", "random_state", "sampling_frequency",
    "score_function",
}  # fmt: skip

#: They differ from one training to the next and say nothing about the model.
PASSING = ("model_guid", "train_finish_time", "training", "output_options")

WEIGHTS = {"class_weights", "scale_pos_weight", "auto_class_weights"}


class CatboostModel:
    """A fitted model. CatBoost holds numbers first and categories after them."""

    def __init__(self, model: Any, space: FeatureSpace, losses: Sequence[float]) -> None:  # noqa: ANN401 - the library may be absent
        self._model = model
        self._space = space
        self._losses = tuple(losses)

    def predict(self, x: Floats) -> Floats:
        """Return raw scores of shape (n,)."""
        threads = 1 if len(x) <= FEW_ROWS else -1
        raw = self._model.predict_proba(_features(x, self._space), thread_count=threads)
        return np.ascontiguousarray(raw[:, 1], dtype=np.float64)

    def contributions(self, x: Floats) -> Floats:
        """Return Shapley values in log-odds, shape (n, p + 1); the last is the base."""
        rows = library("catboost").Pool(_features(x, self._space))
        threads = 1 if len(x) <= FEW_ROWS else -1
        found = self._model.get_feature_importance(rows, type="ShapValues", thread_count=threads)
        out = np.empty_like(found, dtype=np.float64)
        out[:, [*_order(self._space), -1]] = found
        return out

    def files(self) -> Mapping[str, bytes]:
        """Return CatBoost's binary format."""
        with private_folder("learner") as folder:
            file = folder / FILE
            self._model.save_model(str(file))
            return {FILE: file.read_bytes()}

    def importance(self) -> Mapping[str, float]:
        """Return by how much a change of each feature changes the score on average."""
        found = self._model.get_feature_importance()
        own = dict(zip(_order(self._space), found, strict=True))
        return {n: float(own[i]) for i, n in enumerate(self._space.names)}

    def loss_history(self) -> Sequence[float]:
        """Return the training log loss after each tree."""
        return self._losses


class Catboost:
    """The CatBoost learner."""

    name = "catboost"
    model_type = "catboost"
    supports_monotone = True

    def parameters(self, overrides: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return complete parameters under CatBoost's own names.

        ``class_weights`` is a table such as ``{ 0 = 1.0, 1 = 5.0 }``.

        Raises:
            UsageError: ``learner-params``.
            MissingExtraError: CatBoost is not installed.
        """
        library("catboost")
        refuse_unknown(self.name, set(overrides), set(DEFAULTS) | OTHERS)
        params = {**DEFAULTS, "random_state": seed, **overrides}
        given = params["class_weights"]
        auto = params.get("auto_class_weights")
        if given == "balanced" or auto not in (None, "None", "Balanced"):
            raise UsageError(
                f"The class weights {given if given is not None else auto!r} are not offered.",
                remedy='Use auto_class_weights = "Balanced", or a table in class_weights.',
                code="learner-params",
            )
        params["class_weights"] = class_weight(given)
        chosen = [given is not None, params["scale_pos_weight"] != 1.0, auto == "Balanced"]
        if sum(chosen) > 1:
            raise UsageError(
                f"Two of the parameters {', '.join(sorted(WEIGHTS))} each re-weight the classes.",
                remedy="Keep one of them in [learner.params].",
                code="learner-params",
            )
        return params

    def weight_ratio(self, params: Mapping[str, Any], y: npt.NDArray[np.int8]) -> float:
        """Return omega = weight of a bad / weight of a good."""
        is_balanced = params.get("auto_class_weights") == "Balanced"
        weights = "balanced" if is_balanced else params.get("class_weights")
        return float(params.get("scale_pos_weight", 1.0)) * class_ratio(weights, y)

    def fit(self, task: FitTask) -> CatboostModel:
        """Fit on the task's rows.

        Raises:
            UsageError: ``monotone-categorical``, or ``learner-params`` where CatBoost refuses.
            MissingExtraError: CatBoost is not installed.
        """
        cat = library("catboost")
        native = {k: v for k, v in task.params.items() if k not in WEIGHTS}
        if task.monotone:
            found = signs(task)
            native["monotone_constraints"] = [found[i] for i in _order(task.space)]
        omega = self.weight_ratio(task.params, task.y)
        with refusals("CatBoost", cat.CatBoostError):
            model = cat.CatBoostClassifier(
                **native, allow_writing_files=False, verbose=False, thread_count=task.threads
            )
            weight = row_weights(task.y, omega, task.weight)
            model.fit(cat.Pool(_features(task.x, task.space), label=task.y, weight=weight))
        losses = model.get_evals_result()["learn"]["Logloss"]
        metadata = model.get_metadata()
        for name in PASSING:
            del metadata[name]
        return CatboostModel(model, task.space, losses)

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> CatboostModel:
        """Read the binary format back.

        Raises:
            IntegrityError: ``bundle-model``.
            MissingExtraError: CatBoost is not installed.
        """
        cat = library("catboost")
        model = cat.CatBoostClassifier()
        try:
            model.load_model(blob=files[FILE])
        except (KeyError, cat.CatBoostError) as error:
            raise damaged("CatBoost", str(error)) from error
        found = len(model.feature_names_)
        if found != len(space.features):
            raise damaged("CatBoost", f"it expects {found} features, not {len(space.features)}")
        return CatboostModel(model, space, ())


def _order(space: FeatureSpace) -> list[int]:
    """Return the positions of the numbers, then those of the categories."""
    categories = space.categorical_indices
    return [i for i in range(len(space.features)) if i not in categories] + list(categories)


def _features(x: Floats, space: FeatureSpace) -> Any:  # noqa: ANN401 - the library may be absent
    """Return numbers in single precision and categories as texts; a missing code is -1."""
    categories = space.categorical_indices
    order = _order(space)
    numbers = order[: len(order) - len(categories)]
    columns = [_texts(x[:, i], len(space.features[i].categories)) for i in categories]
    return library("catboost").FeaturesData(
        num_feature_data=np.ascontiguousarray(x[:, numbers], dtype=np.float32) if numbers else None,
        cat_feature_data=np.column_stack(columns) if columns else None,
    )


def _texts(codes: Floats, levels: int) -> npt.NDArray[np.object_]:
    """Return each code as text, from a table that is made once."""
    table = np.array([b"%d" % code for code in range(levels)] + [b"-1"], dtype=object)
    is_known = (codes >= 0) & (codes < levels)
    return table[np.where(is_known, codes, levels).astype(np.int64)]


LEARNER = Catboost()
