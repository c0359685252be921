"""One check of labels and scores, at the door of every statistic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scorewright.core.errors import UsageError

__all__ = ["Flags", "Floats", "Labels", "checked", "flags", "numbers", "refused"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]


def checked(
    y: npt.ArrayLike, p: npt.ArrayLike, *, classes: int = 2, probabilities: bool = False
) -> tuple[Labels, Floats]:
    """Return labels and scores as arrays, or say what is wrong with them.

    Args:
        y: Labels of shape (n,), 0 or 1.
        p: Scores of shape (n,), finite.
        classes: How many classes must be present: 2 for ranking, 1 for calibration.
        probabilities: Whether scores must lie in [0, 1].

    Raises:
        UsageError: ``statistics-input`` for empty, unequal or non-finite input or labels other
            than 0 and 1, PDs outside [0, 1]; ``one-class`` where only one class is present.
    """
    labels, scores = np.asarray(y), np.asarray(p, dtype=np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape or len(labels) == 0:
        raise refused(f"labels of shape {labels.shape} and scores of shape {scores.shape}")
    if not np.isfinite(scores).all():
        raise refused("scores that are not finite")
    if probabilities and (float(scores.min()) < 0.0 or float(scores.max()) > 1.0):
        raise refused("PDs outside 0 to 1")
    values = np.unique(labels)
    if not set(values.tolist()) <= {0, 1}:
        raise refused("labels other than 0 and 1")
    if len(values) < classes:
        raise UsageError(
            f"Only one class is present: all {len(labels)} labels are {int(values[0])}.",
            remedy="Check target and bad_value in scorewright.toml; both outcomes are needed.",
            code="one-class",
        )
    return labels.astype(np.int8), scores


def flags(values: npt.ArrayLike, rows: int) -> Flags:
    """Return yes-or-no values of shape (rows,) as booleans.

    Raises:
        UsageError: ``statistics-input`` for another shape, no rows, or values other than 0 and 1.
    """
    array = np.asarray(values)
    if array.shape != (rows,) or rows == 0:
        raise refused(f"yes-or-no values of shape {array.shape} for {rows} rows")
    if not set(np.unique(array).tolist()) <= {0, 1}:
        raise refused("yes-or-no values other than 0 and 1")
    return array.astype(np.bool_)


def numbers(values: npt.ArrayLike, name: str) -> Floats:
    """Return finite numbers of shape (n,), n > 0.

    Raises:
        UsageError: ``statistics-input`` for anything else; the message calls them ``name``.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or len(array) == 0 or not np.isfinite(array).all():
        raise refused(f"{name} that are not a list of finite numbers")
    return array


def refused(what: str) -> UsageError:
    """Return the error for input a statistic cannot be made of."""
    return UsageError(
        f"A statistic was given {what}.",
        remedy="Give labels 0 and 1 and as many finite scores.",
        code="statistics-input",
    )
