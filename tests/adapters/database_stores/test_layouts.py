"""Schemas are understood by what is there; older and newer ones are said and read on."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from tests.adapters.database_stores.reading import HEAD, columns, evidence, read
from tests.adapters.database_stores.small import RUN, old_store, small_store

from scorewright.adapters.database_stores.layouts import judge_revision, layout_of
from scorewright.adapters.mlflow_store.schema import _scripts, installed_head


def test_last_values_are_derived_where_mlflow_kept_none(tmp_path: Path) -> None:
    # Given: by step, then by time, then by value; NaN did not exist.
    with closing(old_store(tmp_path / "old.db", revision="90e64c465722")) as connection:
        connection.executemany(
            "INSERT INTO metrics VALUES (?, ?, ?, ?, ?)",
            [
                ("auc", 0.9, 50, RUN, 1),
                ("auc", 0.8, 10, RUN, 2),
                ("auc", 0.7, 20, RUN, 2),
                ("auc", 0.6, 20, RUN, 2),
                ("loss", 0.1, 5, RUN, 0),
            ],
        )
        connection.commit()
    snapshot = read(tmp_path / "old.db", history=True)
    assert columns(snapshot.metrics, "key", "value", "timestamp", "step", "is_nan", "points") == [
        ("auc", 0.7, 20, 2, False, 4),
        ("loss", 0.1, 5, 0, False, 1),
    ]
    assert snapshot.history is not None
    assert snapshot.history.height == 5
    assert snapshot.runs["name"].to_list() == ["from the tag"]
    assert snapshot.source.layout == "MLflow 1.0 to 1.9"
    assert list(evidence(snapshot, "STORE-022")) == [snapshot.source.location]


def test_metrics_without_steps_are_read(tmp_path: Path) -> None:
    with closing(old_store(tmp_path / "old.db", has_step=False)) as connection:
        connection.executemany(
            "INSERT INTO metrics VALUES (?, ?, ?, ?)",
            [("auc", 0.9, 10, RUN), ("auc", 0.8, 20, RUN)],
        )
        connection.commit()
    snapshot = read(tmp_path / "old.db", history=True)
    assert columns(snapshot.metrics, "value", "step", "points") == [(0.8, 0, 2)]
    assert (snapshot.source.revision, snapshot.source.layout) == ("", "MLflow before 1.0")
    assert not snapshot.source.is_current


def test_a_revision_nobody_knows_is_said_and_read(tmp_path: Path) -> None:
    with closing(small_store(tmp_path / "new.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        connection.execute("ALTER TABLE runs ADD COLUMN colour TEXT")
        connection.execute("CREATE TABLE novelties (id INTEGER)")
        connection.execute("INSERT INTO novelties VALUES (1), (2)")
        connection.commit()
    snapshot = read(tmp_path / "new.db")
    assert list(evidence(snapshot, "STORE-023")) == [snapshot.source.location]
    assert snapshot.source.layout == "not known"
    assert snapshot.runs.height == 1
    assert ("novelties", 2) in snapshot.others.rows()


def test_the_chain_of_revisions_is_that_of_mlflow() -> None:
    chain = [script.revision for script in _scripts().walk_revisions()]
    assert all(layout_of(revision).startswith("MLflow ") for revision in chain)
    older = {judge_revision(revision, installed_head(), "x")[0].code for revision in chain[1:]}
    assert older == {"STORE-022"}
    assert judge_revision(installed_head(), installed_head(), "x") == ()


@pytest.mark.parametrize(
    ("revision", "head", "code"),
    [
        (HEAD, "75868b020152", "STORE-023"),  # the installed MLflow is older than the store
        ("75868b020152", "eeeeeeeeeeee", "STORE-022"),  # and here newer than anything known
        ("eeeeeeeeeeee", "ffffffffffff", "STORE-023"),
        ("", HEAD, "STORE-022"),
    ],
)
def test_older_and_newer_are_told_apart(revision: str, head: str, code: str) -> None:
    assert [finding.code for finding in judge_revision(revision, head, "x")] == [code]
