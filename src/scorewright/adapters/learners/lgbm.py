"""LightGBM: gradient-boosted trees, kept as LightGBM's own text format.

Parameters carry the names of LightGBM's scikit-learn API, as the conventions ask; the native
trainer knows them as aliases. Training is deterministic for a given number of threads or not:
``deterministic`` and ``force_row_wise`` make the sums independent of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from scorewright.adapters.learners.catalogue import refuse_unknown
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.matrix import FeatureSpace
from scorewright.flows.ports import FitTask

__all__ = ["LEARNER", "Lgbm", "LgbmModel"]

Floats = npt.NDArray[np.float64]

FILE = "model.txt"

#: Below this many cells a second thread costs more than it brings; on a busy machine its busy
#: waiting made 3,300 rows take 10 s instead of 0.2 s.
FEW_CELLS = 250_000

#: Chosen once over five public credit sets; see docs/explanation/defaults.md.
DEFAULTS: dict[str, Any] = {
    "n_estimators": 300,
    "learning_rate": 0.03,
    "num_leaves": 15,
    "max_depth": -1,
    "min_child_samples": 40,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.5,
    "reg_alpha": 0.0,
    "reg_lambda": 10.0,
    "class_weight": None,
    "is_unbalance": False,
}

#: Native parameters without a name in the scikit-learn API. ``use_quantized_grad`` is left out
#: on purpose: it aborts the process in LightGBM 4.7.
NATIVE = {
    "bagging_seed", "cat_l2", "cat_smooth", "extra_trees", "feature_fraction_bynode", "max_bin",
    "max_cat_threshold", "max_cat_to_onehot", "max_delta_step", "min_data_in_bin",
    "min_data_per_group", "monotone_constraints_method", "monotone_penalty", "path_smooth",
    "scale_pos_weight",
}  # fmt: skip

SCIKIT_API = {
    "boosting_type", "min_child_weight", "min_split_gain", "random_state", "subsample_for_bin",
}  # fmt: skip


class LgbmModel:
    """A fitted booster. Its inputs are positional; `FeatureSpace` keeps the order."""

    def __init__(self, booster: lgb.Booster, space: FeatureSpace, losses: Sequence[float]) -> None:
        self._booster = booster
        self._space = space
        self._losses = tuple(losses)

    def predict(self, x: Floats) -> Floats:
        """Return raw scores of shape (n,)."""
        threads = 1 if len(x) <= 16 else 0  # noqa: PLR2004 - starting threads costs more than a row
        return np.asarray(self._booster.predict(x, num_threads=threads), dtype=np.float64)

    def files(self) -> Mapping[str, bytes]:
        """Return LightGBM's text format."""
        text: str = self._booster.model_to_string(num_iteration=-1)
        return {FILE: text.encode("utf-8")}

    def importance(self) -> Mapping[str, float]:
        """Return total gain per feature."""
        gain = self._booster.feature_importance(importance_type="gain")
        return {n: float(g) for n, g in zip(self._space.names, gain, strict=True)}

    def loss_history(self) -> Sequence[float]:
        """Return the training log loss after each tree."""
        return self._losses


