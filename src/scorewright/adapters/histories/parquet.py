"""One Parquet file in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from scorewright.adapters.histories.budget import row_bytes, rows_within
from scorewright.adapters.histories.chunks import Chunk, refused

__all__ = ["ParquetFile"]


class ParquetFile:
    """A file read a few row groups at a time.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._schema: dict[str, pl.DataType] | None = None

    def schema(self) -> dict[str, pl.DataType]:
        """Return column names and types.

        Raises:
            UsageError: ``data-file-empty`` for a file without bytes, ``data-unreadable`` for one
                that ends early or is no Parquet.
        """
        if self._schema is None:
            with _translated(self.path):
                if self.path.stat().st_size == 0:
                    raise refused(
                        str(self.path), "is empty.", "Export the file again.", "data-file-empty"
                    )
                self._schema = dict(pl.read_parquet_schema(self.path))
        return self._schema

    def chunks(self, columns: Sequence[str], budget: int) -> Iterator[Chunk]:
        """Yield the rows in order.

        Raises:
            UsageError: ``data-unreadable``.
        """
        types = self.schema()
        rows = rows_within(budget, (types[name] for name in columns))
        with _translated(self.path):
            scan = pl.scan_parquet(self.path, glob=False, hive_partitioning=False)
            first = 1
            for frame in scan.select(columns).collect_batches(chunk_size=rows, maintain_order=True):
                yield Chunk(str(self.path), first, frame)
                first += frame.height

    def size(self) -> int:
        """Return about how many bytes the rows take in memory."""
        types = self.schema()
        with _translated(self.path):
            scan = pl.scan_parquet(self.path, glob=False, hive_partitioning=False)
            return int(scan.select(pl.len()).collect().item()) * row_bytes(types.values())


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise refused(
            str(path), "is gone.", "Put it back, or correct the settings.", "data-file-missing"
        ) from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> Exception:
    if isinstance(error, PermissionError):
        return refused(str(path), "may not be read.", "Correct its permissions.")
    is_whole = _begins_like_parquet(path)
    return refused(
        str(path),
        "is a Parquet file that ends early or is damaged." if is_whole else "is no Parquet file.",
        "Copy or export it again."
        if is_whole
        else "Give it the suffix of what it is, or export it as Parquet.",
    )


def _begins_like_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(4) == b"PAR1"
    except OSError:
        return False
