"""The same report from a real MLflow store: read, compared, written back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fakes.machine import NoCharts
from tests.flows.experiment_report.matrices import PARENT, made_up_matrix

from scorewright.adapters.mlflow_store import MlflowRunIndex, MlflowRunLog
from scorewright.core.project import Settings
from scorewright.core.report import ReportContent
from scorewright.flows.events import Event
from scorewright.flows.experiment_report import ReportTools, experiment_report
from scorewright.flows.ports import RunStart

pytestmark = pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"
)

EXPERIMENT = "demo_feature_engineering_cv"


class Blank:
    """A `ReportRenderer` for a test that does not look at the page."""

    def render(self, content: ReportContent) -> str:
        return content.title


def test_a_report_is_added_to_the_finished_run_of_the_matrix(tmp_path: Path) -> None:
    # Given three cells and their matrix in a SQLite store
    uri = f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}"
    log, index = MlflowRunLog(uri), MlflowRunIndex(uri)
    made_up = made_up_matrix(rows=800)
    matrix = made_up.get(PARENT)
    document = json.loads(made_up.artifact(PARENT, "cells.json"))
    entries = []
    with log.start(RunStart(EXPERIMENT, matrix.name, "Three cells.", matrix.tags)) as parent:
        for entry in document["cells"][:3]:
            cell = made_up.get(entry["run_id"])
            start = RunStart(EXPERIMENT, cell.name, "A cell.", cell.tags, parent=parent.run_id)
            with log.start(start) as run:
                run.log_params(cell.params)
                run.log_metrics(cell.metrics)
                run.log_history(made_up.folds[cell.run_id])
                run.log_files(made_up.files[cell.run_id])
            entries.append({**entry, "run_id": run.run_id})
        done = json.dumps({**document, "declared": 3, "cells": entries})
        parent.log_files({"cells.json": done.encode()})
    before = index.get(parent.run_id)

    # When it is reported
    settings = Settings.model_validate(
        {
            "project": {"name": "demo"},
            "tables": {"loans": {"files": "loans.csv"}},
            "data": {"table": "loans", "target": "bad"},
            "validation": {"bootstrap": 20},
        }
    )
    events: list[Event] = []
    report = experiment_report(
        settings, ReportTools(index, log, NoCharts(), Blank(), events.append)
    )

    # Then the files lie on the run of the matrix, which is finished and described as before
    after = index.get(parent.run_id)
    assert {f"report/{name}" for name in report.files} <= index.artifacts(parent.run_id)
    assert index.artifact(parent.run_id, "report/cells.csv") == report.files["cells.csv"]
    assert (after.status, after.name, after.tags) == ("FINISHED", before.name, before.tags)
    assert len(report.table()) == 3
    assert [c["run_id"] for c in report.to_dict()["cells"]] != []