class Lgbm:
    """The LightGBM learner."""

    name = "lgbm"
    model_type = "lgbm"
    supports_monotone = True

    def parameters(self, overrides: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return complete parameters under the names of LightGBM's scikit-learn API.

        Raises:
            UsageError: ``learner-params``.
        """
        refuse_unknown(self.name, set(overrides), set(DEFAULTS) | NATIVE | SCIKIT_API)
        params = {**DEFAULTS, "random_state": seed, **overrides}
        params["class_weight"] = _class_weight(params["class_weight"])
        chosen = [
            name
            for name, is_set in (
                ("class_weight", params["class_weight"] is not None),
                ("is_unbalance", bool(params["is_unbalance"])),
                ("scale_pos_weight", params.get("scale_pos_weight", 1.0) != 1.0),
            )
            if is_set
        ]
        if len(chosen) > 1:
            raise UsageError(
                f"The parameters {' and '.join(chosen)} each re-weight the classes.",
                remedy="Keep one of them in [learner.params].",
                code="learner-params",
            )
        return params

    def weight_ratio(self, params: Mapping[str, Any], y: npt.NDArray[np.int8]) -> float:
        """Return omega = weight of a bad / weight of a good."""
        if params.get("is_unbalance") or params.get("class_weight") == "balanced":
            return float(np.sum(y == 0) / np.sum(y == 1))
        weights = params.get("class_weight") or {0: 1.0, 1: 1.0}
        return float(params.get("scale_pos_weight", 1.0) * weights[1] / weights[0])

    def fit(self, task: FitTask) -> LgbmModel:
        """Fit on the task's rows.

        Raises:
            UsageError: ``monotone-categorical``, or ``learner-params`` where LightGBM refuses.
        """
        native = self._native(task)
        omega = self.weight_ratio(task.params, task.y)
        weight = np.where(task.y == 1, omega, 1.0) if omega != 1.0 else None
        losses: dict[str, dict[str, list[float]]] = {}
        try:
            data = lgb.Dataset(
                task.x,
                label=task.y,
                weight=weight,
                feature_name=_safe_names(task.space.names),
                categorical_feature=list(task.space.categorical_indices),
                params=native,
                free_raw_data=True,
            )
            booster = lgb.train(
                native,
                data,
                num_boost_round=int(task.params["n_estimators"]),
                valid_sets=[data],
                valid_names=["training"],
                callbacks=[lgb.record_evaluation(losses)],
            )
        except (lgb.basic.LightGBMError, TypeError, ValueError) as error:
            raise UsageError(
                f"LightGBM refused to train: {error}.",
                remedy="Correct [learner.params] in scorewright.toml.",
                code="learner-params",
            ) from error
        return LgbmModel(booster, task.space, losses["training"]["binary_logloss"])

    def _native(self, task: FitTask) -> dict[str, Any]:
        """Return the parameters of the native trainer; weights and rounds go another way."""
        left_out = {"class_weight", "is_unbalance", "scale_pos_weight", "n_estimators"}
        native = {k: v for k, v in task.params.items() if k not in left_out}
        native |= {
            "objective": "binary",
            "metric": "binary_logloss",
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": task.threads if task.x.size > FEW_CELLS else 1,
            "verbosity": -1,
        }
        if task.monotone:
            native["monotone_constraints"] = _constraints(task)
        return native

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> LgbmModel:
        """Read the text format. Only for bytes a disposable child has survived.

        Raises:
            IntegrityError: ``bundle-model``.
        """
        try:
            booster = lgb.Booster(model_str=files[FILE].decode("utf-8"))
        except (KeyError, UnicodeDecodeError, lgb.basic.LightGBMError) as error:
            raise _damaged(str(error)) from error
        if booster.num_feature() != len(space.features):
            raise _damaged(
                f"it expects {booster.num_feature()} features, the bundle {len(space.features)}"
            )
        return LgbmModel(booster, space, ())


def _damaged(what: str) -> IntegrityError:
    return IntegrityError(
        f"The LightGBM model cannot be read: {what}.",
        remedy="Get the bundle again from where it was made, or train again.",
        code="bundle-model",
    )


def _class_weight(value: object) -> str | dict[int, float] | None:
    """Accept None, ``balanced`` or a table of weights; TOML keys are text."""
    if value is None or value == "balanced":
        return "balanced" if value else None
    if isinstance(value, Mapping) and {str(k) for k in value} == {"0", "1"}:
        weights = {int(k): float(v) for k, v in value.items()}
        if min(weights.values()) > 0:
            return weights
    raise UsageError(
        f"class_weight cannot be {value!r}.",
        remedy='Use "balanced", or a table such as { 0 = 1.0, 1 = 5.0 } with positive weights.',
        code="learner-params",
    )


def _constraints(task: FitTask) -> list[int]:
    """Return the sign per column; LightGBM ignores signs on categorical columns, we refuse."""
    for feature in task.space.features:
        if feature.is_categorical and task.monotone.get(feature.name):
            raise UsageError(
                f"The feature '{feature.name}' is a category and cannot be monotone.",
                remedy="Remove it from [learner.monotone], or make it a number in its contract.",
                code="monotone-categorical",
            )
    return [task.monotone.get(name, 0) for name in task.space.names]


def _safe_names(names: Sequence[str]) -> list[str]:
    """Return names LightGBM accepts (it refuses JSON punctuation), unique and in order."""
    safe = [re.sub(r"[^A-Za-z0-9_.\-]", "_", name) for name in names]
    return [name if safe.count(name) == 1 else f"{name}_{i}" for i, name in enumerate(safe)]


LEARNER = Lgbm()
