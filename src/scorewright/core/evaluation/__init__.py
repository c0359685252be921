"""The figures of a validation under the names of the conventions."""

from scorewright.core.evaluation.figures import (
    FOLD_FIGURES,
    fold_figures,
    summarise_folds,
    threshold_figures,
    validation_figures,
)

__all__ = [
    "FOLD_FIGURES",
    "fold_figures",
    "summarise_folds",
    "threshold_figures",
    "validation_figures",
]
