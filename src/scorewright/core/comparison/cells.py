"""What is compared: the same rows in the same folds, scored by several models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.errors import UsageError

__all__ = ["Cell", "Floats", "Rows", "check_cells", "refused"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The applications all cells were validated on.

    Attributes:
        y: Labels of shape (n,), 1 is bad.
        fold: Fold of each row, shape (n,); every fold holds bads and goods.
    """

    y: npt.NDArray[np.int8]
    fold: npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One way to make a model, judged out of fold.

    Attributes:
        name: Name, once in a comparison.
        score: Out-of-fold scores of shape (n,), higher is worse. Only their order within a fold
            is looked at, so raw scores serve as well as calibrated ones, without their ties.
        pd: Calibrated out-of-fold PDs of shape (n,).
        threshold: Its own; applications with ``pd >= threshold`` are declined.
        cox_slope: Slope of the PDs' Cox line; 1 is perfect.
        features: How many features the model uses: those it kept, where it chose among them.
        sampling: Name of the sampling: ``none``, ``smote`` ...
        model_type: As in the tag ``model_type``: ``lgbm``, ``logistic`` ...
        further: AUCs of the folds of further assignments, the same ones for all cells.
    """

    name: str
    score: Floats
    pd: Floats
    threshold: float
    cox_slope: float
    features: int
    sampling: str = "none"
    model_type: str = "lgbm"
    further: tuple[float, ...] = ()

    @property
    def declined(self) -> npt.NDArray[np.bool_]:
        """Return the decisions at its own threshold, shape (n,)."""
        return self.pd >= self.threshold


def check_cells(rows: Rows, cells: Sequence[Cell]) -> None:
    """Refuse cells that cannot be compared row by row.

    Raises:
        UsageError: ``comparison-input``.
    """
    n = len(rows.y)
    names = [cell.name for cell in cells]
    if not cells or len(set(names)) < len(names):
        raise refused("no cells, or two cells of one name")
    if rows.fold.shape != (n,):
        raise refused(f"{len(rows.fold)} folds for {n} rows")
    for cell in cells:
        if cell.score.shape != (n,) or cell.pd.shape != (n,):
            raise refused(f"{len(cell.score)} scores of {cell.name} for {n} rows")
    if len({len(cell.further) for cell in cells}) > 1:
        raise refused("cells with different numbers of repeats")


def refused(what: str) -> UsageError:
    """Return the error for cells that cannot be compared."""
    return UsageError(
        f"A comparison was given {what}.",
        remedy="Compare models that were validated on the same rows in the same folds.",
        code="comparison-input",
    )
