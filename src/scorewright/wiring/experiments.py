"""The experiments of a project: its matrix of strategies, samplings and learners."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.flows.events import Notify, ignore
from scorewright.wiring.training import scratch_bundles, train_tools

if TYPE_CHECKING:
    from scorewright.flows.experiment import ExperimentResult, ExperimentTools, MatrixListing
    from scorewright.flows.experiment_report import ExperimentReport
    from scorewright.wiring.project import Project

__all__ = ["ExperimentRoom", "ReportFiles"]

FOLDER = ".scorewright/experiments"


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """A report, and the files it was written to."""

    report: ExperimentReport
    html: Path
    csv: Path


@dataclass(frozen=True, slots=True)
class ExperimentRoom:
    """The experiments of a project."""

    project: Project

    def run(self, notify: Notify) -> ExperimentResult:
        """Do every cell of the matrix that is not done yet."""
        from scorewright.flows.experiment import run_experiment

        settings = self.project.settings
        source = self.project.source(settings.data.table)
        return run_experiment(settings, source, self.tools(notify))

    def list(self) -> MatrixListing:
        """List the declared cells, and which of them are done."""
        from scorewright.flows.experiment import list_experiment

        return list_experiment(self.project.settings, self.tools(ignore))

    def report(self, run_id: str | None, output: Path | None, notify: Notify) -> ReportFiles:
        """Compare the cells of a matrix; write the report to the project and to MLflow.

        Args:
            run_id: Parent run of the matrix; the newest by default.
            output: The HTML file; the CSV file lies beside it.
            notify: Hears the progress.
        """
        from scorewright.adapters.charts import VegaRenderer
        from scorewright.adapters.mlflow_store import MlflowRunIndex, MlflowRunLog
        from scorewright.adapters.project_files import refuse_unwritable, write_texts
        from scorewright.adapters.reports import HtmlReports
        from scorewright.flows.experiment_report import ReportTools, experiment_report

        html = output or self.project.root / "experiment.html"
        csv = html.with_suffix(".csv")
        for file in (html, csv):
            refuse_unwritable(file)
        uri, charts = self.project.tracking_uri, VegaRenderer()
        tools = ReportTools(
            index=MlflowRunIndex(uri),
            run_log=MlflowRunLog(uri, self.project.root / "mlruns"),
            charts=charts,
            reports=HtmlReports(charts),
            notify=notify,
        )
        report = experiment_report(self.project.settings, tools, run_id)
        write_texts(
            {
                file: report.files[name].decode("utf-8")
                for file, name in ((html, "report.html"), (csv, "cells.csv"))
            }
        )
        return ReportFiles(report, html, csv)

    def tools(self, notify: Notify) -> ExperimentTools:
        """Return the ports of an experiment."""
        from scorewright.adapters.locks import FileLocks
        from scorewright.adapters.mlflow_store import MlflowRunIndex
        from scorewright.flows.experiment import ExperimentTools

        return ExperimentTools(
            train=train_tools(self.project, notify),
            index=MlflowRunIndex(self.project.tracking_uri),
            locks=FileLocks(self.project.root / FOLDER),
            scratch=scratch_bundles(self.project.root / self.project.settings.bundles.keys),
        )
