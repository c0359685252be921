"""Rows put into a real PostgreSQL: they are there as they were, or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from tests.adapters.histories.servers import Postgres, postgres_binaries, running_postgres

from scorewright.adapters.store_editing import UNIT, payload_digest
from scorewright.adapters.store_editing.bulk import move_rows, rows_state
from scorewright.adapters.store_editing.payload import Payload
from scorewright.adapters.store_editing.shapes import shapes_of
from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import RowsChange
from scorewright.flows.store.editing import State

pytestmark = [
    pytest.mark.skipif(not postgres_binaries(), reason="PostgreSQL is not installed"),
    pytest.mark.xdist_group("postgres"),
    pytest.mark.timeout(300),
]

TABLE = (
    "CREATE TABLE things (id INTEGER PRIMARY KEY, name VARCHAR(20), moment BIGINT, "
    "amount DOUBLE PRECISION, is_nan BOOLEAN, content JSON)"
)
GOOD = (1, "é", 5, 0.1, 1, '{"a":  1.50}')


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


def made(postgres: Postgres, name: str, encoding: str = "UTF8") -> sa.URL:
    """Make a database with one table."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' "
            "TEMPLATE template0"
        )
    url = sa.make_url(postgres.url).set(drivername="postgresql+psycopg", database=name)
    with opened(url) as connection:
        connection.exec_driver_sql(TABLE)
        connection.commit()
    return url


@contextmanager
def opened(url: sa.URL) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def payload_of(folder: Path, *rows: tuple[object, ...]) -> tuple[Payload, RowsChange]:
    path = folder / "payload.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"CREATE TABLE things (id, name, moment, amount, is_nan, content, {UNIT})"
        )
        connection.executemany("INSERT INTO things VALUES (?, ?, ?, ?, ?, ?, 'u')", rows)
    return Payload(path), RowsChange("things", "u", *payload_digest(path, "things", "u"))


def test_rows_are_written_and_read_back(postgres: Postgres, tmp_path: Path) -> None:
    payload, change = payload_of(
        tmp_path,
        GOOD,
        (2, None, None, None, None, None),
        *((number, "x", 1 << 40, 1e300, 0, "[]") for number in range(3, 2500)),
    )
    with opened(made(postgres, "whole")) as connection:
        shapes = shapes_of(connection)
        move_rows(connection, shapes, payload, change)
        (found,) = connection.exec_driver_sql("SELECT COUNT(*) FROM things")
        assert found == (2499,)
        assert rows_state(connection, shapes, payload, change) is State.AFTER
        connection.exec_driver_sql("UPDATE things SET name = 'y' WHERE id = 2000")
        assert rows_state(connection, shapes, payload, change) is State.NEITHER
        connection.exec_driver_sql("UPDATE things SET name = 'x' WHERE id = 2000")
        # And taken out again
        move_rows(connection, shapes, payload, replace(change, is_there=False))
        assert rows_state(connection, shapes, payload, change) is State.BEFORE


@pytest.mark.parametrize(
    "row",
    [
        pytest.param((2, "x", 1.5, 0.1, 0, "[]"), id="fraction"),
        pytest.param((2, b"hello", 1, 0.1, 0, "[]"), id="bytes"),
        pytest.param((2, "x", 1, 0.1, 7, "[]"), id="truth value"),
    ],
)
def test_a_value_that_a_server_would_alter_stops_the_change(
    row: tuple[object, ...], postgres: Postgres, tmp_path: Path
) -> None:
    payload, change = payload_of(tmp_path, GOOD, row)
    name = f"altered_{abs(hash(row))}"
    with opened(made(postgres, name)) as connection:
        shapes = shapes_of(connection)
        with pytest.raises(ScorewrightError, match="not what is read back") as caught:
            move_rows(connection, shapes, payload, change)
        assert caught.value.code == "apply-conflict"
        connection.rollback()
        assert rows_state(connection, shapes, payload, change) is State.BEFORE


def test_a_row_that_is_refused_is_told_as_a_conflict(postgres: Postgres, tmp_path: Path) -> None:
    payload, change = payload_of(tmp_path, GOOD, GOOD)
    with opened(made(postgres, "twice")) as connection:
        shapes = shapes_of(connection)
        with pytest.raises(ScorewrightError, match="duplicate key") as caught:
            move_rows(connection, shapes, payload, change)
    assert caught.value.code == "apply-conflict"


def test_what_is_no_value_is_told_as_sqlalchemy_does(postgres: Postgres, tmp_path: Path) -> None:
    payload, change = payload_of(tmp_path, (1, "x", 1, 0.1, 0, '{"a": NaN}'))
    with opened(made(postgres, "nan")) as connection:
        shapes = shapes_of(connection)
        with pytest.raises(sa.exc.DataError, match="invalid input syntax for type json"):
            move_rows(connection, shapes, payload, change)


def test_a_letter_that_a_database_lacks_is_named(postgres: Postgres, tmp_path: Path) -> None:
    payload, change = payload_of(tmp_path, GOOD, (2, "\U0001f600", 1, 0.1, 0, "[]"))
    with opened(made(postgres, "latin", "LATIN1")) as connection:
        shapes = shapes_of(connection)
        with pytest.raises(ScorewrightError, match="UTF8") as caught:
            move_rows(connection, shapes, payload, change)
    assert caught.value.code == "store-invalid"
    assert "secret" not in caught.value.message
