"""XGBoost: gradient-boosted trees, kept as XGBoost's own UBJSON.

Parameters carry the names of XGBoost's scikit-learn API. Categories are split natively, as sets
of codes; missing values go the way each split has learned. A code no training row had goes left.
XGBoost works in single precision; scores are its numbers, widened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.learners.catalogue import refuse_unknown
from scorewright.adapters.trees import damaged, library, refusals, row_weights, signs
from scorewright.core.matrix import FeatureSpace
from scorewright.flows.ports import FitTask

__all__ = ["LEARNER", "Xgboost", "XgboostModel"]

Floats = npt.NDArray[np.float64]

FILE = "model.ubj"

#: Below this many cells a second thread costs more than it brings.
FEW_CELLS = 250_000
FEW_ROWS = 16

DEFAULTS: dict[str, Any] = {
    "n_estimators": 300,
    "learning_rate": 0.04,
    "max_depth": 4,
    "min_child_weight": 5.0,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "reg_alpha": 0.0,
    "reg_lambda": 10.0,
    "gamma": 0.0,
    "max_bin": 256,
    "scale_pos_weight": 1.0,
}

SCIKIT_API = {
    "base_score", "colsample_bylevel", "colsample_bynode", "grow_policy", "max_cat_threshold",
    "max_cat_to_onehot", "max_delta_step", "max_leaves", "num_parallel_tree", "random_state",
    "sampling_method", "tree_method",
}  # fmt: skip


class XgboostModel:
    """A fitted booster. Its inputs are positional; `FeatureSpace` keeps the order."""

    def __init__(self, booster: Any, space: FeatureSpace, losses: Sequence[float]) -> None:  # noqa: ANN401 - the library may be absent
        self._booster = booster
        self._space = space
        self._losses = tuple(losses)

    def predict(self, x: Floats) -> Floats:
        """Return raw scores of shape (n,)."""
        self._booster.set_param({"nthread": 1 if len(x) <= FEW_ROWS else 0})
        return np.asarray(self._booster.inplace_predict(x), dtype=np.float64)

    def contributions(self, x: Floats) -> Floats:
        """Return Shapley values in log-odds, shape (n, p + 1); the last is the base.

        XGBoost gives single precision. What its rounding leaves over, some 1e-7, is spread over
        the columns in proportion, so that the sum is the log-odds of the score.
        """
        xgb = library("xgboost")
        kinds = ["c" if f.is_categorical else "q" for f in self._space.features]
        rows = xgb.DMatrix(x, feature_types=kinds, enable_categorical=True, nthread=1)
        found = np.asarray(self._booster.predict(rows, pred_contribs=True), dtype=np.float64)
        score = self.predict(x)
        with np.errstate(divide="ignore"):
            over = np.log(score) - np.log1p(-score) - found.sum(axis=1)
        size = np.abs(found[:, :-1])
        whole = size.sum(axis=1)
        can = (whole > 0.0) & np.isfinite(over)
        found[can, :-1] += size[can] * (over[can] / whole[can])[:, None]
        return found

    def files(self) -> Mapping[str, bytes]:
        """Return XGBoost's UBJSON."""
        return {FILE: bytes(self._booster.save_raw("ubj"))}

    def importance(self) -> Mapping[str, float]:
        """Return total gain per feature."""
        gain = self._booster.get_score(importance_type="total_gain")
        return {n: float(gain.get(f"f{i}", 0.0)) for i, n in enumerate(self._space.names)}

    def loss_history(self) -> Sequence[float]:
        """Return the training log loss after each tree."""
        return self._losses


class Xgboost:
    """The XGBoost learner."""

    name = "xgboost"
    model_type = "xgboost"
    supports_monotone = True

    def parameters(self, overrides: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return complete parameters under the names of XGBoost's scikit-learn API.

        Raises:
            UsageError: ``learner-params``.
            MissingExtraError: XGBoost is not installed.
        """
        library("xgboost")
        refuse_unknown(self.name, set(overrides), set(DEFAULTS) | SCIKIT_API)
        return {**DEFAULTS, "random_state": seed, **overrides}

    def weight_ratio(self, params: Mapping[str, Any], y: npt.NDArray[np.int8]) -> float:  # noqa: ARG002 - the port's signature
        """Return omega = weight of a bad / weight of a good: ``scale_pos_weight``."""
        return float(params.get("scale_pos_weight", 1.0))

    def fit(self, task: FitTask) -> XgboostModel:
        """Fit on the task's rows.

        Raises:
            UsageError: ``monotone-categorical``, or ``learner-params`` where XGBoost refuses.
            MissingExtraError: XGBoost is not installed.
        """
        xgb = library("xgboost")
        native = self._native(task)
        losses: dict[str, dict[str, list[float]]] = {}
        with refusals("XGBoost", xgb.core.XGBoostError):
            omega = self.weight_ratio(task.params, task.y)
            data = xgb.QuantileDMatrix(
                task.x,
                label=task.y,
                weight=row_weights(task.y, omega, task.weight),
                feature_types=["c" if f.is_categorical else "q" for f in task.space.features],
                enable_categorical=True,
                max_bin=int(task.params["max_bin"]),
                nthread=native["nthread"],
            )
            booster = xgb.train(
                native,
                data,
                int(task.params["n_estimators"]),
                evals=[(data, "training")],
                evals_result=losses,
                verbose_eval=False,
            )
        return XgboostModel(booster, task.space, losses["training"]["logloss"])

    def _native(self, task: FitTask) -> dict[str, Any]:
        """Return the parameters of the native trainer; weights and rounds go another way."""
        left_out = {"n_estimators", "scale_pos_weight", "random_state"}
        native = {k: v for k, v in task.params.items() if k not in left_out}
        native |= {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "seed": task.params["random_state"],
            "nthread": task.threads if task.x.size > FEW_CELLS else 1,
            "validate_parameters": True,
            "verbosity": 0,
        }
        native.setdefault("tree_method", "hist")
        if task.monotone:
            native["monotone_constraints"] = tuple(signs(task))
        return native

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> XgboostModel:
        """Read the UBJSON back. Only for bytes a disposable child has survived.

        Raises:
            IntegrityError: ``bundle-model``.
            MissingExtraError: XGBoost is not installed.
        """
        xgb = library("xgboost")
        raw = files.get(FILE, b"")
        # Its parser may end the process on a file cut short; what can be seen is refused here.
        if not (raw.startswith(b"{") and raw.endswith(b"}")):
            raise damaged("XGBoost", f"{FILE} is absent or cut short")
        booster = xgb.Booster()
        try:
            booster.load_model(bytearray(raw))
            found = int(booster.num_features())
        except (xgb.core.XGBoostError, ValueError) as error:
            raise damaged("XGBoost", str(error).splitlines()[0]) from error
        if found != len(space.features):
            raise damaged("XGBoost", f"it expects {found} features, not {len(space.features)}")
        return XgboostModel(booster, space, ())


LEARNER = Xgboost()
