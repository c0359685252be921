"""The matrix of experiments: declared once, resumed after anything, every cell a complete run."""

from scorewright.flows.experiment.choices import Choice
from scorewright.flows.experiment.declare import Cell, Matrix, Strategy, declare
from scorewright.flows.experiment.figures import LEGEND, auc_text, cost_text, label
from scorewright.flows.experiment.listing import ListedCell, MatrixListing, list_experiment
from scorewright.flows.experiment.ports import ExperimentTools, Locks, Scratch
from scorewright.flows.experiment.result import (
    COLUMNS,
    FIGURES,
    CellFailure,
    CellResult,
    ExperimentResult,
)
from scorewright.flows.experiment.run import matrix_of, run_experiment
from scorewright.flows.experiment.stored import CELL_TAG, DECLARED_TAG, KIND_TAG, MATRIX_TAG

__all__ = [
    "CELL_TAG",
    "COLUMNS",
    "DECLARED_TAG",
    "FIGURES",
    "KIND_TAG",
    "LEGEND",
    "MATRIX_TAG",
    "Cell",
    "CellFailure",
    "CellResult",
    "Choice",
    "ExperimentResult",
    "ExperimentTools",
    "ListedCell",
    "Locks",
    "Matrix",
    "MatrixListing",
    "Scratch",
    "Strategy",
    "auc_text",
    "cost_text",
    "declare",
    "label",
    "list_experiment",
    "matrix_of",
    "run_experiment",
]
