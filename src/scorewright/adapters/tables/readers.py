"""Read CSV and Parquet files as one table."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import polars as pl

from scorewright.adapters.tables.decoding import to_utf8
from scorewright.adapters.tables.layout import examine, squeeze_spaces
from scorewright.adapters.tables.locating import PARQUET, locate, unreadable
from scorewright.adapters.tables.parsing import first_line_of, parsed, separator_of
from scorewright.adapters.tables.streaming import TextStream
from scorewright.core.errors import UsageError
from scorewright.flows.ports import TableFile

__all__ = ["FileTableReader"]

#: About so many rows, or bytes of text, make a part.
PART_ROWS: Final = 5_000
PART_BYTES: Final = 12_000_000


class FileTableReader:
    """`TableReader` over files: ``.csv .tsv .txt .asc .data`` and ``.parquet .pq``.

    Text tables are looked at line by line before polars parses them: a row that is too short or
    too long stops the work with its line number and is never padded or cut.
    """

    def read(self, table: TableFile) -> pl.DataFrame:
        """Return all rows of all files. CSV columns come as text, Parquet columns as they are.

        Columns of a later file may stand in another order; they must be the same ones.

        Args:
            table: Where the rows lie.

        Returns:
            At least one row.

        Raises:
            UsageError: See `scorewright.flows.ports.TableReader`.
        """
        paths = locate(table)
        frames = [self._one(path, table) for path in paths]
        if len(frames) == 1:
            return frames[0]
        return _together(table.name, paths, frames)

    def parts(self, table: TableFile, numbers: Collection[str] = ()) -> Iterator[pl.DataFrame]:
        """Yield all rows, some thousand at a time; several files come at once.

        Args:
            table: Where the rows lie.
            numbers: Columns of a text table that may come as Float64.

        Raises:
            UsageError: See `scorewright.flows.ports.PartReader`.
        """
        paths = locate(table)
        if len(paths) > 1:
            yield self.read(table)  # their columns and types have to agree
        elif paths[0].suffix.lower() in PARQUET:
            yield from _parquet_parts(paths[0])
        else:
            stream = TextStream(paths[0], table, None, PART_BYTES, numbers)
            for frame in stream.frames(PART_ROWS):
                if frame.height == 0:
                    raise _without_rows(paths[0], "has a header and no rows.")
                yield frame

    def _one(self, path: Path, table: TableFile) -> pl.DataFrame:
        if path.suffix.lower() in PARQUET:
            return _parquet(path)
        return _text(path, table)


def _text(path: Path, table: TableFile) -> pl.DataFrame:
    separator = separator_of(path, table)
    data = to_utf8(_bytes(path), path, table.encoding, table.name)
    if separator == " ":
        data = squeeze_spaces(data)
    layout = examine(data, path, separator, table.name)
    return parsed(layout.body, layout.rows, layout.columns, (path, table))


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(
            path, f"cannot be read: {error.strerror}.", "Check its permissions and its disk."
        ) from error
    if not data.strip():
        raise _empty(path)
    return data


def _parquet(path: Path) -> pl.DataFrame:
    # Read whole rather than mapped: a file replaced meanwhile must not change under the rows.
    data = _bytes(path)
    try:
        frame = pl.read_parquet(data)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _no_parquet(path, data[:4]) from error
    if frame.height == 0:
        raise _without_rows(path)
    return frame


def _parquet_parts(path: Path) -> Iterator[pl.DataFrame]:
    # One open file: one that is replaced meanwhile does not change under the rows.
    import pyarrow as pa  # noqa: PLC0415 - a third of a second that text tables do not need
    import pyarrow.parquet as pq  # noqa: PLC0415

    head, rows = b"", 0
    try:
        with path.open("rb") as file:
            head = file.read(4)
            if not head:
                raise _empty(path)
            for batch in pq.ParquetFile(file).iter_batches(PART_ROWS, use_threads=False):
                rows += batch.num_rows
                yield pl.DataFrame(batch)
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise _no_parquet(path, head) from error
    if not rows:
        raise _without_rows(path)


def _no_parquet(path: Path, head: bytes) -> UsageError:
    whole = head.startswith(b"PAR1")
    return unreadable(
        path,
        "is a Parquet file that ends early or is damaged." if whole else "is no Parquet file.",
        "Copy or export it again."
        if whole
        else "Give it the suffix of what it is, or export it as Parquet.",
    )


def _empty(path: Path) -> UsageError:
    return unreadable(path, "is empty.", "Export the file again.", "data-file-empty")


def _without_rows(path: Path, what: str = "has no rows.") -> UsageError:
    return unreadable(path, what, "Give a file that holds data.", "data-file-empty")


def _together(name: str, paths: tuple[Path, ...], frames: list[pl.DataFrame]) -> pl.DataFrame:
    first = frames[0]
    for path, frame in zip(paths, frames, strict=True):
        odd = sorted(set(first.columns) ^ set(frame.columns))
        if odd:
            raise _different(name, path, f"differs from {paths[0].name} in: {', '.join(odd[:10])}")
    try:
        return pl.concat([f.select(first.columns) for f in frames], how="vertical_relaxed")
    except pl.exceptions.PolarsError as error:
        for path, frame in zip(paths, frames, strict=True):
            for column in first.columns:
                ours, theirs = first.schema[column], frame.schema[column]
                if ours != theirs:
                    what = f"has '{column}' as {theirs}, {paths[0].name} as {ours}"
                    raise _different(name, path, what) from error
        raise _different(name, paths[-1], f"does not fit: {first_line_of(error)}") from error


def _different(table: str, path: Path, what: str) -> UsageError:
    return unreadable(
        path,
        f"of table '{table}' {what}.",
        "Give all files of the table the same columns and types, or narrow the glob.",
        "data-columns-differ",
    )
