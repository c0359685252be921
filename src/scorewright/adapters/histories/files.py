"""A table in local files, Parquet and text in any mixture."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from scorewright.adapters.histories.chunks import Chunk, refuse_missing, refused
from scorewright.adapters.histories.finding import find, is_parquet
from scorewright.adapters.histories.parquet import ParquetFile
from scorewright.adapters.tables import TextStream
from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.flows.ports import TableFile

__all__ = ["FileSource", "widest"]

_TEXT_CHUNK: Final = 8 * 1024 * 1024
_BLOCK: Final = 1 << 20


class FileSource:
    """`Source` over local files.

    Args:
        table: Its patterns name files, globs or folders.
    """

    def __init__(self, table: TableFile) -> None:
        self._table = table
        self._paths = find(table)
        self._schemas: dict[Path, dict[str, pl.DataType]] = {}

    def schema(self) -> Mapping[str, pl.DataType]:
        """Return the columns that all files have; see `Source`.

        Raises:
            UsageError: As `ParquetFile` and `TextStream`.
        """
        merged = dict(self._schema_of(self._paths[0]))
        for path in self._paths[1:]:
            other = self._schema_of(path)
            merged = {
                name: widest(dtype, other[name]) for name, dtype in merged.items() if name in other
            }
        return merged

    def chunks(self, columns: Sequence[str], budget: int) -> Iterator[Chunk]:
        """Yield the rows file by file; see `Source`.

        Raises:
            UsageError: ``data-column-missing``; and as `ParquetFile` and `TextStream`.
        """
        for path in self._paths:
            refuse_missing(self._table.name, str(path), columns, list(self._schema_of(path)))
        for path in self._paths:
            if is_parquet(path):
                yield from ParquetFile(path).chunks(columns, budget)
            else:
                # A chunk's text, its frame and the typed one are held at a time.
                stream = TextStream(path, self._table, columns, min(_TEXT_CHUNK, budget // 4))
                for part in stream:
                    yield Chunk(str(part.path), part.first_row, part.frame)

    def digest(self) -> str:
        """Return the digest of the files' names and bytes, in their order.

        Raises:
            UsageError: ``data-unreadable``.
        """
        listing = [[path.name, _file_digest(path)] for path in self._paths]
        return sha256_hex(canonical_json(listing))

    def size(self) -> int:
        """Return the size in memory; of text files their own size."""
        return sum(
            ParquetFile(path).size() if is_parquet(path) else path.stat().st_size
            for path in self._paths
        )

    def _schema_of(self, path: Path) -> dict[str, pl.DataType]:
        if path not in self._schemas:
            if is_parquet(path):
                self._schemas[path] = ParquetFile(path).schema()
            else:
                names = TextStream(path, self._table).columns
                self._schemas[path] = dict.fromkeys(names, pl.String())
        return self._schemas[path]


def widest(one: pl.DataType, other: pl.DataType) -> pl.DataType:
    """Return the type that decides how wide integers become; any other pair counts as wide."""
    return one if one == other else pl.Int64()


def _file_digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise refused(
            str(path), f"cannot be read: {error.strerror}.", "Check its permissions and its disk."
        ) from error
    return digest.hexdigest()
