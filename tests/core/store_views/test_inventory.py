"""What a store holds, counted."""

from __future__ import annotations

import json

import polars as pl
import pytest
from tests.core.store_views.made import made_files, made_store

from scorewright.core.errors import UsageError
from scorewright.core.findings import Finding
from scorewright.core.snapshot import FILES, Source, SourceKind, empty, snapshot_of
from scorewright.core.store_views import LEVELS, MetricWish, inventory_page, take_inventory


def test_everything_is_counted_once() -> None:
    totals = take_inventory(made_store(), made_files()).totals
    assert totals["experiments"] == 2
    assert totals["deleted_experiments"] == 1
    assert (totals["runs"], totals["deleted_runs"]) == (5, 1)
    assert (totals["running"], totals["failed"], totals["children"]) == (1, 1, 2)
    assert totals["points"] == 7
    assert (totals["versions"], totals["aliases"], totals["logged_models"]) == (2, 1, 1)
    assert (totals["files"], totals["bytes"]) == (3, 1524)
    assert (totals["nobodys_files"], totals["nobodys_bytes"]) == (1, 24)
    assert totals["without_artifacts"] == 4
    assert totals["without_name"] == 0  # a tag names the one without


def test_the_best_run_lives_and_has_a_figure() -> None:
    found = take_inventory(made_store(), made_files())
    rows = {row["experiment_id"]: row for row in found.experiments.iter_rows(named=True)}
    assert found.metric == "roc_auc"
    # The deleted run has 0.99, the mean of a cross-validation stands in for the figure.
    assert rows["1"]["best_run"] == "child2"
    assert (rows["2"]["best_run"], rows["2"]["best_name"]) == ("best", "named_by_tag")
    assert rows["3"]["best_run"] is None
    assert rows["1"]["deleted_runs"] == 1
    assert rows["2"]["bytes"] == 1500
    least = take_inventory(made_store(), made_files(), MetricWish("roc_auc", minimise=True))
    assert least.experiments["best_run"].to_list()[0] == "child1"


def test_a_metric_nobody_has_is_refused_with_those_that_are_near() -> None:
    with pytest.raises(UsageError, match="roc_acu") as caught:
        take_inventory(made_store(), made_files(), MetricWish("roc_acu"))
    assert caught.value.code == "metric-unknown"
    assert "roc_auc" in caught.value.remedy


def test_runs_know_their_versions_parents_and_sizes() -> None:
    runs = take_inventory(made_store(), made_files()).runs
    best = runs.filter(pl.col("run_id") == "best").row(0, named=True)
    assert best["versions"] == "credit_lgbm/2@champion"
    assert best["is_production"]
    assert (best["files"], best["bytes"], best["models"]) == (2, 1500, 1)
    assert best["seconds"] == 60.0
    child = runs.filter(pl.col("run_id") == "child1").row(0, named=True)
    assert child["parent_id"] == "parent"
    assert runs["run_id"].n_unique() == runs.height == 6


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_is_told_in_every_form(level: str) -> None:
    finding = Finding("STORE-025", "warning", "x", "cut", "mend it")
    found = take_inventory(made_store(), made_files(), findings=[finding])
    document = found.to_dict(level)  # type: ignore[arg-type]
    text = json.dumps(document, allow_nan=False)
    assert len(document[level]) == found.frame(level).height  # type: ignore[arg-type]
    assert "STORE-025" in text
    columns, rows = found.table(level)  # type: ignore[arg-type]
    assert rows
    assert all(len(row) == len(columns) for row in rows)
    page = inventory_page(found, level)  # type: ignore[arg-type]
    drawn = {"runs-by-experiment"}
    wanted = {"totals", level, "models", "findings", *drawn}
    assert {section.id for section in page.sections} - {"over-time"} == wanted
    for section in page.sections:
        if section.table is not None and section.id == level:
            # A column in which no row says anything is left out.
            cells = zip(*section.table.rows, strict=True)
            assert all(set(column) - {"", "0", "0 B", "active"} for column in cells)


def test_an_empty_store_is_no_error() -> None:
    nothing = snapshot_of(Source("x", SourceKind.FILES), {})
    found = take_inventory(nothing, empty(FILES))
    assert set(found.totals.values()) == {0}
    assert found.metric == ""
    assert found.to_dict()["experiments"] == []
    assert dict(found.pairs())["runs"] == "0"
    with pytest.raises(UsageError, match="roc_auc"):
        take_inventory(nothing, empty(FILES), MetricWish("roc_auc"))


def test_a_time_no_calendar_holds_is_left_out() -> None:
    runs = [{"run_id": "a", "experiment_id": "1", "start_time": 1 << 62, "end_time": -5}]
    found = take_inventory(made_store(runs=runs), made_files())
    assert found.runs["start"].to_list() == [None]
    json.dumps(found.to_dict("runs"), allow_nan=False)
