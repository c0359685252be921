"""The inventory of real stores, against what the MLflow that wrote them says."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.flows.store.opened import opened
from tests.stores.fixtures import CASES, truth, unpacked
from tests.stores.story import build_story

from scorewright.core.store_views import MetricWish
from scorewright.flows.store.inventory import FileWish, inventory_store


@pytest.mark.parametrize(("version", "kind"), CASES)
def test_the_counts_are_those_of_the_writing_client(
    version: str, kind: str, tmp_path: Path
) -> None:
    told = truth(version, kind)
    found = inventory_store(opened(unpacked(version, kind, tmp_path).path))
    runs = told["runs"]
    assert set(runs) <= set(found.runs["run_id"].to_list())
    for run, row in {row["run_id"]: row for row in found.runs.iter_rows(named=True)}.items():
        if run in runs:
            assert row["params"] == len(runs[run]["params"])
            assert row["metrics"] == len(runs[run]["metrics"])
            assert row["points"] == (sum(map(len, runs[run]["metrics"].values())) or None)
    assert found.totals["files"] == found.files.height > 0


def test_the_story_is_told(tmp_path: Path) -> None:
    story = build_story(tmp_path)
    found = inventory_store(opened(story.notebooks), MetricWish("roc_auc"))
    assert (found.totals["experiments"], found.totals["runs"]) == (6, 42)
    assert found.totals["without_artifacts"] == 41
    assert found.totals["running"] == len(story.running)
    best = found.experiments.filter(pl.col("experiment_id") == "1")["best_run"].item()
    assert best == story.liar  # by what it claims
    root = inventory_store(opened(story.database))
    assert root.totals["runs"] == 6
    assert root.totals["nobodys_files"] == 2


def test_files_are_hashed_or_left_alone_as_wished(tmp_path: Path) -> None:
    story = build_story(tmp_path)
    hashed = inventory_store(opened(story.database), files=FileWish(is_hashed=True))
    assert hashed.files["sha256"].null_count() == 0
    assert hashed.files["sha256"].n_unique() < hashed.files.height
    none = inventory_store(opened(story.database), files=FileWish(is_listed=False))
    assert none.files.is_empty()
