"""The story has the faults it promises, and is the same every time."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from tests.stores.story import (
    EXPERIMENTS,
    LOGGED_AUC,
    LOST_RUN,
    MODEL,
    THRESHOLDS,
    TRUE_AUC,
    WINDOWS,
    Story,
    build_story,
)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return build_story(tmp_path_factory.mktemp("story"))


def run_folder(story: Story, run: str) -> Path:
    (meta,) = story.notebooks.glob(f"*/{run}/meta.yaml")
    return meta.parent


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_tree_has_80_runs_in_6_experiments(story: Story) -> None:
    metas = list(story.notebooks.glob("*/*/meta.yaml"))
    deleted = [m for m in metas if 'lifecycle_stage: "deleted"' in m.read_text()]
    assert len(list(story.notebooks.glob("*/meta.yaml"))) == len(EXPERIMENTS) == 6
    assert (len(metas), len(deleted)) == (80, 38)
    assert {m.parent.name for m in deleted} == set(story.deleted)
    assert {m.parent.name for m in metas} == {*story.active, *story.deleted}


def test_one_active_run_has_artifacts(story: Story) -> None:
    having = [run for run in story.active if any((run_folder(story, run) / "artifacts").iterdir())]
    assert having == [story.with_artifacts]


def test_21_trials_have_one_metric(story: Story) -> None:
    assert len(story.trials) == 21
    assert "spiffy-loon-749" in story.trials
    for run in story.trials.values():
        assert len(list((run_folder(story, run) / "metrics").iterdir())) == 1


def test_two_experiments_claim_production(story: Story) -> None:
    folders = [run_folder(story, run) for run in story.production]
    assert [f.parent.name for f in folders] == ["4", "5"]
    for folder in folders:
        assert (folder / "tags" / "stage").read_text() == "production"
        assert not list((folder / "artifacts").iterdir())


def test_the_liar_logged_more_than_its_predictions_give(story: Story) -> None:
    folder = run_folder(story, story.liar)
    logged = float((folder / "metrics" / "roc_auc").read_text().split()[1])
    frame = pl.read_parquet(folder / "artifacts" / "predictions.parquet")
    assert logged == LOGGED_AUC
    assert roc_auc_score(frame["y"], frame["p"]) == pytest.approx(TRUE_AUC, abs=1e-12)


def test_duplicates_are_equal_and_dangling_folders_have_no_run(story: Story) -> None:
    for group in story.duplicates:
        first, *others = [digests(folder) for folder in group]
        assert first
        assert all(other == first for other in others)
    for folder in story.dangling:
        assert digests(folder)
        assert not (folder.parent / "meta.yaml").exists()
        assert folder.parent.name not in {*story.active, *story.deleted}


def test_the_root_has_6_runs_in_2_experiments_and_an_orphan_version(story: Story) -> None:
    with closing(sqlite3.connect(f"file:{story.database}?mode=ro", uri=True)) as connection:

        def all_of(query: str) -> list[tuple[Any, ...]]:
            return connection.execute(query).fetchall()

        runs = {run for (run,) in all_of("SELECT run_uuid FROM runs")}
        assert runs == set(story.root_runs.values())
        assert len(runs) == 6
        assert all_of("SELECT count(*) FROM experiments") == [(2,)]
        running = all_of("SELECT run_uuid FROM runs WHERE status = 'RUNNING'")
        assert [run for (run,) in running] == list(story.root_running)
        versions = all_of("SELECT version, run_id FROM model_versions ORDER BY version")
        assert versions == [(1, LOST_RUN), (2, story.champion[2])]
        aliases = all_of("SELECT name, version FROM registered_model_aliases")
        assert aliases == [story.champion[:2]]
        assert story.orphan_version == (MODEL, 1)
        assert LOST_RUN not in runs
        assert not {folder.parent.name for folder in story.dangling} & runs
        assert all_of("PRAGMA foreign_key_check") == []
        found = all_of("SELECT run_uuid, value FROM metrics WHERE key = 'optimal_threshold'")
    for run in story.active:
        path = run_folder(story, run) / "metrics" / "optimal_threshold"
        if path.exists():
            found.append((run, float(path.read_text().split()[1])))
    assert dict(found) == story.thresholds
    assert sorted(story.thresholds.values()) == sorted(THRESHOLDS)


def test_runs_are_stuck_mistold_and_from_windows(story: Story) -> None:
    for run in story.running:
        assert "end_time: null" in (run_folder(story, run) / "meta.yaml").read_text()
    assert "prÃ©stamos" in (
        run_folder(story, story.mojibake) / "tags" / "mlflow.note.content"
    ).read_text(encoding="utf-8")
    assert len(story.windows) == 72
    for run in story.windows:
        assert WINDOWS in (run_folder(story, run) / "meta.yaml").read_text()


def test_the_story_is_the_same_every_time(tmp_path: Path) -> None:
    folder = tmp_path / "credit"
    build_story(folder)
    first = digests(folder)
    shutil.rmtree(folder)
    build_story(folder)
    assert digests(folder) == first
