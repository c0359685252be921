"""Which of the stored predictions tell how well a run does on rows it never saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scorewright.core.audit import Predictions

__all__ = ["ValidatedRows", "validated_rows"]

#: Roles of rows a model was not fitted on, in order of preference.
_ROLES = (
    "out_of_fold", "oof", "validation", "valid", "val", "cv", "test", "testing", "holdout",
    "hold_out", "oot", "out_of_time",
)  # fmt: skip
_OUT_OF_FOLD = "out_of_fold"
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class ValidatedRows:
    """Labels and scores that figures are computed from.

    Attributes:
        y: Labels of shape (n,), both classes occur.
        p: Scores of shape (n,).
        fold: Which fold held each row out, from 0, shape (n,); None where that is not known.
        role: ``out_of_fold``, the file's own word, or ``unknown``.
        unit: Distance of the grid the scores were rounded to; 0 where they were not.
    """

    y: npt.NDArray[np.int8]
    p: npt.NDArray[np.float64]
    fold: npt.NDArray[np.int64] | None
    role: str
    unit: float

    @property
    def are_probabilities(self) -> bool:
        """Whether scores lie between 0 and 1; others only rank."""
        return bool(self.p.min() >= 0.0) and bool(self.p.max() <= 1.0)


def validated_rows(stored: Predictions) -> ValidatedRows | str:
    """Choose the rows of a file that were not trained on.

    Args:
        stored: What the run stored.

    Returns:
        The rows, or why there are none.
    """
    if stored.role is None:
        role = _UNKNOWN if stored.fold is None else _OUT_OF_FOLD
        return _checked(stored, np.ones(stored.y.size, dtype=np.bool_), role)
    found = next((role for role in _ROLES if (stored.role == role).any()), None)
    if found is None:
        told = ", ".join(sorted({repr(str(role)) for role in stored.role})[:5])
        return f"the rows of {stored.path} are not those of a validation: {told}"
    return _checked(stored, stored.role == found, found)


def _checked(stored: Predictions, rows: npt.NDArray[np.bool_], role: str) -> ValidatedRows | str:
    y = stored.y[rows]
    if y.min() == y.max():
        return f"all rows of {stored.path} have one outcome"
    fold = None if stored.fold is None else stored.fold[rows]
    if fold is not None:
        # Folds of the rows that are left, counted anew.
        fold = np.unique(fold, return_inverse=True)[1].astype(np.int64)
        fold = fold if fold.max() > 0 else None
    return ValidatedRows(y, stored.p[rows], fold, role, stored.unit)
