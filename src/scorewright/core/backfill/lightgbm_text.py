"""LightGBM's text format: gains per feature, and the parameters of the training."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.backfill.values import typed

__all__ = ["add_gains", "read_lightgbm"]

#: Native name -> name in LightGBM's scikit-learn API, as the conventions ask for them.
_NAMES = {
    "num_iterations": "n_estimators",
    "max_depth": "max_depth",
    "num_leaves": "num_leaves",
    "learning_rate": "learning_rate",
    "bagging_fraction": "subsample",
    "bagging_freq": "subsample_freq",
    "feature_fraction": "colsample_bytree",
    "lambda_l1": "reg_alpha",
    "lambda_l2": "reg_lambda",
    "min_data_in_leaf": "min_child_samples",
    "is_unbalance": "is_unbalance",
    "monotone_constraints": "monotone_constraints",
    "seed": "random_state",
}
_PARAMETER = re.compile(r"^\[([a-z0-9_]+): (.*)\]$", re.MULTILINE)


def read_lightgbm(text: str) -> tuple[dict[str, float], dict[str, Any]]:
    """Read a model.

    Args:
        text: What ``save_model`` writes.

    Returns:
        Total gain by feature in the order of the inputs, and parameters by their scikit-learn
        names.

    Raises:
        ValueError: It is cut, or no such text.
    """
    trees, ended, rest = text.partition("\nend of trees")
    head, *_ = trees.partition("\nTree=")
    names = _line(head, "feature_names").split()
    if not ended or not names or len(set(names)) != len(names):
        raise ValueError("no complete model of LightGBM")
    gains = np.zeros(len(names))
    for tree in trees.split("\nTree=")[1:]:
        # A tree of one leaf splits nothing.
        if "\nsplit_gain=" in tree:
            splits = np.array(_line(tree, "split_feature").split(), dtype=np.int64)
            # LightGBM keeps gains in single precision and adds them up in double.
            gain = np.array(_line(tree, "split_gain").split(), dtype=np.float32).astype(float)
            add_gains(gains, splits, np.where(gain > 0.0, gain, 0.0))
    if not np.isfinite(gains).all():
        raise ValueError("gains that are not finite")
    params = _parameters(rest)
    if params.get("monotone_constraints") == []:
        # No signs are as many zeros.
        params["monotone_constraints"] = [0] * len(names)
    return dict(zip(names, gains.tolist(), strict=True)), params


def add_gains(
    gains: npt.NDArray[np.float64],
    splits: npt.NDArray[np.int64],
    gain: npt.NDArray[np.float64],
) -> None:
    """Add the gain of each split to that of its feature, in place.

    Args:
        gains: Shape (p,).
        splits: Positions of features, shape (k,).
        gain: Shape (k,).

    Raises:
        ValueError: A split names no feature, or shapes differ.
    """
    if splits.shape != gain.shape or (splits.size and splits.min() < 0):
        raise ValueError("splits and gains do not belong together")
    np.add.at(gains, splits, gain)


def _line(text: str, key: str) -> str:
    found = re.search(rf"^{key}=(.*)$", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"no {key}")
    return found.group(1)


def _parameters(text: str) -> dict[str, Any]:
    _, _, section = text.partition("\nparameters:")
    section, _, _ = section.partition("\nend of parameters")
    found: dict[str, Any] = {}
    for name, value in _PARAMETER.findall(section):
        if name == "monotone_constraints":
            found[name] = [int(sign) for sign in value.split(",") if sign]
        elif name == "is_unbalance":
            found[name] = value == "1"
        elif name in _NAMES:
            found[_NAMES[name]] = typed(value)
    return found
