"""Rows of a table from wherever they lie, typed by their contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import polars as pl

from scorewright.adapters.histories.chunks import Source
from scorewright.adapters.histories.duckdb_file import DuckDbSource
from scorewright.adapters.histories.files import FileSource
from scorewright.adapters.histories.places import Place, place_of
from scorewright.adapters.histories.postgres import PostgresSource
from scorewright.adapters.histories.remote import RemoteSource
from scorewright.adapters.histories.typed_rows import TypedRows
from scorewright.core.contracts import Contract
from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.flows.ports import TableFile

__all__ = ["Rows"]

_BATCH_BYTES: Final = 16 * 1024 * 1024
#: Raised when the same bytes come to be read as other rows.
_READER: Final = 1


class Rows:
    """`RowSource` over files, object storage, web addresses, DuckDB files and PostgreSQL.

    Args:
        environment: Credentials of object storage and databases by the names their own tools
            use, such as ``AWS_ACCESS_KEY_ID`` and ``PGPASSWORD``.
        batch_bytes: About how large a frame is.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, batch_bytes: int = _BATCH_BYTES
    ) -> None:
        self._environment = dict(environment or {})
        self._batch_bytes = batch_bytes

    def digest(self, table: TableFile) -> str:
        """Return a digest of the table's content and of how it is read; see `RowSource`.

        The same bytes are other rows with another separator, or where another text means
        "missing", so the settings of the table count too.
        """
        document = {
            "reader": _READER,
            "content": self._source(table).digest(),
            "separator": table.separator,
            "encoding": table.encoding,
            "null_values": sorted(set(table.null_values)),
            "relation": table.relation,
        }
        return sha256_hex(canonical_json(document))

    def size(self, table: TableFile) -> int:
        """Return about how many bytes the table takes in memory; see `RowSource`."""
        return self._source(table).size()

    def batches(
        self, table: TableFile, contract: Contract, columns: Sequence[str]
    ) -> Iterator[pl.DataFrame]:
        """Yield the rows in their order; see `RowSource`."""
        source = self._source(table)
        typed = TypedRows(table.name, contract, source.schema())
        yield from typed.frames(source.chunks(columns, self._batch_bytes), columns)

    def raw(self, table: TableFile) -> Iterator[pl.DataFrame]:
        """Yield the rows with all columns, in the types of the place they lie in.

        Raises:
            UsageError: As `RowSource.batches`, but for types.
        """
        source = self._source(table)
        for chunk in source.chunks(tuple(source.schema()), self._batch_bytes):
            yield chunk.frame

    def _source(self, table: TableFile) -> Source:
        match place_of(table):
            case Place.FILES:
                return FileSource(table)
            case Place.REMOTE:
                return RemoteSource(table, self._environment)
            case Place.DUCKDB:
                return DuckDbSource(table)
            case Place.POSTGRES:
                return PostgresSource(table)
