"""The matrix and its cells, read back from the store."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from scorewright.core.comparison import Cell, Rows
from scorewright.core.decision import CostMatrix
from scorewright.core.errors import UsageError
from scorewright.flows.experiment import label
from scorewright.flows.ports import RunIndex, RunView

__all__ = ["StoredCell", "StoredMatrix", "find_matrix", "read_matrix"]

KIND = "scorewright.kind"
CELLS = "cells.json"
PREDICTIONS = "predictions.parquet"
HISTORY = "fold_roc_auc"
KEPT = "n_features_kept"
NEEDED = ("optimal_threshold", "cox_slope", "mean_pd", "base_rate")
AGAIN = "Run 'scorewright experiment run': it does what is missing and nothing else."


@dataclass(frozen=True, slots=True, eq=False)
class StoredCell:
    """One finished cell.

    Attributes:
        view: Its run.
        strategy, sampling, learner: What was combined.
        label: For people, once in the matrix.
        cell: What is compared; its name is the label.
    """

    view: RunView
    strategy: str
    sampling: str
    learner: str
    label: str
    cell: Cell


@dataclass(frozen=True, slots=True, eq=False)
class StoredMatrix:
    """A matrix whose cells saw the same rows in the same folds.

    Attributes:
        parent: Its run.
        rows: Labels and folds.
        cells: In the order of the declaration.
        costs: Of the two mistakes, the same for all.
        declared: Number of cells of the matrix; those that failed are missing from ``cells``.
    """

    parent: RunView
    rows: Rows
    cells: tuple[StoredCell, ...]
    costs: CostMatrix
    declared: int


def find_matrix(index: RunIndex, experiment: str, run_id: str | None) -> RunView:
    """Return the parent run: the given one, or the newest of the experiment.

    Raises:
        UsageError: ``experiment-missing``, ``run-missing``.
    """
    if run_id is not None:
        view = index.get(run_id)
        if view.tags.get(KIND) == "matrix":
            return view
        raise _missing(f"The run {view.name} ({run_id}) is not that of a matrix.")
    found = index.find(experiment, {KIND: "matrix"})
    if not found:
        raise _missing(f"The experiment {experiment} has no matrix.")
    return found[-1]


def read_matrix(index: RunIndex, parent: RunView) -> StoredMatrix:
    """Read all cells of a matrix, those that were done for an earlier one among them.

    Args:
        index: The store.
        parent: Run of the matrix.

    Raises:
        UsageError: ``experiment-unfinished``, ``experiment-cells-differ``, ``run-missing``,
            ``artifact-missing``.
    """
    document = _document(index, parent)
    entries: Sequence[Mapping[str, Any]] = document["cells"]
    views = [_finished(index.get(str(entry["run_id"]))) for entry in entries]
    frames = [_frame(index, view) for view in views]
    _refuse_differences(views, frames)
    labels = _labels(entries)
    y = frames[0]["y"].cast(pl.Int8).to_numpy()
    fold = frames[0]["fold"].to_numpy()
    own = len(np.unique(fold))
    cells = tuple(
        StoredCell(
            view=view,
            strategy=str(entry["strategy"]),
            sampling=str(entry["sampling"]),
            learner=str(entry["learner"]),
            label=label,
            cell=_cell(view, frame, label, _further(index, view, own)),
        )
        for entry, view, frame, label in zip(entries, views, frames, labels, strict=True)
    )
    params = views[0].params
    costs = CostMatrix(float(params["cost_fn"]), float(params["cost_fp"]))
    return StoredMatrix(parent, Rows(y, fold), cells, costs, int(document["declared"]))


def _document(index: RunIndex, parent: RunView) -> Mapping[str, Any]:
    if parent.status == "RUNNING" or CELLS not in index.artifacts(parent.run_id):
        raise _unfinished(f"The matrix {parent.name} is not finished.")
    document: Mapping[str, Any] = json.loads(index.artifact(parent.run_id, CELLS))
    if not document["cells"]:
        raise _unfinished(f"The matrix {parent.name} has no finished cell.")
    return document


def _finished(view: RunView) -> RunView:
    lacking = [name for name in NEEDED if name not in view.metrics]
    if view.status == "FINISHED" and not lacking:
        return view
    what = f"lacks {', '.join(lacking)}" if lacking else f"is {view.status}"
    raise _unfinished(f"The cell {view.name} {what}.")


def _frame(index: RunIndex, view: RunView) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(index.artifact(view.run_id, PREDICTIONS)))


def _refuse_differences(views: Sequence[RunView], frames: Sequence[pl.DataFrame]) -> None:
    """Refuse cells of other rows, folds or costs: they cannot be held against each other."""
    first, known = views[0], frames[0]
    for view, frame in zip(views[1:], frames[1:], strict=True):
        what = _difference(first, view)
        for name, words in (("row_key", "rows"), ("y", "outcomes"), ("fold", "folds")):
            if not what and not frame[name].equals(known[name]):
                what = words
        if what:
            raise UsageError(
                f"The cells {first.name} and {view.name} were validated on other {what}.",
                remedy="Run 'scorewright experiment run' again: it does the cells anew whose "
                "data, folds or costs have changed, and reports a matrix of one kind.",
                code="experiment-cells-differ",
                details={"cells": [first.name, view.name], "differ_in": what},
            )


def _difference(one: RunView, other: RunView) -> str:
    # The hash behind the name covers the features of a cell, which differ by strategy.
    names = {view.tags.get("data_version", "").partition("@")[0] for view in (one, other)}
    if len(names) > 1:
        return "data"
    costs = ("cost_fn", "cost_fp")
    return "costs" if any(one.params.get(c) != other.params.get(c) for c in costs) else ""


def _labels(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return short names: the learner only where there are several."""
    several = len({entry["learner"] for entry in entries}) > 1
    parts = ("strategy", "sampling", "learner")
    labels = [label(*(str(e[part]) for part in parts), is_named=several) for e in entries]
    unique = len(set(labels)) == len(labels)
    return labels if unique else [f"{e['name']} {str(e['run_id'])[:6]}" for e in entries]


def _further(index: RunIndex, view: RunView, own: int) -> tuple[float, ...]:
    """Return the AUCs of repeats; those of the folds of the predictions are computed."""
    history = index.histories(view.run_id, [HISTORY]).get(HISTORY, ())
    return tuple(history[own:])


def _cell(view: RunView, frame: pl.DataFrame, label: str, further: tuple[float, ...]) -> Cell:
    return Cell(
        name=label,
        score=frame["p_raw"].cast(pl.Float64).to_numpy(),
        pd=frame["p"].cast(pl.Float64).to_numpy(),
        threshold=view.metrics["optimal_threshold"],
        cox_slope=view.metrics["cox_slope"],
        features=_features(view),
        sampling=view.tags.get("sampling_strategy", "none"),
        model_type=view.tags.get("model_type", ""),
        further=further,
    )


def _features(view: RunView) -> int:
    """Return how many features the fitted model uses: the kept ones, where it chose."""
    return int(view.metrics.get(KEPT, float(view.params.get("n_features", "0"))))


def _unfinished(what: str) -> UsageError:
    return UsageError(what, remedy=AGAIN, code="experiment-unfinished")


def _missing(what: str) -> UsageError:
    return UsageError(
        what, remedy="Run 'scorewright experiment run' first.", code="experiment-missing"
    )
