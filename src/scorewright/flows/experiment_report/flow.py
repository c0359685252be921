"""Report an experiment: read its cells, compare them, write it down where they lie."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scorewright.core.comparison import Comparison, compare
from scorewright.core.conventions import experiment_name
from scorewright.core.project import Settings
from scorewright.flows.events import Note, Notify, StageDone, StageStarted
from scorewright.flows.experiment import auc_text, cost_text
from scorewright.flows.experiment_report.content import page, said
from scorewright.flows.experiment_report.figures import as_csv, lines, verdict
from scorewright.flows.experiment_report.pictures import pictures
from scorewright.flows.experiment_report.stored import StoredMatrix, find_matrix, read_matrix
from scorewright.flows.ports import (
    ChartRenderer,
    ReportRenderer,
    RunIndex,
    RunLog,
    RunStart,
    RunView,
)

__all__ = ["COLUMNS", "ExperimentReport", "ReportTools", "experiment_report"]

FOLDER = "report"
#: Draws of every cost difference. The report decides on them, so they are no matter of settings:
#: a project that asks for no interval of its thresholds must not make every cell look dearer.
DRAWS = 1_000
COLUMNS = ("group", "cell", "AUC", "cost", "features", "verdict")


@dataclass(frozen=True, slots=True)
class ReportTools:
    """The ports of a report.

    Attributes:
        index: Finds the runs.
        run_log: Takes the report.
        charts: Draws the pictures.
        reports: Renders the page.
        notify: Hears the progress.
    """

    index: RunIndex
    run_log: RunLog
    charts: ChartRenderer
    reports: ReportRenderer
    notify: Notify


@dataclass(frozen=True, slots=True)
class ExperimentReport:
    """What a report says.

    Attributes:
        experiment, tracking: Where the runs are found.
        run_id, run_name: The parent run; the files lie below ``report/`` of its artifacts.
        matrix: The cells.
        comparison: What can be said of them.
        files: ``report.html``, ``cells.csv``, ``comparison.json``, and every chart as PNG and as
            its Vega-Lite specification.
    """

    experiment: str
    tracking: str
    run_id: str
    run_name: str
    matrix: StoredMatrix
    comparison: Comparison
    files: Mapping[str, bytes]

    @property
    def answer(self) -> str:
        """Return what can be said, in plain sentences."""
        return said(self.matrix, self.comparison)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright experiment report --json``."""
        return {
            "schema_version": 1,
            "experiment": self.experiment,
            "tracking_uri": self.tracking,
            "run_id": self.run_id,
            "run_name": self.run_name,
            **document(self.matrix, self.comparison),
        }

    def table(self) -> list[tuple[str, ...]]:
        """Return the cells for people, the highest AUC first, in the order of `COLUMNS`."""
        told = self.comparison.cells
        return [
            (
                str(told[i].group),
                self.matrix.cells[i].label,
                auc_text(told[i].auc.estimate, told[i].auc.low, told[i].auc.high),
                cost_text(told[i].gap.cost),
                str(self.matrix.cells[i].cell.features),
                verdict(self.comparison, i),
            )
            for i in self.comparison.order
        ]


def experiment_report(
    settings: Settings, tools: ReportTools, run_id: str | None = None
) -> ExperimentReport:
    """Compare the cells of a matrix and log the report to its parent run.

    Args:
        settings: The project; its experiment, significance and seed.
        tools: Ports.
        run_id: Parent run of the matrix; the newest of the experiment by default.

    Raises:
        UsageError: ``experiment-missing``, ``experiment-unfinished``,
            ``experiment-cells-differ``, ``run-missing``, ``artifact-missing``.
        ScorewrightError: ``chart-unrenderable``, a store that cannot be used.
    """
    experiment = experiment_name(settings.project.name, settings.experiment.purpose)
    tools.notify(StageStarted("read"))
    matrix = read_matrix(tools.index, find_matrix(tools.index, experiment, run_id))
    tools.notify(StageDone("read", f"{len(matrix.cells)} cells, {len(matrix.rows.y):,} rows"))
    tools.notify(StageStarted("compare"))
    comparison = compare(
        matrix.rows,
        [stored.cell for stored in matrix.cells],
        matrix.costs,
        alpha=settings.experiment.significance,
        draws=DRAWS,
        seed=settings.project.seed,
    )
    tools.notify(StageDone("compare", f"{len(comparison.groups)} groups"))
    tools.notify(StageStarted("report"))
    files = _files(matrix, comparison, tools)
    _log(experiment, matrix.parent, files, tools)
    return ExperimentReport(
        experiment=experiment,
        tracking=tools.run_log.location(),
        run_id=matrix.parent.run_id,
        run_name=matrix.parent.name,
        matrix=matrix,
        comparison=comparison,
        files=files,
    )


def document(matrix: StoredMatrix, comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as JSON-ready data; what is not a finite number becomes null."""
    names = [stored.view.name for stored in matrix.cells]
    choice = comparison.recommendation
    found = {
        "answer": said(matrix, comparison),
        "significance": comparison.alpha,
        "detectable_difference": comparison.detectable,
        "recommended": None if choice.cell is None else names[choice.cell],
        "passed_over": [{"cell": names[i], "reason": why} for i, why in choice.passed_over],
        "groups": [[names[i] for i in group] for group in comparison.groups],
        "cells": lines(matrix, comparison),
        "pairs": [
            {**asdict(pair), "first": names[pair.first], "second": names[pair.second]}
            for pair in comparison.pairs
        ],
    }
    return {name: _finite(value) for name, value in found.items()}


def _files(matrix: StoredMatrix, comparison: Comparison, tools: ReportTools) -> dict[str, bytes]:
    charts = pictures(matrix, comparison)
    content = page(matrix, comparison, charts, tools.run_log.location())
    files = {
        "report.html": tools.reports.render(content).encode("utf-8"),
        "cells.csv": as_csv(matrix, comparison).encode("utf-8"),
        "comparison.json": _json({"schema_version": 1, **document(matrix, comparison)}),
    }
    for name, spec in charts.items():
        files[f"{name}.png"] = tools.charts.png(spec)
        files[f"{name}.json"] = _json(spec)
    return files


def _log(experiment: str, parent: RunView, files: Mapping[str, bytes], tools: ReportTools) -> None:
    """Write the report to the matrix's run, unless that would make it look complete."""
    if parent.status != "FINISHED":
        tools.notify(Note(f"{parent.name} is {parent.status}: the report is not logged to it."))
        return
    with tools.run_log.start(_reopened(experiment, parent)) as run:
        run.log_files({f"{FOLDER}/{name}": content for name, content in files.items()})
    tools.notify(StageDone("report", f"{len(files)} files on {parent.name}"))


def _reopened(experiment: str, parent: RunView) -> RunStart:
    """Return how the parent run is opened again, with the name and description it has."""
    return RunStart(
        experiment=experiment,
        name=parent.name,
        description=parent.tags.get("mlflow.note.content", ""),
        tags={},
        continues=parent.run_id,
    )


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode("utf-8")


def _finite(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value
