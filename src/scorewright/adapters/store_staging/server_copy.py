"""A private copy of a store in PostgreSQL or MySQL, read in one transaction that cannot write."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from scorewright.adapters.store_staging.migrations import Migrations
from scorewright.core.errors import ScorewrightError, UsageError

__all__ = ["copy_server"]

_CHUNK: Final = 5000
_DRIVERS: Final = {
    "postgresql": "psycopg",
    "postgres": "psycopg",
    "mysql": "pymysql",
    "mariadb": "pymysql",
}


def copy_server(uri: str, path: Path, migrations: Migrations) -> str:
    """Copy every table into a new SQLite file of the same revision.

    Args:
        uri: Address with the password.
        path: New file.
        migrations: Make the empty file at the server's revision.

    Returns:
        The revision.

    Raises:
        ScorewrightError: ``store-unreachable``.
        UsageError: ``store-driver``.
    """
    import sqlalchemy as sa  # noqa: PLC0415 - only needed when a server is read

    scheme, _, rest = uri.partition("://")
    dialect = scheme.partition("+")[0].lower()
    driver = _DRIVERS.get(dialect)
    if driver is None:
        raise UsageError(
            f"Databases of the kind '{dialect}' cannot be consolidated.",
            remedy="Use a PostgreSQL or MySQL database, or a SQLite file.",
            code="store-driver",
        )
    name = "postgresql" if dialect.startswith("postgres") else "mysql"
    try:
        engine = sa.create_engine(
            f"{name}+{driver}://{rest}",
            poolclass=sa.pool.NullPool,
            isolation_level="REPEATABLE READ",
        )
        with engine.connect() as connection:
            if name == "postgresql":
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            revision = str(
                connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            )
            migrations.make(path, revision)
            with closing(sqlite3.connect(path)) as copy:
                copy.execute("PRAGMA synchronous = OFF")
                for table in sa.inspect(connection).get_table_names():
                    _copy_table(connection, copy, table)
                copy.commit()
            connection.rollback()
    except sa.exc.OperationalError as error:
        raise ScorewrightError(
            "The database server cannot be reached or broke the connection off.",
            remedy="Check the address, the password and that the server runs.",
            code="store-unreachable",
        ) from error
    return revision


def _copy_table(connection: Any, copy: sqlite3.Connection, table: str) -> None:  # noqa: ANN401
    import sqlalchemy as sa  # noqa: PLC0415 - only needed when a server is read

    found = sa.inspect(connection).get_columns(table)
    stored = [column for column in found if not column.get("computed")]
    names = [column["name"] for column in stored]
    known = {row[1] for row in copy.execute(f'PRAGMA table_info("{table}")').fetchall()}
    columns = [
        sa.cast(sa.column(one["name"]), sa.Text).label(one["name"])
        if isinstance(one["type"], sa.JSON)
        else sa.column(one["name"])
        for one in stored
    ]
    if not known:
        # A table that MLflow does not have: `require_known` says what to do about it.
        marked = ", ".join(f'"{name}"' for name in names)
        copy.execute(f'CREATE TABLE "{table}" ({marked})')
    copy.execute(f'DELETE FROM "{table}"')
    written = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    result = connection.execution_options(yield_per=_CHUNK).execute(
        sa.select(*columns).select_from(sa.table(table))
    )
    for rows in result.partitions():
        copy.executemany(
            f'INSERT INTO "{table}" ({written}) VALUES ({marks})',
            [tuple(map(_plain, row)) for row in rows],
        )


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a driver gives
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    if isinstance(value, str | int | float | bytes) or value is None:
        return value
    return str(value)
