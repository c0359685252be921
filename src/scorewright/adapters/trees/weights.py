"""Weights of classes and rows, the same for every learner that takes them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from scorewright.core.errors import UsageError

__all__ = ["class_ratio", "class_weight", "row_weights"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
ClassWeight = str | dict[int, float] | None


def class_weight(value: object) -> ClassWeight:
    """Accept None, ``balanced`` or a table of weights; TOML keys are text.

    Raises:
        UsageError: ``learner-params``.
    """
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


def class_ratio(value: ClassWeight, y: Labels) -> float:
    """Return weight of a bad / weight of a good of a checked ``class_weight``.

    Args:
        value: What `class_weight` returned.
        y: Labels of shape (n,).
    """
    if isinstance(value, dict):
        return value[1] / value[0]
    return float(np.sum(y == 0) / np.sum(y == 1)) if value == "balanced" else 1.0


def row_weights(y: Labels, omega: float, weight: Floats | None) -> Floats | None:
    """Return the weight of each row: its own times ``omega`` for bads, shape (n,).

    Args:
        y: Labels of shape (n,).
        omega: Weight of a bad / weight of a good.
        weight: Weights of shape (n,), or None for 1.

    Returns:
        None where every row weighs 1.
    """
    if omega == 1.0:
        return weight
    own = np.where(y == 1, omega, 1.0)
    return own if weight is None else own * weight
