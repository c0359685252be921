"""Empty MLflow databases at the schema of 3.17, made in milliseconds and without MLflow."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from tests.stores.archives import unpack

__all__ = ["REVISION", "create_database", "insert"]

REVISION = "dc11669786a5"
_ARCHIVE = (
    Path(__file__).resolve().parent.parent / "fixtures" / "stores" / "mlflow-3.17.2-sqlite.tar.xz"
)


@cache
def _template() -> bytes:
    """An empty database by the DDL of the one that MLflow 3.17.2 itself made."""
    with tempfile.TemporaryDirectory() as folder:
        unpack(_ARCHIVE, Path(folder))
        with closing(sqlite3.connect(f"{folder}/mlflow.db")) as connection:
            # Tables before what needs them.
            found = connection.execute(
                "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
                " ORDER BY type = 'trigger', type = 'index', rowid"
            ).fetchall()
    with closing(sqlite3.connect(":memory:")) as connection:
        for (statement,) in found:
            connection.execute(statement)
        insert(connection, "alembic_version", version_num=REVISION)
        insert(
            connection,
            "workspaces",
            name="default",
            description="Default workspace for legacy resources",
        )
        connection.commit()
        return connection.serialize()


def create_database(path: Path) -> sqlite3.Connection:
    """Make a database with every table of MLflow 3.17 and no rows but its own bookkeeping.

    The experiment `Default` is not there: whoever writes a store decides on it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(_template())
    return sqlite3.connect(path)


def insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """Insert one row by column names."""
    columns = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" * len(values))
    connection.execute(
        f'INSERT INTO "{table}" ({columns}) VALUES ({marks})',  # noqa: S608 - names of tests
        tuple(values.values()),
    )
