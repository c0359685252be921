"""Damaged databases."""

from __future__ import annotations

import gzip
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

from tests.stores.damage_case import Damage
from tests.stores.database import DatabaseRun, write_database_experiment, write_database_run
from tests.stores.fixtures import unpacked
from tests.stores.schema import create_database, insert

__all__ = ["WHOLE", "readable_databases", "refused_databases"]

WHOLE = 3
"""Whole runs of every database that must be read; the damaged one is a fourth."""

_CUTS = 76
_TORN = 20
_PAGE = 4096
_CORE = ("experiments", "runs", "params", "metrics", "tags")


@cache
def _old(folder: str) -> bytes:
    """The bytes of a database of MLflow 2.0."""
    return unpacked("2.0.1", "sqlite", Path(folder)).path.read_bytes()


def refused_databases(folder: Path, seed: int) -> Iterator[Damage]:
    """142 files that are no readable MLflow database."""
    folder.mkdir(parents=True)
    whole = _old(str(folder / "whole"))
    for name, content in _contents(whole, random.Random(seed)):
        path = folder / f"{name}.db"
        path.write_bytes(content)
        yield Damage(f"database {name}", path, "sqlite", must_refuse=True)
    for name, make in _FOREIGN.items():
        path = folder / f"{name}.db"
        make(path)
        yield Damage(f"database {name}", path, "sqlite", must_refuse=True)


def _contents(whole: bytes, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    for number in range(_CUTS):
        # More than the last page is gone, so the header and the size disagree.
        size = rng.randrange(1, len(whole) - _PAGE)
        yield f"cut {number:02d} at {size}", whole[:size]
    for place in range(16):
        yield (
            f"magic byte {place}",
            whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :],
        )
    for number in range(_TORN):
        yield f"random bytes {number:02d}", rng.randbytes(rng.randrange(1, 20_000))
    for table in _CORE:
        start = (_root_page(whole, table) - 1) * _PAGE
        for kind, page in (("random", rng.randbytes(_PAGE)), ("zero", bytes(_PAGE))):
            torn = whole[:start] + page + whole[start + _PAGE :]
            yield f"{kind} page of {table}", torn
    yield "no bytes", b""
    yield "zero bytes", bytes(len(whole))
    yield "zero header", bytes(100) + whole[100:]
    yield "random schema page", whole[:100] + rng.randbytes(_PAGE - 100) + whole[_PAGE:]
    yield "in gzip", gzip.compress(whole, mtime=0)
    yield (
        "pointer of a large file store",
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:"
            + b"0" * 64
            + b"\nsize 143360\n"
        ),
    )
    yield "page of a web site", b"<!DOCTYPE html><html><body>404 Not Found</body></html>\n"
    yield "dump as text", b"BEGIN TRANSACTION;\nCREATE TABLE runs (run_uuid TEXT);\nCOMMIT;\n"


def _root_page(whole: bytes, table: str) -> int:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(whole)
        found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
        page: int = found.fetchone()[0]
    return page


# files that SQLite reads, and places that are no file


def _sql(*statements: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return make


def _without(table: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with closing(_base(path)) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute(f"DROP TABLE {table}")
            connection.commit()

    return make


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere.db")


def _folder(path: Path) -> None:
    path.mkdir()


def _nothing(path: Path) -> None:
    """The case is that nothing is there, and nothing may be there afterwards."""


_FOREIGN: dict[str, Callable[[Path], None]] = {
    "empty schema": _sql("VACUUM"),
    "another application": _sql("CREATE TABLE customers (id INTEGER)", "PRAGMA user_version = 7"),
    "another alembic": _sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32))",
        "INSERT INTO alembic_version VALUES ('e1f2a3b4c5d6')",
        "CREATE TABLE users (id INTEGER)",
    ),
    "another runs table": _sql(
        "CREATE TABLE runs (id INTEGER, distance REAL)",
        "CREATE TABLE experiments (id INTEGER, hypothesis TEXT)",
    ),
    "without table runs": _without("runs"),
    "without table experiments": _without("experiments"),
    "without table metrics": _without("metrics"),
    "without table params": _without("params"),
    "symlink to itself": _loop,
    "symlink to nothing": _dangling,
    "folder": _folder,
    "not there": _nothing,
}


# databases to be read


