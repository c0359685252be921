"""Applications that were sent as a file: text or Parquet, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from scorewright.adapters.tables import TextStream
from scorewright.core.errors import UsageError
from scorewright.flows.ports import TableFile
from scorewright.flows.score_batch import BatchSource

__all__ = ["ParquetSource", "TextSource", "batch_source"]

MOST_COLUMNS = 10_000
#: Beyond this a header is no header.
LONGEST_HEADER = 1_000_000
#: About so many rows, or bytes, make a part. Larger ones only take memory: what is done once
#: for each column of a part is a fortieth of the work at this size.
CHUNK_ROWS, PART_BYTES = 5_000, 12_000_000
#: Uncompressed bytes that one byte of a Parquet file may stand for.
MOST_UNPACKED = 4_000_000_000
_PARQUET_ENDS = b"PAR1"
_MAGIC = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")


def batch_source(path: Path, table: TableFile) -> BatchSource:
    """Return a reader of an application file by its suffix, ``.csv`` or ``.parquet``.

    Args:
        path: The file.
        table: How text tables of the project are written; its patterns are not looked at.
    """
    return ParquetSource(path) if path.suffix == ".parquet" else TextSource(path, table)


class TextSource:
    """`BatchSource` over a text table.

    Args:
        path: The file.
        table: Its separator, encoding and null values.
    """

    def __init__(self, path: Path, table: TableFile) -> None:
        self._path, self._table = path, table
        self._columns: tuple[str, ...] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns.

        Raises:
            UsageError: As `BatchSource`.
        """
        if self._columns is None:
            with self._path.open("rb") as file:
                head = file.read(LONGEST_HEADER)
            if head.startswith((*_MAGIC, _PARQUET_ENDS)):
                raise _unreadable("a text table")
            first = head.split(b"\n", 1)[0]
            most = MOST_COLUMNS * len(self._table.separator.encode())
            if len(first) >= LONGEST_HEADER or first.count(self._table.separator.encode()) >= most:
                raise _too_wide()
            self._columns = TextStream(self._path, self._table).columns
        return self._columns

    @property
    def total(self) -> int | None:
        """None: a text table does not say."""
        return None

    def parts(
        self, columns: Sequence[str], numbers: Collection[str] = ()
    ) -> Iterator[pl.DataFrame]:
        """Yield these columns.

        Raises:
            UsageError: As `BatchSource`.
        """
        stream = TextStream(self._path, self._table, columns, PART_BYTES, numbers)
        for frame in stream.frames(CHUNK_ROWS):
            if frame.height == 0:
                raise _empty()
            yield frame


class ParquetSource:
    """`BatchSource` over a Parquet file.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Any = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns.

        Raises:
            UsageError: As `BatchSource`.
        """
        found = self._opened()
        try:
            names = tuple(found.schema_arrow.names)
        except _ODD as error:
            raise _unreadable("a Parquet file") from error
        if len(names) > MOST_COLUMNS:
            raise _too_wide()
        if max(Counter(names).values(), default=1) > 1:
            raise UsageError(
                "The file names a column twice.",
                remedy="Rename one of the two.",
                code="data-duplicate-column",
            )
        return names

    @property
    def total(self) -> int | None:
        """Number of rows."""
        found = self._opened()
        rows = int(found.metadata.num_rows)
        if rows == 0:
            raise _empty()
        return rows

    def parts(
        self,
        columns: Sequence[str],
        numbers: Collection[str] = (),  # noqa: ARG002 - the file has types
    ) -> Iterator[pl.DataFrame]:
        """Yield these columns.

        Raises:
            UsageError: As `BatchSource`.
        """
        found, rows = self._opened(), 0
        try:
            self._refuse_bomb(found, set(columns))
            for batch in found.iter_batches(CHUNK_ROWS, columns=list(columns), use_threads=False):
                rows += batch.num_rows
                yield _frame(batch)
        except _ODD as error:
            raise _unreadable("a Parquet file") from error
        if rows != found.metadata.num_rows:
            raise _unreadable("a Parquet file")

    def _opened(self) -> Any:  # noqa: ANN401 - pyarrow has no types
        if self._file is None:
            try:
                self._file = pq.ParquetFile(
                    self._path, thrift_string_size_limit=50_000_000, page_checksum_verification=True
                )
                _ = self._file.schema_arrow
            except _ODD as error:
                raise _unreadable("a Parquet file") from error
        return self._file

    def _refuse_bomb(self, found: Any, wanted: set[str]) -> None:  # noqa: ANN401
        """Refuse a file whose row groups would unpack to more than a machine may have."""
        metadata = found.metadata
        for group in range(metadata.num_row_groups):
            row_group = metadata.row_group(group)
            columns = (row_group.column(i) for i in range(row_group.num_columns))
            size = sum(
                c.total_uncompressed_size
                for c in columns
                if c.path_in_schema.split(".")[0] in wanted
            )
            if size > MOST_UNPACKED:
                raise _unreadable("a Parquet file of this size")


#: What pyarrow and polars raise for damaged files.
_ODD = (
    pa.ArrowException,
    OSError,
    TypeError,
    ValueError,
    OverflowError,
    pl.exceptions.PolarsError,
)


def _frame(batch: Any) -> pl.DataFrame:  # noqa: ANN401 - pyarrow has no types
    frame = pl.from_arrow(batch)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("no table")
    return frame


def _empty() -> UsageError:
    return UsageError(
        "The file holds no rows.", remedy="Send rows below the header.", code="data-file-empty"
    )


def _unreadable(what: str) -> UsageError:
    return UsageError(
        f"The file is not {what}, or is damaged.",
        remedy="Export it again, and declare what it is.",
        code="data-unreadable",
    )


def _too_wide() -> UsageError:
    return UsageError(
        f"The file has more than {MOST_COLUMNS:,} columns.",
        remedy="Send the columns that the model reads; /docs lists them.",
        code="batch-columns",
    )
