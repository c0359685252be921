"""A table or view of a DuckDB file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from scorewright.adapters.histories.budget import row_bytes, rows_within
from scorewright.adapters.histories.chunks import Chunk, failed, refuse_missing
from scorewright.adapters.histories.places import quoted
from scorewright.adapters.histories.relations import quoted_name, unknown_relation
from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.core.errors import MissingExtraError, UsageError
from scorewright.flows.ports import TableFile

if TYPE_CHECKING:
    import duckdb

__all__ = ["DuckDbSource"]

_SETTINGS: Final[dict[str, Any]] = {
    "threads": 1,  # the rows come in one order only then
    "memory_limit": "512MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


class DuckDbSource:
    """`Source` over a relation of a DuckDB file, opened for reading.

    Args:
        table: One pattern, the file; ``relation`` names the table or view.
    """

    def __init__(self, table: TableFile) -> None:
        self._table = table
        self._path = Path(table.patterns[0])
        self._relation = quoted(table.relation or "")
        self._types: dict[str, pl.DataType] | None = None

    def schema(self) -> Mapping[str, pl.DataType]:
        """Return columns and types; see `Source`.

        Raises:
            MissingExtraError: DuckDB is not installed.
            UsageError: ``data-file-missing``, ``data-source``.
        """
        if self._types is None:
            with self._connected() as connection:
                found = connection.sql(f"SELECT * FROM {self._relation} LIMIT 0").pl()  # noqa: S608
                self._types = dict(found.schema)
        return self._types

    def chunks(self, columns: Sequence[str], budget: int) -> Iterator[Chunk]:
        """Yield the rows in the order of the file; see `Source`.

        Raises:
            UsageError: ``data-column-missing``, ``data-file-missing``, ``data-source``.
        """
        types = self.schema()
        refuse_missing(self._table.name, self._place, columns, list(types))
        rows = rows_within(budget, (types[name] for name in columns))
        names = ", ".join(quoted_name(name) for name in columns)
        with self._connected() as connection:
            query = f"SELECT {names} FROM {self._relation}"  # noqa: S608 - quoted above
            first = 1
            for batch in connection.sql(query).to_arrow_reader(rows):
                frame = pl.DataFrame(batch)
                yield Chunk(self._place, first, frame)
                first += frame.height

    def digest(self) -> str:
        """Return a digest of all rows, whatever their order; other tables do not show in it.

        Raises:
            UsageError: ``data-file-missing``, ``data-source``.
        """
        types = {name: str(dtype) for name, dtype in self.schema().items()}
        # Text of all columns, with marks that no text holds between them and for what is missing.
        cells = (f"coalesce({quoted_name(name)}::VARCHAR, chr(30))" for name in types)
        with self._connected() as connection:
            row = connection.execute(
                f"SELECT count(*), sum(md5_number_lower({' || chr(31) || '.join(cells)})::HUGEINT)"  # noqa: S608
                f" FROM {self._relation}"
            ).fetchone()
        return sha256_hex(canonical_json([types, [str(value) for value in row or ()]]))

    def size(self) -> int:
        """Return about how many bytes the rows take in memory."""
        types = self.schema()
        with self._connected() as connection:
            row = connection.execute(f"SELECT count(*) FROM {self._relation}").fetchone()  # noqa: S608
        return int(row[0] if row else 0) * row_bytes(types.values())

    @property
    def _place(self) -> str:
        return f"{self._path} ({self._table.relation})"

    @contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            import duckdb  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise MissingExtraError("duckdb", "duckdb") from error
        if not self._path.is_file():
            raise UsageError(
                f"There is no file {self._path} (table '{self._table.name}').",
                remedy=f"Correct 'files' under [tables.{self._table.name}].",
                code="data-file-missing",
                details={"table": self._table.name, "pattern": str(self._path)},
            )
        try:
            with duckdb.connect(self._path, read_only=True, config=_SETTINGS) as connection:
                connection.execute("SET enable_progress_bar = false")
                try:
                    yield connection
                except duckdb.CatalogException as error:
                    raise self._unknown(connection, error) from error
        except duckdb.Error as error:
            reason = str(error).strip().splitlines()[0][:300]
            remedy = "Close the program that has it open for writing, or copy the file again."
            raise failed(self._table.name, self._place, reason, remedy) from error

    def _unknown(self, connection: duckdb.DuckDBPyConnection, error: Exception) -> UsageError:
        rows = connection.sql(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables ORDER BY 1"
        ).fetchall()
        return unknown_relation(self._table, self._place, [row[0] for row in rows], error)
