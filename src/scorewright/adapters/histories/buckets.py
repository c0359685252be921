"""Rows of one table into one Parquet file per bucket."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from scorewright.adapters.histories.budget import row_bytes

__all__ = ["BucketFiles"]

_COMPRESSION: Final = "lz4"
"""Measured on 41 million rows: CPU of snappy and of none, two thirds of zstd's."""


@dataclass(slots=True)
class _Bucket:
    """One file and the rows that wait for it."""

    path: Path
    waiting: list[pl.DataFrame] = field(default_factory=list)
    rows: int = 0
    writer: Any = None


class BucketFiles:
    """Splits frames over the files of a folder. Use as a context manager.

    All buckets are written together whenever the waiting rows fill the memory. Rows wait as slices
    of sorted frames, so a bucket that is rarely met must not keep the frames of others.

    Args:
        folder: An existing folder.
        schema: Columns of the frames; written even where a bucket stays empty.
        count: How many buckets.
        memory: Bytes that waiting rows may take.
    """

    def __init__(
        self, folder: Path, schema: dict[str, pl.DataType], count: int, memory: int
    ) -> None:
        self._schema = schema
        self._buckets = [_Bucket(folder / f"bucket-{i:04d}.parquet") for i in range(count)]
        self._memory = memory
        self._texts = [name for name, dtype in schema.items() if dtype == pl.String]
        self._row_bytes = row_bytes(schema.values())
        self._waiting = 0
        self._arrow = _arrow(pl.DataFrame(schema=schema)).schema

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for bucket in self._buckets:
            if bucket.writer is not None:
                # The disk that stopped the work stops the footer too; the folder is thrown away.
                with suppress(OSError):
                    bucket.writer.close()

    def add(self, frame: pl.DataFrame, buckets: npt.NDArray[np.uint16]) -> None:
        """Take rows in.

        Args:
            frame: Rows with the schema's columns.
            buckets: Shape (n,), the bucket of each; those of ``count`` or more are left out.
        """
        order = np.argsort(buckets, kind="stable").astype(np.uint32)
        counts = np.bincount(buckets, minlength=len(self._buckets))[: len(self._buckets)]
        kept = frame[pl.Series(order[: int(counts.sum())])]
        start = 0
        for bucket, rows in zip(self._buckets, counts.tolist(), strict=True):
            if rows > 0:
                bucket.waiting.append(kept.slice(start, rows))
                start += rows
        self._waiting += self._bytes_of(kept)
        if self._waiting >= self._memory:
            self._write_all()

    def finish(self) -> list[tuple[str, int, int]]:
        """Write what waits, close all files and make them durable.

        Returns:
            Per bucket: file name, rows and bytes.
        """
        self._write_all()
        listing = []
        for bucket in self._buckets:
            self._writer(bucket).close()
            bucket.writer = None
            with bucket.path.open("rb+") as stream:
                os.fsync(stream.fileno())
            listing.append((bucket.path.name, bucket.rows, bucket.path.stat().st_size))
        return listing

    def _bytes_of(self, frame: pl.DataFrame) -> int:
        """Return about what rows take: short texts are part of a row, long ones come on top."""
        lengths = (int(frame.get_column(name).str.len_bytes().sum()) for name in self._texts)
        return frame.height * self._row_bytes + sum(lengths)

    def _write_all(self) -> None:
        for bucket in self._buckets:
            if bucket.waiting:
                rows = pl.concat(bucket.waiting, rechunk=True)
                bucket.waiting = []
                self._writer(bucket).write_table(_arrow(rows))
                bucket.rows += rows.height
        self._waiting = 0

    def _writer(self, bucket: _Bucket) -> Any:  # noqa: ANN401 - a pyarrow writer
        if bucket.writer is None:
            texts = [f.name for f in self._arrow if pa.types.is_large_string(f.type)]
            bucket.writer = pq.ParquetWriter(
                bucket.path,
                self._arrow,
                compression=_COMPRESSION,
                use_dictionary=texts,  # of numbers they cost more than they save
                write_statistics=False,
                store_schema=False,
            )
        return bucket.writer


def _arrow(frame: pl.DataFrame) -> Any:  # noqa: ANN401 - a pyarrow table
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())
