"""LightGBM's native trainer and its fitted booster."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from scorewright.adapters.trees.loaded import FILE, load_booster
from scorewright.adapters.trees.parameters import refusals
from scorewright.adapters.trees.signs import signs
from scorewright.core.matrix import FeatureSpace
from scorewright.flows.ports import FitTask

__all__ = [
    "LgbmModel",
    "bins",
    "fit_booster",
    "native_parameters",
    "train",
]

Floats = npt.NDArray[np.float64]

#: Below this many cells a second thread costs more than it brings; on a busy machine its busy
#: waiting made 3,300 rows take 10 s instead of 0.2 s.
FEW_CELLS = 250_000

#: Weights, rounds and stopping go another way than the native parameters.
LEFT_OUT = frozenset({
    "class_weight", "is_unbalance", "scale_pos_weight", "n_estimators", "early_stopping_round",
})  # fmt: skip


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

    def contributions(self, x: Floats) -> Floats:
        """Return what each column adds to the log-odds, shape (n, p + 1); the last is the base."""
        return load_booster(self.files(), self._space).contributions(x)

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


def native_parameters(task: FitTask, params: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """Return the parameters of the native trainer.

    Args:
        task: Space, signs and threads.
        params: Complete parameters of the learner.
        rows: Rows the model is fitted on; few of them get one thread.

    Raises:
        UsageError: ``monotone-categorical``.
    """
    native = {k: v for k, v in params.items() if k not in LEFT_OUT}
    cells = rows * len(task.space.features)
    native |= {
        "objective": "binary",
        "metric": "binary_logloss",
        "deterministic": True,
        "force_row_wise": True,
        # Bins are then the same whatever min_child_samples says, and can be shared.
        "feature_pre_filter": False,
        "num_threads": task.threads if cells > FEW_CELLS else 1,
        "verbosity": -1,
    }
    if task.monotone:
        native["monotone_constraints"] = signs(task)
    return native


def bins(task: FitTask, weight: Floats | None, native: Mapping[str, Any]) -> lgb.Dataset:
    """Return the task's rows in bins; LightGBM makes them when they are first used."""
    return lgb.Dataset(
        task.x,
        label=task.y,
        weight=weight,
        feature_name=_safe_names(task.space.names),
        categorical_feature=list(task.space.categorical_indices),
        params=dict(native),
        free_raw_data=True,
    )


def train(data: lgb.Dataset, native: Mapping[str, Any], rounds: int) -> tuple[lgb.Booster, Any]:
    """Train on bins; return the booster and its log loss after each tree."""
    losses: dict[str, dict[str, list[float]]] = {}
    booster = lgb.train(
        dict(native),
        data,
        num_boost_round=rounds,
        valid_sets=[data],
        valid_names=["training"],
        callbacks=[lgb.record_evaluation(losses)],
    )
    return booster, losses["training"]["binary_logloss"]


def fit_booster(task: FitTask, weight: Floats | None) -> LgbmModel:
    """Fit a booster on the task's rows.

    Args:
        task: Rows and parameters.
        weight: Weights of shape (n,), class weights included.

    Raises:
        UsageError: ``monotone-categorical``, or ``learner-params`` where LightGBM refuses.
    """
    native = native_parameters(task, task.params, len(task.y))
    with refusals("LightGBM", lgb.basic.LightGBMError):
        rounds = int(task.params["n_estimators"])
        booster, losses = train(bins(task, weight, native), native, rounds)
    return LgbmModel(booster, task.space, losses)


def _safe_names(names: Sequence[str]) -> list[str]:
    """Return names LightGBM accepts (it refuses JSON punctuation), unique and in order."""
    safe = [re.sub(r"[^A-Za-z0-9_.\-]", "_", name) for name in names]
    return [name if safe.count(name) == 1 else f"{name}_{i}" for i, name in enumerate(safe)]
