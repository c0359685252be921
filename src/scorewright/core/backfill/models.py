"""What native models say of themselves, read as text: nothing of them is ever carried out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from scorewright.core.backfill.lightgbm_text import add_gains, read_lightgbm
from scorewright.core.backfill.ubjson import read_ubjson

__all__ = ["NativeModel", "read_model"]

_DOCUMENT = b"{"
#: Whatever a damaged file may lead to.
_DAMAGE = (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class NativeModel:
    """A model of gradient-boosted trees.

    Attributes:
        model_type: ``lgbm`` or ``xgboost``.
        importance: Total gain by feature, in the order of the model's inputs.
        params: Parameters it was trained with, under the names of its scikit-learn API.
    """

    model_type: str
    importance: Mapping[str, float]
    params: Mapping[str, Any] = field(default_factory=dict)

    def renamed(self, names: Sequence[str]) -> NativeModel:
        """Return the model with other names of its inputs; unchanged where their number differs."""
        if len(set(names)) != len(self.importance):
            return self
        pairs = zip(names, self.importance.values(), strict=True)
        return replace(self, importance=dict(pairs))


def read_model(content: bytes) -> NativeModel | None:
    """Read LightGBM's text, or XGBoost's JSON or UBJSON.

    Args:
        content: Of a file.

    Returns:
        None where it is none of them, or damaged.
    """
    try:
        if content.startswith(b"tree\n"):
            gains, params = read_lightgbm(content.decode("utf-8"))
            return NativeModel("lgbm", gains, params)
        if content.startswith(_DOCUMENT):
            return _xgboost(_document(content), len(content))
    except _DAMAGE:
        return None
    return None


def _document(content: bytes) -> Any:  # noqa: ANN401 - any JSON value
    # A key of UBJSON begins with the type of its length, that of JSON with a quote.
    is_text = content[1:].lstrip()[:1] in (b'"', b"}")
    return json.loads(content) if is_text else read_ubjson(content)


def _xgboost(document: Mapping[str, Any], most: int) -> NativeModel:
    """Sum the loss changes of all splits per feature, as ``total_gain`` does."""
    learner = document["learner"]
    booster = learner["gradient_booster"]
    # "dart" keeps its trees one level deeper.
    trees = booster.get("gbtree", booster)["model"]["trees"]
    size = int(learner["learner_model_param"]["num_feature"])
    if not 0 < size <= most:
        raise ValueError("more inputs than bytes")
    names = list(learner.get("feature_names") or ()) or [f"f{i}" for i in range(size)]
    gains = np.zeros(size)
    for tree in trees:
        inner = np.asarray(tree["left_children"]) != -1
        splits = np.asarray(tree["split_indices"], dtype=np.int64)[inner]
        gain = np.asarray(tree["loss_changes"], dtype=np.float64)[inner]
        add_gains(gains, splits, gain)
    if len(set(names)) != size or not np.isfinite(gains).all():
        raise ValueError("names and inputs differ in number")
    importance = dict(zip(map(str, names), gains.tolist(), strict=True))
    return NativeModel("xgboost", importance, {"n_estimators": len(trees)})
