"""What is written down of a matrix: its plan, its parent run, and the cells on it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.flows.experiment.declare import Cell, Matrix
from scorewright.flows.experiment.result import FIGURES, CellResult, ExperimentResult
from scorewright.flows.experiment.rows import View, cell_digest, folds_digest, view_of
from scorewright.flows.experiment.stored import KIND_TAG, MATRIX_TAG
from scorewright.flows.ports import RunHandle, RunStart, RunView
from scorewright.flows.train import Prepared

__all__ = ["PlannedCell", "cell_result", "log_matrix", "matrix_start", "planned_cells"]


@dataclass(frozen=True, slots=True, eq=False)
class PlannedCell:
    """A cell with the rows it sees, its identity and the name of its run."""

    cell: Cell
    view: View
    digest: str
    name: str


def planned_cells(matrix: Matrix, shared: Prepared) -> list[PlannedCell]:
    """Return the cells with what each sees of the shared rows, in their order."""
    views = {s.name: view_of(shared, s) for s in matrix.strategies}
    folds, short = folds_digest(shared.plan), _short(shared)
    return [
        PlannedCell(cell, view, cell_digest(cell, view, folds), cell.name(short))
        for cell in matrix.cells
        for view in (views[cell.strategy.name],)
    ]


def matrix_start(
    matrix: Matrix, shared: Prepared, cells: Sequence[PlannedCell], commit: str
) -> RunStart:
    """Return the parent run of a matrix: the same cells have the same digest.

    Args:
        matrix: As it is declared.
        shared: The rows of all cells.
        cells: With their digests.
        commit: Commit of the code.
    """
    digest = sha256_hex(canonical_json([[p.name, p.digest] for p in cells]))
    wanted = shared.settings.experiment
    return RunStart(
        experiment=matrix.experiment,
        name=f"matrix_{_short(shared)}_{len(cells)}cells",
        description=(
            f"{len(cells)} cells on {shared.data_version}: strategies "
            f"{', '.join(wanted.strategies)}; sampling {', '.join(wanted.sampling)}; learners "
            f"{', '.join(wanted.learners)}. All on the same rows and folds."
        ),
        tags={
            "project": shared.settings.project.name,
            "stage": "development",
            "status": "active",
            "validation": shared.plan.label,
            "data_version": shared.data_version,
            "git_commit": commit,
            KIND_TAG: "matrix",
            MATRIX_TAG: digest,
        },
    )


def cell_result(
    planned: PlannedCell, view: RunView, ranked: Mapping[str, float], *, is_new: bool
) -> CellResult:
    """Return a cell as it lies in the store.

    Args:
        planned: What was planned.
        view: Its run.
        ranked: From `within_folds`.
        is_new: Whether it was done now.
    """
    logged = {**view.metrics, **ranked}
    return CellResult(
        name=view.name,
        run_id=view.run_id,
        strategy=planned.cell.strategy.name,
        sampling=planned.cell.sampling,
        learner=planned.cell.choice.name,
        digest=planned.digest,
        is_new=is_new,
        figures={name: logged[name] for name in FIGURES if name in logged},
    )


def log_matrix(parent: RunHandle, result: ExperimentResult) -> None:
    """Write the matrix down on its parent, the cells of earlier matrices among them."""
    aucs = [c.figures["roc_auc"] for c in result.cells if "roc_auc" in c.figures]
    parent.log_metrics(
        {
            "cells": float(result.declared),
            "cells_finished": float(len(result.cells)),
            "cells_failed": float(len(result.failures)),
            "findings": float(len(result.findings)),
            **({"best_roc_auc": max(aucs)} if aucs else {}),
        }
    )
    document = json.dumps(result.to_dict(), indent=2, allow_nan=False) + "\n"
    files = {"cells.json": document.encode("utf-8")}
    if result.cells:
        files["cells.csv"] = result.csv().encode("utf-8")
    parent.log_files(files)


def _short(prepared: Prepared) -> str:
    """Return the validation's part of a run name."""
    return "oot" if prepared.plan.scheme == "out_of_time" else "cv"