def readable_databases(folder: Path) -> Iterator[Damage]:
    """Databases of three whole runs and one thing that is wrong."""
    folder.mkdir(parents=True)
    for name, harm in _HARM.items():
        path = folder / f"{name}.db"
        with closing(_base(path)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            harm(connection)
            connection.commit()
        yield Damage(f"database {name}", path, "sqlite", must_refuse=False, whole_runs=WHOLE)


def _base(path: Path) -> sqlite3.Connection:
    connection = create_database(path)
    write_database_experiment(connection, 0, "Default", "/home/team/credit/mlruns/0")
    write_database_experiment(connection, 1, "credit_scoring_study", "/home/team/credit/mlruns/1")
    for number in range(WHOLE):
        write_database_run(connection, _run(f"{number:032x}"))
    return connection


def _run(run_id: str) -> DatabaseRun:
    return DatabaseRun(
        run_id=run_id,
        experiment_id=1,
        name=f"exp{run_id[-2:]}_cv_domain_none",
        artifact_uri=f"/home/team/credit/mlruns/1/{run_id}/artifacts",
        start=1_709_287_200_000,
        end=1_709_287_300_000,
        params={"num_leaves": "31"},
        tags={"project": "credit_scoring"},
        metrics={"roc_auc": [(1_709_287_200_000, 0.77, 0)]},
    )


_BAD = "b" * 32


def _after(*statements: str) -> Callable[[sqlite3.Connection], None]:
    """A fourth run, and statements that harm it (`?` is its id)."""

    def harm(connection: sqlite3.Connection) -> None:
        write_database_run(connection, _run(_BAD))
        for statement in statements:
            connection.execute(statement, (_BAD,) if "?" in statement else ())

    return harm


def _alias_of_nothing(connection: sqlite3.Connection) -> None:
    insert(connection, "registered_models", name="lgbm", creation_time=1, last_updated_time=1)
    insert(connection, "registered_model_aliases", alias="champion", version=9, name="lgbm")


_HARM: dict[str, Callable[[sqlite3.Connection], None]] = {
    "run of an unknown experiment": _after("UPDATE runs SET experiment_id = 77 WHERE run_uuid = ?"),
    "param of an unknown run": _after("DELETE FROM runs WHERE run_uuid = ?"),
    "param not UTF-8": _after(
        "UPDATE params SET value = CAST(X'70e97374ff' AS TEXT) WHERE run_uuid = ?"
    ),
    "param as bytes": _after("UPDATE params SET value = X'00ff' WHERE run_uuid = ?"),
    "param of 9000 characters": _after(
        "UPDATE params SET value = replace(hex(zeroblob(4500)), '0', 'x') WHERE run_uuid = ?"
    ),
    "param with NUL": _after("UPDATE params SET value = 'a' || char(0) || 'b' WHERE run_uuid = ?"),
    "metric that is a text": _after("UPDATE metrics SET value = 'high' WHERE run_uuid = ?"),
    "latest metric that contradicts": _after(
        "UPDATE latest_metrics SET value = 0.5 WHERE run_uuid = ?"
    ),
    "latest metric missing": _after("DELETE FROM latest_metrics WHERE run_uuid = ?"),
    "unknown status": _after("UPDATE runs SET status = 'SLEEPING' WHERE run_uuid = ?"),
    "unknown lifecycle": _after("UPDATE runs SET lifecycle_stage = 'lost' WHERE run_uuid = ?"),
    "no lifecycle": _after("UPDATE runs SET lifecycle_stage = NULL WHERE run_uuid = ?"),
    "no artifact address": _after("UPDATE runs SET artifact_uri = NULL WHERE run_uuid = ?"),
    "artifact address of 300 characters": _after(
        "UPDATE runs SET artifact_uri = '/home/' || hex(zeroblob(147)) WHERE run_uuid = ?"
    ),
    "end before start": _after("UPDATE runs SET end_time = 1 WHERE run_uuid = ?"),
    "start that is a text": _after("UPDATE runs SET start_time = 'yesterday' WHERE run_uuid = ?"),
    "start beyond the calendar": _after(
        "UPDATE runs SET start_time = 9223372036854775807 WHERE run_uuid = ?"
    ),
    "child of nothing": _after(
        "INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.parentRunId', 'gone', ?)"
    ),
    "child of itself": _after(
        "INSERT INTO tags (key, value, run_uuid) SELECT 'mlflow.parentRunId', run_uuid, run_uuid"
        " FROM runs WHERE run_uuid = ?"
    ),
    "unknown revision": _after("UPDATE alembic_version SET version_num = 'ffffffffffff'"),
    "half an upgrade": _after("UPDATE alembic_version SET version_num = '0584bdc529eb'"),
    "no revision": _after("DELETE FROM alembic_version"),
    "Default missing": _after("DELETE FROM experiments WHERE experiment_id = 0"),
    "Default under another id": _after(
        "UPDATE experiments SET experiment_id = 5 WHERE experiment_id = 0"
    ),
    "alias of no version": _alias_of_nothing,
}
