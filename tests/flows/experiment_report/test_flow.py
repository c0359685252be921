"""A matrix of made-up cells, read from a store, compared, and written back to it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from tests.fakes.machine import NoCharts
from tests.flows.experiment_report.matrices import (
    PARENT,
    ContinuedRuns,
    MemoryIndex,
    made_up_matrix,
    parquet,
)

from scorewright.core.errors import UsageError
from scorewright.core.project import Settings
from scorewright.core.report import ReportContent
from scorewright.flows.events import Event, Note
from scorewright.flows.experiment_report import ExperimentReport, ReportTools, experiment_report
from scorewright.flows.ports import RunStart

FIRST = f"{1:032x}"
SECOND = f"{2:032x}"


class Titles:
    """A `ReportRenderer` that keeps the content and returns its title."""

    content: ReportContent

    def render(self, content: ReportContent) -> str:
        self.content = content
        return content.title


class World:
    """A store with one matrix, and everything a report needs."""

    def __init__(self, index: MemoryIndex) -> None:
        self.index = index
        self.runs = ContinuedRuns(index)
        self.pages = Titles()
        self.events: list[Event] = []

    def report(self, run_id: str | None = None, **experiment: Any) -> ExperimentReport:
        tools = ReportTools(self.index, self.runs, NoCharts(), self.pages, self.events.append)
        return experiment_report(settings(**experiment), tools, run_id)


def settings(bootstrap: int = 50, **experiment: Any) -> Settings:
    return Settings.model_validate(
        {
            "project": {"name": "demo"},
            "tables": {"loans": {"files": "loans.csv"}},
            "data": {"table": "loans", "target": "bad"},
            "validation": {"bootstrap": bootstrap},
            "experiment": experiment,
        }
    )


@pytest.fixture(scope="module")
def made_up() -> MemoryIndex:
    return made_up_matrix(rows=1500, out_of_time=True)


@pytest.fixture
def world(made_up: MemoryIndex) -> World:
    copied = {run: dict(files) for run, files in made_up.files.items()}
    return World(
        MemoryIndex(dict(made_up.runs), dict(made_up.experiments), copied, dict(made_up.folds))
    )


def changed(world: World, run_id: str, **columns: pl.Expr) -> None:
    """Write other predictions to a run."""
    files = world.index.files[run_id]
    frame = pl.read_parquet(io.BytesIO(files["predictions.parquet"]))
    files["predictions.parquet"] = parquet(frame.with_columns(**columns))


def refusal(world: World, run_id: str | None = None) -> UsageError:
    with pytest.raises(UsageError) as caught:
        world.report(run_id)
    return caught.value


def test_the_report_lies_on_the_run_of_the_matrix(world: World) -> None:
    # When a matrix is reported
    report = world.report()

    # Then its run is opened again as it was, and holds page, figures and charts
    description = world.index.runs[PARENT].tags["mlflow.note.content"]
    assert world.runs.starts == [
        RunStart(
            "demo_feature_engineering_cv", "matrix_cv_16cells", description, {}, continues=PARENT
        )
    ]
    charts = {
        "groups",
        "heatmap_auc",
        "heatmap_cost",
        "differences",
        "folds",
        "costs",
        "out_of_time",
    }
    names = {"report.html", "cells.csv", "comparison.json"}
    names |= {f"{c}.png" for c in charts} | {f"{c}.json" for c in charts}
    assert set(report.files) == names
    logged = {f"report/{name}": content for name, content in report.files.items()}
    assert logged.items() <= world.index.files[PARENT].items()
    assert (report.run_id, report.run_name) == (PARENT, "matrix_cv_16cells")


def test_table_csv_and_json_say_the_same(world: World) -> None:
    report = world.report()

    rows = list(csv.DictReader(io.StringIO(report.files["cells.csv"].decode())))
    told = report.to_dict()
    saved = json.loads(report.files["comparison.json"])

    assert len(rows) == len(report.table()) == len(told["cells"]) == 16
    assert [r["name"] for r in rows] == [c["name"] for c in told["cells"]]
    assert [r["group"] for r in rows] == [line[0] for line in report.table()]
    assert [r["verdict"] for r in rows] == [line[-1] for line in report.table()]
    assert saved["recommended"] == told["recommended"]
    assert len(saved["pairs"]) == 120
    assert sum(len(group) for group in saved["groups"]) == 16
    aucs = [float(r["auc_within_folds"]) for r in rows]
    assert aucs == sorted(aucs, reverse=True)
    assert float(rows[0]["roc_auc"]) == world.index.runs[rows[0]["run_id"]].metrics["roc_auc"]
    json.dumps(told, allow_nan=False)


def test_the_page_says_what_can_be_said(world: World) -> None:
    report = world.report()

    page = world.pages.content
    assert page.title == "demo: matrix_cv_16cells"
    assert [s.id for s in page.sections] == [
        "answer",
        "groups",
        "heatmap-auc",
        "heatmap-cost",
        "differences",
        "folds",
        "costs",
        "out-of-time",
        "ranking",
        "calibration",
        "best",
    ]
    assert page.sections[0].prose == report.answer
    assert page.verdict[0].label == "Recommended"
    assert page.footer["matrix"].startswith(PARENT)
    assert "16 cells on 1,500 applications" in page.subtitle


def test_the_recommended_cell_is_calibrated_and_of_the_best_group(world: World) -> None:
    told = world.report().to_dict()

    chosen = next(c for c in told["cells"] if c["recommended"])
    assert chosen["group"] == 1
    assert 0.9 <= chosen["cox_slope"] <= 1.1
    assert chosen["verdict"] == "recommended"
    assert chosen["sampling"] != "smote"


def test_raw_scores_rank_and_calibrated_ones_decide(world: World) -> None:
    # Given a run whose calibrated PDs are all tied, as a coarse isotonic step may do
    before = {c["name"]: c for c in world.report().to_dict()["cells"]}
    changed(world, FIRST, p=pl.lit(0.2))

    after = {c["name"]: c for c in world.report().to_dict()["cells"]}

    name = world.index.runs[FIRST].name
    assert after[name]["auc_within_folds"] == before[name]["auc_within_folds"]
    assert after[name]["cost_per_application"] != before[name]["cost_per_application"]


def test_the_draws_of_thresholds_decide_nothing(world: World) -> None:
    # Given projects that draw nothing for their thresholds, little, and much
    reports = [world.report(bootstrap=draws) for draws in (0, 20, 500)]

    # Then costs have the same intervals, and those have a width
    gaps = [[cell.gap for cell in report.comparison.cells] for report in reports]
    assert gaps[0] == gaps[1] == gaps[2]
    assert sum(gap.high > gap.low for gap in gaps[0]) == 15
    assert any(gap.low <= 0.0 < gap.difference for gap in gaps[0])


def test_kept_features_count_where_a_cell_chose_among_them(world: World) -> None:
    view = world.index.runs[SECOND]
    world.index.change(SECOND, metrics={**view.metrics, "n_features_kept": 7.0})

    told = {c["run_id"]: c for c in world.report().to_dict()["cells"]}

    assert (told[SECOND]["features"], told[SECOND]["features_offered"]) == (7, 23)
    assert (told[FIRST]["features"], told[FIRST]["features_offered"]) == (23, 23)


def test_repeats_come_from_the_histories(world: World) -> None:
    for run_id, folds in world.index.folds.items():
        world.index.folds[run_id] = {"fold_roc_auc": [*folds["fold_roc_auc"], 0.7, 0.71]}

    report = world.report()

    assert all(len(cell.folds) == 7 for cell in report.comparison.cells)
    assert all(cell.folds[5:] == (0.7, 0.71) for cell in report.comparison.cells)


def test_without_out_of_time_rows_there_is_no_triplet() -> None:
    world = World(made_up_matrix(rows=1000))

    report = world.report()

    assert "out_of_time.png" not in report.files


def test_learners_are_named_where_there_are_several() -> None:
    world = World(made_up_matrix(rows=600, learners=("lgbm", "logistic")))

    report = world.report()

    labels = [line[1] for line in report.table()]
    assert sum(label.endswith(" · logistic") for label in labels) == 16
    # Too many squares to read.
    assert "differences.png" not in report.files


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"row_key": pl.col("row_key").reverse()}, "rows"),
        ({"y": 1 - pl.col("y")}, "outcomes"),
        ({"fold": 4 - pl.col("fold")}, "folds"),
    ],
)
def test_cells_of_other_rows_are_refused(
    world: World, columns: Mapping[str, pl.Expr], word: str
) -> None:
    changed(world, SECOND, **columns)

    error = refusal(world)

    assert error.code == "experiment-cells-differ"
    assert f"on other {word}" in str(error)
    assert world.runs.starts == []


@pytest.mark.parametrize("what", ["data", "costs"])
def test_cells_of_other_data_or_costs_are_refused(world: World, what: str) -> None:
    view = world.index.runs[SECOND]
    if what == "data":
        world.index.change(SECOND, tags={**view.tags, "data_version": "other@3f2a9c11d0ab"})
    else:
        world.index.change(SECOND, params={**view.params, "cost_fn": "5.0"})

    error = refusal(world)

    assert error.code == "experiment-cells-differ"
    assert error.details["differ_in"] == what


def test_what_is_not_finished_is_refused(world: World) -> None:
    view = world.index.runs[SECOND]
    world.index.change(SECOND, status="FAILED")
    assert refusal(world).code == "experiment-unfinished"

    lacking = {k: v for k, v in view.metrics.items() if k != "cox_slope"}
    world.index.change(SECOND, status="FINISHED", metrics=lacking)
    assert "lacks cox_slope" in str(refusal(world))

    world.index.change(PARENT, status="RUNNING")
    assert "is not finished" in str(refusal(world))

    world.index.change(PARENT, status="KILLED")
    world.index.files[PARENT]["cells.json"] = b'{"cells": [], "declared": 3}'
    assert "no finished cell" in str(refusal(world))


def test_a_matrix_with_failed_cells_is_told_and_not_made_to_look_complete(world: World) -> None:
    # Given a matrix of which one cell failed
    document = json.loads(world.index.files[PARENT]["cells.json"])
    document["cells"].pop()
    world.index.files[PARENT]["cells.json"] = json.dumps(document).encode()
    world.index.change(PARENT, status="FAILED")

    # When it is reported
    report = world.report()

    # Then the page says so, and the run is left as it is
    assert "15 of 16 declared cells" in world.pages.content.subtitle
    assert world.runs.starts == []
    assert any(isinstance(e, Note) and "not logged" in e.message for e in world.events)
    assert len(report.table()) == 15


def test_the_newest_matrix_is_reported_unless_one_is_named(world: World) -> None:
    newer = replace(world.index.runs[PARENT], run_id="e" * 32, name="newer", started=9)
    world.index.add(
        "demo_feature_engineering_cv",
        newer,
        {"cells.json": world.index.files[PARENT]["cells.json"]},
    )

    assert world.report().run_name == "newer"
    assert world.report(PARENT).run_name == "matrix_cv_16cells"


def test_a_matrix_that_is_not_there(world: World) -> None:
    assert refusal(world, FIRST).code == "experiment-missing"
    assert refusal(world, "0" * 32).code == "run-missing"
    with pytest.raises(UsageError) as caught:
        world.report(purpose="model_selection")
    assert caught.value.code == "experiment-missing"


def test_two_reports_are_the_same(world: World) -> None:
    assert world.report().files == world.report().files
