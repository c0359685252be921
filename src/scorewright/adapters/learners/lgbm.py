"""LightGBM: gradient-boosted trees, kept as LightGBM's own text format.

Parameters carry the names of LightGBM's scikit-learn API, as the conventions ask; the native
trainer knows them as aliases. Training is deterministic for a given number of threads or not:
``deterministic`` and ``force_row_wise`` make the sums independent of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.learners.catalogue import refuse_unknown
from scorewright.adapters.trees import (
    NATIVE_ONLY,
    LoadedLgbmModel,
    class_ratio,
    class_weight,
    load_booster,
    row_weights,
)
from scorewright.core.errors import UsageError
from scorewright.core.matrix import FeatureSpace
from scorewright.flows.ports import FitTask

if TYPE_CHECKING:
    from scorewright.adapters.trees import LgbmBench, LgbmModel

__all__ = ["LEARNER", "Lgbm"]

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
    "early_stopping_round": 0,
}

SCIKIT_API = {
    "boosting_type", "min_child_weight", "min_split_gain", "random_state", "subsample_for_bin",
}  # fmt: skip


class Lgbm:
    """The LightGBM learner."""

    name = "lgbm"
    model_type = "lgbm"
    supports_monotone = True

    def parameters(self, overrides: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return complete parameters under the names of LightGBM's scikit-learn API.

        ``early_stopping_round`` chooses the number of rounds on the folds of a bench, up to
        ``n_estimators``; 0 is off. A single fit has nothing to stop on and makes all rounds.

        Raises:
            UsageError: ``learner-params``.
        """
        refuse_unknown(self.name, set(overrides), set(DEFAULTS) | NATIVE_ONLY | SCIKIT_API)
        params = {**DEFAULTS, "random_state": seed, **overrides}
        params["class_weight"] = class_weight(params["class_weight"])
        patience = params["early_stopping_round"]
        if not isinstance(patience, int) or patience < 0:
            raise UsageError(
                f"early_stopping_round cannot be {patience!r}.",
                remedy="Use a whole number of rounds, or 0 for none, in [learner.params].",
                code="learner-params",
            )
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
        weights = "balanced" if params.get("is_unbalance") else params.get("class_weight")
        return float(params.get("scale_pos_weight", 1.0)) * class_ratio(weights, y)

    def fit(self, task: FitTask) -> LgbmModel:
        """Fit on the task's rows.

        Raises:
            UsageError: ``monotone-categorical``, or ``learner-params`` where LightGBM refuses.
        """
        # Serving imports this module and never trains: it does without LightGBM's Python package.
        from scorewright.adapters.trees import fit_booster  # noqa: PLC0415

        omega = self.weight_ratio(task.params, task.y)
        return fit_booster(task, row_weights(task.y, omega, task.weight))

    def bench(self, task: FitTask) -> LgbmBench:
        """Return a bench on the task's matrix: its bins are made once for all models."""
        from scorewright.adapters.trees import LgbmBench  # noqa: PLC0415 - see above

        return LgbmBench(task, self.weight_ratio)

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> LoadedLgbmModel:
        """Read the text format. Only for bytes a disposable child has survived.

        Raises:
            IntegrityError: ``bundle-model``.
        """
        return load_booster(files, space)


LEARNER = Lgbm()
