"""Rows that SQLite takes from a payload by itself, and what is read back of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scorewright.adapters.store_editing import UNIT, DatabaseEditor, payload_digest
from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.core.plans import RowsChange
from scorewright.flows.events import ignore

ROWS = [("auc", 0.5, 1), ("auc", 0.25, 2), ("ks", 1.0, 1)]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    file = tmp_path / "store.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE points (key TEXT, value REAL, step INTEGER, UNIQUE(step))")
        connection.execute(
            "CREATE TABLE metrics (key TEXT, value REAL, step INTEGER, PRIMARY KEY (key, step))"
        )
        connection.execute("CREATE TABLE experiments (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("INSERT INTO experiments VALUES (7, 'first')")
        connection.commit()
    return file


def made(folder: Path, table: str, columns: str, rows: list[tuple[object, ...]]) -> RowsChange:
    payload = folder / "payload.db"
    with closing(sqlite3.connect(payload)) as connection:
        marks = ", ".join("?" * len(rows[0]))
        connection.execute(f"CREATE TABLE {table} ({columns}, {UNIT})")
        connection.executemany(f"INSERT INTO {table} VALUES ({marks}, 'u')", rows)  # noqa: S608
        connection.commit()
    return RowsChange(table, "u", *payload_digest(payload, table, "u"))


def commit(store: Path, change: RowsChange) -> None:
    DatabaseEditor(str(store), store.parent / "payload.db").commit([change], ignore)


def rows_of(store: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(store)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 3").fetchall()  # noqa: S608


def test_rows_arrive_as_they_are_and_the_payload_stays(store: Path) -> None:
    change = made(store.parent, "metrics", "key TEXT, value REAL, step INTEGER", [*ROWS])
    before = (store.parent / "payload.db").read_bytes()
    commit(store, change)
    assert rows_of(store, "metrics") == ROWS
    assert (store.parent / "payload.db").read_bytes() == before
    assert {file.name for file in store.parent.iterdir()} == {"store.db", "payload.db"}


def test_a_whole_number_in_a_column_of_floats_is_the_same_value(store: Path) -> None:
    change = made(store.parent, "metrics", "key, value, step", [("ks", 1, 1), ("auc", 0, 1)])
    commit(store, change)
    assert rows_of(store, "metrics") == [("auc", 0.0, 1), ("ks", 1.0, 1)]


def test_a_row_whose_number_is_its_key_is_read_back_by_it(store: Path) -> None:
    change = made(store.parent, "experiments", "id INTEGER, name TEXT", [(3, "a"), (9, "b")])
    commit(store, change)
    with closing(sqlite3.connect(store)) as connection:
        found = connection.execute("SELECT * FROM experiments ORDER BY id").fetchall()
    assert found == [(3, "a"), (7, "first"), (9, "b")]


@pytest.mark.parametrize("sql", ["UPDATE metrics SET value = 2", "DELETE FROM metrics"])
def test_nothing_is_kept_of_a_payload_that_was_changed(store: Path, sql: str) -> None:
    change = made(store.parent, "metrics", "key TEXT, value REAL, step INTEGER", [*ROWS])
    with closing(sqlite3.connect(store.parent / "payload.db")) as connection:
        connection.execute(sql)
        connection.commit()
    with pytest.raises(IntegrityError) as caught:
        commit(store, change)
    assert caught.value.code == "payload-changed"
    assert rows_of(store, "metrics") == []


def test_a_row_that_the_schema_refuses_is_a_conflict(store: Path) -> None:
    change = made(store.parent, "points", "key TEXT, value REAL, step INTEGER", [*ROWS])
    with pytest.raises(ScorewrightError) as caught:
        commit(store, change)
    assert caught.value.code == "apply-conflict"
    assert rows_of(store, "points") == []


def test_what_the_store_makes_of_a_row_is_held_against_it(store: Path) -> None:
    with closing(sqlite3.connect(store)) as connection:
        connection.execute(
            "CREATE TRIGGER lies AFTER INSERT ON metrics BEGIN "
            "UPDATE metrics SET value = 0.9 WHERE rowid = new.rowid AND key = 'ks'; END"
        )
        connection.commit()
    change = made(store.parent, "metrics", "key TEXT, value REAL, step INTEGER", [*ROWS])
    with pytest.raises(ScorewrightError) as caught:
        commit(store, change)
    assert caught.value.code == "apply-conflict"
    assert rows_of(store, "metrics") == []
