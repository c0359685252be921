"""A large store has the rows it promises."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.stores.large import build_large, large_run_id


@pytest.mark.parametrize("runs", [1, 600])
def test_counts(tmp_path: Path, runs: int) -> None:
    path = tmp_path / "mlflow.db"
    rows = build_large(path, runs, metrics_per_run=3, history=4, seed=5, artifacts=2)
    with closing(sqlite3.connect(path)) as connection:

        def count(table: str) -> int:
            (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
            return int(found)

        assert count("runs") == runs
        assert count("metrics") == rows == runs * 12
        assert count("latest_metrics") == runs * 3
        assert count("params") == count("tags") == runs * 5
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        # The latest is the last of the history, as MLflow keeps it.
        assert connection.execute(
            "SELECT count(*) FROM latest_metrics JOIN metrics USING (key, run_uuid, step, value)"
            " WHERE step = 3"
        ).fetchone() == (runs * 3,)
        (uri,) = connection.execute(
            "SELECT artifact_uri FROM runs WHERE run_uuid = ?", (large_run_id(0, 5),)
        ).fetchone()
    assert sorted(p.name for p in Path(uri).iterdir()) == ["file_00.json", "file_01.json"]


def test_a_seed_gives_the_same_store(tmp_path: Path) -> None:
    dumps = []
    for name in ("a", "a", "b"):
        path = tmp_path / name / "mlflow.db"
        path.unlink(missing_ok=True)
        build_large(path, 20, seed=len(name) + ord(name))
        with closing(sqlite3.connect(path)) as connection:
            dumps.append(list(connection.iterdump()))
    assert dumps[0] == dumps[1] != dumps[2]
