"""One check of labels and scores, at the door of every statistic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scorewright.core.errors import UsageError

__all__ = ["Floats", "Labels", "checked"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]


def checked(y: npt.ArrayLike, p: npt.ArrayLike, *, classes: int = 2) -> tuple[Labels, Floats]:
    """Return labels and scores as arrays, or say what is wrong with them.

    Args:
        y: Labels of shape (n,), 0 or 1.
        p: Scores of shape (n,), finite.
        classes: How many classes must be present: 2 for ranking, 1 for calibration.

    Raises:
        UsageError: ``statistics-input`` for empty, unequal or non-finite input or labels other
            than 0 and 1; ``one-class`` where only one class is present.
    """
    labels, scores = np.asarray(y), np.asarray(p, dtype=np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape or len(labels) == 0:
        raise _refused(f"labels of shape {labels.shape} and scores of shape {scores.shape}")
    if not np.isfinite(scores).all():
        raise _refused("scores that are not finite")
    values = np.unique(labels)
    if not set(values.tolist()) <= {0, 1}:
        raise _refused("labels other than 0 and 1")
    if len(values) < classes:
        raise UsageError(
            f"Only one class is present: all {len(labels)} labels are {int(values[0])}.",
            remedy="Check target and bad_value in scorewright.toml; both outcomes are needed.",
            code="one-class",
        )
    return labels.astype(np.int8), scores


def _refused(what: str) -> UsageError:
    return UsageError(
        f"A statistic was given {what}.",
        remedy="Give labels 0 and 1 and as many finite scores.",
        code="statistics-input",
    )
