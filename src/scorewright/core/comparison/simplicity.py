"""Which of two cells is the simpler one to explain, to run and to watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from scorewright.core.comparison.cells import Cell

__all__ = ["simplicity"]

#: From the training rows as they are to rows that are left out and made up.
_SAMPLINGS: Sequence[str] = ("none", "balanced", "undersample", "smote", "smote_undersample")

#: From a constant to many trees; what is not listed, ensembles among them, comes last.
_LEARNERS: Mapping[str, int] = MappingProxyType(
    {
        "dummy": 0,
        "logistic": 1,
        "scorecard": 2,
        "random_forest": 3,
        "lgbm": 4,
        "xgboost": 4,
        "catboost": 4,
    }
)


def simplicity(cell: Cell) -> tuple[int, int, int]:
    """Return a key that sorts the simplest cell first: features, then sampling, then learner."""
    known = cell.sampling in _SAMPLINGS
    sampling = _SAMPLINGS.index(cell.sampling) if known else len(_SAMPLINGS)
    return cell.features, sampling, _LEARNERS.get(cell.model_type, max(_LEARNERS.values()) + 1)
