"""MLflow's store in PostgreSQL or MySQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from scorewright.adapters.database_stores.gathering import gather, require_store
from scorewright.adapters.database_stores.refusals import (
    invalid,
    locked,
    masked,
    no_driver,
    unreachable,
    without_password,
)
from scorewright.adapters.database_stores.session import CHUNK, Row
from scorewright.adapters.database_stores.texts import IN_UTF8, decoded
from scorewright.core.errors import UsageError
from scorewright.core.snapshot import Snapshot, Source, SourceKind, snapshot_of
from scorewright.flows.events import Notify

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["ServerStore"]

_KINDS: Final = {
    "postgresql": SourceKind.POSTGRESQL,
    "postgres": SourceKind.POSTGRESQL,
    "mysql": SourceKind.MYSQL,
    "mariadb": SourceKind.MYSQL,
}
#: Kind -> SQLAlchemy's name of a driver, and the module that has to be installed.
_DRIVERS: Final = {
    SourceKind.POSTGRESQL: {"psycopg": "psycopg", "psycopg2": "psycopg2"},
    SourceKind.MYSQL: {"pymysql": "pymysql", "mysqldb": "MySQLdb"},
}
_INSTALL: Final = {
    SourceKind.POSTGRESQL: "pip install 'scorewright[postgres]'",
    SourceKind.MYSQL: "pip install pymysql",
}
_QUOTES: Final = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')"
_TABLE: Final = re.compile(r'\bFROM "(\w+)"')
_DIALECTS: Final = {SourceKind.POSTGRESQL: "postgresql", SourceKind.MYSQL: "mysql"}


class ServerStore:
    """Reads a PostgreSQL or MySQL database of any MLflow in one transaction that cannot write.

    Args:
        uri: Address, with or without the name of a driver: ``postgresql://user:password@host/db``.
        head: Revision of the installed MLflow's schema.

    Raises:
        UsageError: ``store-uri``: another kind of address.
    """

    def __init__(self, uri: str, head: str) -> None:
        scheme = uri.partition("://")[0].lower()
        dialect, _, driver = scheme.partition("+")
        if dialect not in _KINDS or "://" not in uri:
            raise UsageError(
                f"{masked(uri)} is no address of a PostgreSQL or MySQL database.",
                remedy="Write postgresql://USER:PASSWORD@HOST/DATABASE or mysql://...",
                code="store-uri",
            )
        self._uri = uri
        self._kind = _KINDS[dialect]
        self._driver = driver
        self._head = head

    def read(self, notify: Notify, *, history: bool = False) -> Snapshot:
        """Read everything in one REPEATABLE READ, READ ONLY transaction.

        Args:
            notify: Told of the progress.
            history: Read every value of every metric too; its rows come in any order.

        Raises:
            ScorewrightError: ``store-invalid``, ``store-unreachable``, ``store-locked``.
            UsageError: ``store-driver``.
        """
        source = Source(masked(self._uri), self._kind)
        with self._translated(), self._connected() as connection:
            session = _Transaction(connection, self._uri)
            snapshot = gather(session, source, self._head, notify, history=history)
        # A server gives rows in any order; the same store shall give the same snapshot.
        ordered = {name: table.sort(pl.all()) for name, table in snapshot.tables().items()}
        return snapshot_of(snapshot.source, ordered, snapshot.history, snapshot.findings)

    def require(self) -> None:
        """Make sure that the database holds a store; its rows are not read.

        Raises:
            ScorewrightError: ``store-invalid``, ``store-unreachable``, ``store-locked``.
            UsageError: ``store-driver``.
        """
        with self._translated(), self._connected() as connection:
            require_store(_Transaction(connection, self._uri), masked(self._uri))

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        engine = self._engine()
        try:
            with engine.connect() as connection:
                if self._kind is SourceKind.MYSQL:
                    connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
                    connection.rollback()
                yield connection
        finally:
            engine.dispose()

    def _engine(self) -> Engine:
        import sqlalchemy  # noqa: PLC0415 - only needed when a server is read

        installed = [
            name for name, module in _DRIVERS[self._kind].items() if find_spec(module) is not None
        ]
        if not installed:
            raise no_driver(self._uri, _INSTALL[self._kind])
        driver = self._driver if self._driver in installed else installed[0]
        address = f"{_DIALECTS[self._kind]}+{driver}://{self._uri.partition('://')[2]}"
        options: dict[str, Any] = {"isolation_level": "REPEATABLE READ"}
        if self._kind is SourceKind.POSTGRESQL:
            options["execution_options"] = {"postgresql_readonly": True}
            options["connect_args"] = IN_UTF8
        else:
            # For this session only, and before SQLAlchemy learns how the server quotes names.
            options["connect_args"] = {"init_command": _QUOTES}
        try:
            return sqlalchemy.create_engine(address, poolclass=sqlalchemy.pool.NullPool, **options)
        except sqlalchemy.exc.ArgumentError as error:
            raise invalid("the address is not understood", masked(self._uri)) from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        import sqlalchemy  # noqa: PLC0415 - only needed when a server is read

        try:
            yield
        except sqlalchemy.exc.OperationalError as error:
            reason = str(error.orig)
            if "lock" in reason.lower() and "timeout" in reason.lower():
                raise locked(masked(self._uri)) from None
            raise unreachable(self._uri, reason) from None
        except sqlalchemy.exc.DBAPIError as error:
            reason = without_password(str(error.orig), self._uri).strip().partition("\n")[0]
            raise invalid(reason, masked(self._uri)) from None


class _Transaction:
    """The open transaction of a connection to a server."""

    has_group_concat = False  # MySQL cuts at 1,024 characters

    def __init__(self, connection: Connection, location: str) -> None:
        import sqlalchemy  # noqa: PLC0415 - only needed when a server is read

        self._location = location
        self._connection = connection.execution_options(yield_per=CHUNK)
        found = sqlalchemy.inspect(connection).get_multi_columns()
        self._columns = {
            table: frozenset(column["name"] for column in columns)
            for (_, table), columns in found.items()
        }

    @property
    def columns(self) -> Mapping[str, frozenset[str]]:
        return self._columns

    def chunks(self, sql: str, *, raw: bool = False) -> Iterator[Sequence[Row]]:
        del raw  # the server knows the encoding of its texts
        table = _TABLE.search(sql)
        with (
            decoded(self._location, table[1] if table else ""),
            self._connection.exec_driver_sql(sql) as result,
        ):
            yield from result.partitions(CHUNK)
