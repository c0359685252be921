"""A private copy of a store in PostgreSQL or MySQL, read in one transaction that cannot write."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from scorewright.adapters.database_stores import IN_UTF8, decoded
from scorewright.adapters.store_staging.migrations import Migrations
from scorewright.adapters.store_staging.no_numbers import METRICS, NAN
from scorewright.core.errors import ScorewrightError, UsageError

__all__ = ["copy_server"]

_CHUNK: Final = 5000
#: Tables whose rows name the model that they belong to.
_NAMING: Final = (
    "model_versions", "model_version_tags", "registered_model_tags", "registered_model_aliases",
)  # fmt: skip
_DRIVERS: Final = {
    "postgresql": "psycopg",
    "postgres": "psycopg",
    "mysql": "pymysql",
    "mariadb": "pymysql",
}


class _NaNError(Exception):
    """A number is none, which SQLite would make NULL."""


def copy_server(uri: str, path: Path, migrations: Migrations) -> str:
    """Copy every table into a new SQLite file of the same revision.

    Args:
        uri: Address with the password.
        path: New file.
        migrations: Make the empty file at the server's revision.

    Returns:
        The revision.

    Raises:
        ScorewrightError: ``store-unreachable``; ``store-invalid`` for what SQLite cannot hold.
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
            connect_args=IN_UTF8 if name == "postgresql" else {},
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
                    with decoded(uri, table):
                        _copy_table(connection, copy, table)
                if name == "mysql":
                    _respell(connection, copy)
                copy.commit()
            connection.rollback()
    except (sqlite3.Error, sa.exc.DataError, sa.exc.ProgrammingError) as error:
        raise ScorewrightError(
            "The server's database cannot be copied to a private SQLite file: "
            f"{str(error).splitlines()[0]}.",
            remedy="Correct the rows it names in the server's database. It was not changed.",
            code="store-invalid",
        ) from error
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
    for one in stored:
        if known and one["name"] not in known:
            # `mlflow db prepopulate-trace-analytics` adds columns of the next revision.
            copy.execute(f'ALTER TABLE "{table}" ADD COLUMN {_declared(one)}')
    copy.execute(f'DELETE FROM "{table}"')
    written = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    turned = _marked if table in METRICS else _plain
    selected = sa.select(*columns).select_from(sa.table(table))
    with connection.execution_options(yield_per=_CHUNK).execute(selected) as result:
        for rows in result.partitions():
            try:
                values = [tuple(map(turned, row)) for row in rows]
            except _NaNError as error:
                key = sa.inspect(connection).get_pk_constraint(table)["constrained_columns"]
                raise sqlite3.DataError(_where(table, names, key or names, rows)) from error
            copy.executemany(f'INSERT INTO "{table}" ({written}) VALUES ({marks})', values)


def _where(table: str, names: Sequence[str], key: Sequence[str], rows: Any) -> str:  # noqa: ANN401
    """Name the first number that is none."""
    row = next(row for row in rows if any(map(_is_nan, row)))
    column = next(name for name, value in zip(names, row, strict=True) if _is_nan(value))
    values = dict(zip(names, row, strict=True))
    shown = ", ".join(f"{name} {values[name]}" for name in key)
    return f"the column {column} of the table '{table}' is NaN in the row {shown}"


def _respell(connection: Any, copy: sqlite3.Connection) -> None:  # noqa: ANN401
    """Write names of models as the models themselves have them.

    MySQL holds "CLF" and "clf " for the same name; SQLite does not.
    """
    import sqlalchemy as sa  # noqa: PLC0415 - only needed when a server is read

    there = set(sa.inspect(connection).get_table_names())
    for table in _NAMING if "registered_models" in there else ():
        if table not in there:
            continue
        found = connection.exec_driver_sql(
            f"SELECT MIN(p.name), MIN(c.name) FROM {table} c "
            "JOIN registered_models p ON c.name = p.name WHERE BINARY c.name <> BINARY p.name "
            "GROUP BY BINARY p.name, BINARY c.name"
        ).fetchall()
        copy.executemany(
            f"UPDATE {table} SET name = ? WHERE name = ?", [tuple(row) for row in found]
        )


def _declared(column: Any) -> str:  # noqa: ANN401 - what an inspector tells
    """Return a column as SQLite declares it; MLflow's migration looks at its type."""
    import sqlalchemy as sa  # noqa: PLC0415 - only needed when a server is read
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415

    kind = column["type"]
    display = getattr(kind, "display_width", None)
    if isinstance(kind, sa.Integer) and display == 1:  # how MySQL keeps truth values
        kind = sa.Boolean()
    if isinstance(kind, sa.Float):
        kind = sa.Float(precision=53)
    elif isinstance(kind, sa.String):  # without a collation that SQLite does not know
        kind = sa.Text() if isinstance(kind, sa.Text) else sa.String(kind.length)
    else:
        kind = kind.as_generic()
    written = kind.compile(dialect=sqlite.dialect())
    is_false = column.get("default") is not None and isinstance(kind, sa.Boolean)
    return f'"{column["name"]}" {written}{" DEFAULT 0" if is_false else ""}'


def _is_nan(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, float) and math.isnan(value)


def _marked(value: Any) -> Any:  # noqa: ANN401
    return NAN if _is_nan(value) else _plain(value)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a driver gives
    if isinstance(value, bool):
        return int(value)
    if _is_nan(value):
        raise _NaNError
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    if isinstance(value, str | int | float | bytes) or value is None:
        return value
    return str(value)
