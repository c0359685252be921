"""A table or view of a PostgreSQL database, streamed as Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from scorewright.adapters.histories.budget import row_bytes
from scorewright.adapters.histories.chunks import Chunk, failed, refuse_missing
from scorewright.adapters.histories.places import quoted, redacted, shown
from scorewright.adapters.histories.relations import quoted_name, unknown_relation
from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.core.errors import MissingExtraError
from scorewright.flows.ports import TableFile

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Cursor

__all__ = ["PostgresSource"]

_SESSION: Final = (
    "SET synchronize_seqscans = off",  # a scan begins at the table's beginning
    "SET max_parallel_workers_per_gather = 0",
    "SET default_transaction_read_only = on",
    "SET DateStyle = 'ISO'",
    "SET TimeZone = 'UTC'",
    "SET extra_float_digits = 1",
    "SET bytea_output = 'hex'",
)
#: Types that come over as they are; all others come as their text.
_TYPES: Final[Mapping[str, pl.DataType]] = {
    "int2": pl.Int16(),
    "int4": pl.Int32(),
    "int8": pl.Int64(),
    "float4": pl.Float32(),
    "float8": pl.Float64(),
    "bool": pl.Boolean(),
    "text": pl.String(),
    "varchar": pl.String(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us"),
    "timestamptz": pl.Datetime("us", "UTC"),
}
_COLUMNS: Final = """
    SELECT a.attname::text, t.typname::text
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
"""
_RELATIONS: Final = """
    SELECT n.nspname || '.' || c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    ORDER BY 1
"""
_BATCH_HINT: Final = "adbc.postgresql.batch_size_hint_bytes"


class PostgresSource:
    """`Source` over a relation of a PostgreSQL database.

    Args:
        table: One pattern, the URL; what it leaves out libpq takes from its own environment and
            password file. ``relation`` names the table or view.
    """

    def __init__(self, table: TableFile) -> None:
        self._table = table
        self._url = table.patterns[0]
        self._relation = quoted(table.relation or "")
        self._names: dict[str, str] | None = None

    def schema(self) -> Mapping[str, pl.DataType]:
        """Return columns and types; see `Source`.

        Raises:
            MissingExtraError: The driver is not installed.
            UsageError: ``data-source``.
        """
        return {name: _TYPES.get(kind, pl.String()) for name, kind in self._columns().items()}

    def chunks(self, columns: Sequence[str], budget: int) -> Iterator[Chunk]:
        """Yield the rows in the order the table is stored in; see `Source`.

        Raises:
            UsageError: ``data-column-missing``, ``data-source``.
        """
        kinds = self._columns()
        refuse_missing(self._table.name, self._place, columns, list(kinds))
        names = ", ".join(_selected(name, kinds[name]) for name in columns)
        with self._cursor() as cursor:
            cursor.adbc_statement.set_options(**{_BATCH_HINT: str(budget)})
            cursor.execute(f"SELECT {names} FROM {self._relation}")  # noqa: S608 - quoted above
            first = 1
            for batch in cursor.fetch_record_batch():
                frame = pl.DataFrame(batch)
                yield Chunk(self._place, first, frame)
                first += frame.height

    def digest(self) -> str:
        """Return a digest of all rows, whatever their order.

        Raises:
            UsageError: ``data-source``.
        """
        # 60 bits of MD5 per row, summed exactly: the sum does not depend on the order.
        rows = self._one_row(
            "SELECT count(*)::text, "  # noqa: S608 - quoted above
            "sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint::numeric)::text "
            f"FROM {self._relation} AS t"
        )
        return sha256_hex(canonical_json([self._columns(), [str(value) for value in rows]]))

    def size(self) -> int:
        """Return about how many bytes the rows take in memory: as on disk, or by their number."""
        on_disk = self._one_row("SELECT pg_relation_size(to_regclass($1))", self._relation)[0]
        if on_disk:
            return int(on_disk)
        count = self._one_row(f"SELECT count(*) FROM {self._relation}")[0]  # noqa: S608
        return int(count) * row_bytes(self.schema().values())

    def _columns(self) -> dict[str, str]:
        """Return column names and PostgreSQL's names of their types."""
        if self._names is None:
            with self._cursor() as cursor:
                cursor.execute(_COLUMNS, (self._relation,))
                found = dict(cursor.fetchall())
                if not found:
                    cursor.execute(_RELATIONS)
                    present = [row[0] for row in cursor.fetchall()]
                    raise unknown_relation(self._table, self._place, present)
            self._names = found
        return self._names

    def _one_row(self, query: str, *parameters: str) -> tuple[Any, ...]:
        self._columns()  # names a relation that is not there
        with self._cursor() as cursor:
            cursor.execute(query, parameters or None)
            return tuple(cursor.fetchone() or ())

    @property
    def _place(self) -> str:
        return f"{shown(self._url)} ({self._table.relation})"

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        try:
            from adbc_driver_postgresql import dbapi  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise MissingExtraError("adbc-driver-postgresql", "postgres") from error
        try:
            with dbapi.connect(self._url, autocommit=True) as connection, connection.cursor() as it:
                for setting in _SESSION:
                    it.execute(setting)
                yield it
        except dbapi.Error as error:
            raise failed(
                self._table.name,
                self._place,
                redacted(str(error), self._url),
                "Check that the database runs and answers here, and its user and password "
                "(PGUSER, PGPASSWORD or ~/.pgpass).",
            ) from error


def _selected(name: str, kind: str) -> str:
    column = quoted_name(name)
    return column if kind in _TYPES else f"{column}::text AS {column}"
