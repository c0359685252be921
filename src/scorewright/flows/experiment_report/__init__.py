"""The report of an experiment: which of its cells differ, and which to take."""

from scorewright.flows.experiment_report.flow import (
    COLUMNS,
    ExperimentReport,
    ReportTools,
    experiment_report,
)

__all__ = ["COLUMNS", "ExperimentReport", "ReportTools", "experiment_report"]
