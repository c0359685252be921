"""The declared matrix, and which of its cells are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scorewright.core.project import Settings
from scorewright.flows.experiment.declare import Cell
from scorewright.flows.experiment.ports import ExperimentTools
from scorewright.flows.experiment.run import matrix_of
from scorewright.flows.experiment.stored import DECLARED_TAG, KIND_TAG
from scorewright.flows.ports import RunView

__all__ = ["ListedCell", "MatrixListing", "list_experiment"]


@dataclass(frozen=True, slots=True)
class ListedCell:
    """A declared cell and the newest run that was made under these settings.

    Attributes:
        number, strategy, sampling, learner: As declared.
        status: Of the run; ``open`` where there is none.
        run_name, run_id, data_version: Of the run; empty where there is none.
    """

    number: int
    strategy: str
    sampling: str
    learner: str
    status: str
    run_name: str
    run_id: str
    data_version: str

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class MatrixListing:
    """The declared matrix.

    Attributes:
        experiment: Name of the experiment in the store.
        cells: In their order.
    """

    experiment: str
    cells: Sequence[ListedCell]

    @property
    def finished(self) -> int:
        """Number of cells with a finished run."""
        return sum(1 for cell in self.cells if cell.status == "FINISHED")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright experiment list --json``."""
        return {
            "schema_version": 1,
            "experiment": self.experiment,
            "declared": len(self.cells),
            "finished": self.finished,
            "cells": [cell.to_dict() for cell in self.cells],
        }

    def table(self) -> list[tuple[str, ...]]:
        """Return the cells for people."""
        return [
            (f"{c.number:02d}", c.strategy, c.sampling, c.learner, c.status.lower(), c.run_name,
             c.data_version)
            for c in self.cells
        ]  # fmt: skip


def list_experiment(settings: Settings, tools: ExperimentTools) -> MatrixListing:
    """List the cells with what is there of them. Nothing is read but settings and store.

    A run counts where everything in the settings that decides its figures is as it was; whether
    the data is, too, only ``experiment run`` finds out.

    Args:
        settings: The project.
        tools: Ports.

    Raises:
        UsageError: As `matrix_of`.
    """
    matrix = matrix_of(settings, tools)
    newest: dict[str, RunView] = {}
    for view in tools.index.find(matrix.experiment, {KIND_TAG: "cell"}):
        newest[view.tags.get(DECLARED_TAG, "")] = view
    cells = tuple(_listed(cell, newest.get(cell.digest)) for cell in matrix.cells)
    return MatrixListing(matrix.experiment, cells)


def _listed(cell: Cell, view: RunView | None) -> ListedCell:
    return ListedCell(
        number=cell.number,
        strategy=cell.strategy.name,
        sampling=cell.sampling,
        learner=cell.choice.name,
        status=view.status if view is not None else "open",
        run_name=view.name if view is not None else "",
        run_id=view.run_id if view is not None else "",
        data_version=view.tags.get("data_version", "") if view is not None else "",
    )
