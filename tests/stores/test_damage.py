"""The damaged stores are damaged, and only where they say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.stores.damage import Damage, readable, refused

SOUND = (
    "SELECT count(*) FROM runs JOIN experiments USING (experiment_id)"
    " JOIN params USING (run_uuid) JOIN tags USING (run_uuid) JOIN metrics USING (run_uuid)"
)


def sqlite_reads(path: Path) -> bool:
    """Whether SQLite finds the tables of MLflow, sound, in a file."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.execute(SOUND).fetchall()
            return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    except sqlite3.DatabaseError:
        return False


def test_200_are_to_be_refused(tmp_path: Path) -> None:
    cases = list(refused(tmp_path))
    assert len(cases) == len({case.name for case in cases}) == 200
    assert all(case.must_refuse for case in cases)
    databases = [case for case in cases if case.kind == "sqlite"]
    assert len(databases) == 142
    assert [case.name for case in databases if sqlite_reads(case.path)] == []


def test_those_to_be_read_keep_their_whole_runs(tmp_path: Path) -> None:
    cases = list(readable(tmp_path))
    assert len(cases) == len({case.name for case in cases}) >= 60
    assert not any(case.must_refuse for case in cases)
    for case in cases:
        assert _whole(case) == case.whole_runs, case.name


def _whole(case: Damage) -> int:
    if case.kind == "file":
        return len(list((case.path / "1").glob("0*/meta.yaml")))
    with closing(sqlite3.connect(f"file:{case.path}?mode=ro", uri=True)) as connection:
        (found,) = connection.execute(
            "SELECT count(*) FROM runs WHERE run_uuid LIKE '0%' AND experiment_id = 1"
        ).fetchone()
    return int(found)


@pytest.mark.parametrize("make", [refused, readable])
def test_a_seed_gives_the_same_damage(tmp_path: Path, make: type) -> None:
    first = [(c.name, _bytes(c.path)) for c in make(tmp_path / "a", 3)]
    again = [(c.name, _bytes(c.path)) for c in make(tmp_path / "b", 3)]
    assert first == again


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
