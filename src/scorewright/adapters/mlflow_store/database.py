"""A database server, looked at before MLflow opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scorewright.adapters.mlflow_store.location import StoreLocation
from scorewright.adapters.mlflow_store.schema import invalid, refuse_other_schema
from scorewright.adapters.mlflow_store.vendor_errors import unreachable
from scorewright.core.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["check_database"]


def check_database(location: StoreLocation) -> bool:
    """Read the schema's revision from a PostgreSQL, MySQL or SQL Server database.

    Returns:
        False where the database is empty, True where it holds a store of the right schema.

    Raises:
        UsageError: ``store-driver``: the package that talks to this database is missing.
        ScorewrightError: ``store-unreachable``, ``store-invalid``, ``store-schema``.
    """
    import sqlalchemy  # noqa: PLC0415 - only needed when a store is opened
    from alembic.migration import MigrationContext  # noqa: PLC0415

    try:
        url = sqlalchemy.make_url(location.uri)
        is_psycopg = url.get_driver_name() == "psycopg"
        engine = sqlalchemy.create_engine(
            url,
            poolclass=sqlalchemy.pool.NullPool,
            connect_args={"client_encoding": "utf8"} if is_psycopg else {},
        )
    except (ImportError, sqlalchemy.exc.NoSuchModuleError) as error:
        raise UsageError(
            f"No driver for {location.shown} is installed: {error}.",
            remedy="pip install psycopg2-binary (PostgreSQL), pymysql (MySQL) or pyodbc.",
            code="store-driver",
        ) from error
    try:
        with engine.connect() as connection:
            if is_psycopg and "client_encoding" not in url.query:
                _require_texts(connection, location)
            tables = set(sqlalchemy.inspect(connection).get_table_names())
            revision = MigrationContext.configure(connection).get_current_revision()
    except sqlalchemy.exc.OperationalError as error:
        raise unreachable(location, str(error.orig)) from error
    finally:
        engine.dispose()
    if not tables:
        return False
    if revision is None or "runs" not in tables:
        raise invalid("the database holds tables, but no MLflow store", location)
    refuse_other_schema(revision, location)
    return True


def _require_texts(connection: Connection, location: StoreLocation) -> None:
    """Refuse a database whose texts the driver would give to MLflow as bytes."""
    if connection.exec_driver_sql("SHOW server_encoding").scalar() == "SQL_ASCII":
        what = (
            "its database has the encoding SQL_ASCII, with which MLflow fails unless the address "
            "ends in ?client_encoding=utf8"
        )
        raise invalid(what, location)
