"""Result, error report and inputs of a batch in its folder, hidden until all of it is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl
import pyarrow.parquet as pq

from scorewright.adapters.guarded import sync_directory, sync_file
from scorewright.adapters.tables import csv_text
from scorewright.core.errors import ScorewrightError

__all__ = ["FolderKeep"]


class FolderKeep:
    """`BatchKeep` over a folder.

    Args:
        folder: Of the batch; result and error report appear in it as ``result`` and ``errors``
            with ``.csv`` and ``.parquet``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts = 0
        self._tables = [_Table(folder, "result"), _Table(folder, "errors")]

    def add(self, rows: pl.DataFrame, problems: pl.DataFrame, inputs: pl.DataFrame) -> None:
        """Keep a part.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        try:
            for table, frame in zip(self._tables, (rows, problems), strict=True):
                table.add(frame)
            inputs.write_ipc(self._part(self._parts))
        except (OSError, pl.exceptions.PolarsError) as error:
            raise _failed() from error
        self._parts += 1

    def inputs(self) -> Iterator[pl.DataFrame]:
        """Yield the inputs again; each part is gone after it was read."""
        for number in range(self._parts):
            path = self._part(number)
            yield pl.read_ipc(path)
            path.unlink()

    def publish(self) -> None:
        """Put the files into their places; afterwards no power cut takes any of them.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        try:
            for table in self._tables:
                table.publish()
            sync_directory(self._folder)
        except OSError as error:
            raise _failed() from error

    def close(self) -> None:
        """Let go of what is open."""
        for table in self._tables:
            table.close()

    def _part(self, number: int) -> Path:
        return self._folder / f".inputs-{number:06d}.arrow"


class _Table:
    """One table as CSV and Parquet, written a part at a time."""

    def __init__(self, folder: Path, name: str) -> None:
        self._places = {form: folder / f"{name}.{form}" for form in ("csv", "parquet")}
        self._asides = {form: folder / f".{name}.{form}.part" for form in self._places}
        self._csv: BinaryIO | None = None
        self._parquet: Any = None

    def add(self, frame: pl.DataFrame) -> None:
        text, table = csv_text(frame), frame.to_arrow()
        if self._csv is None:
            self._csv = self._asides["csv"].open("xb")
            self._parquet = pq.ParquetWriter(self._asides["parquet"], table.schema)
        else:
            text = text.split("\n", 1)[1]
        self._csv.write(text.encode("utf-8"))
        self._parquet.write_table(table)

    def publish(self) -> None:
        self.close()
        for aside in self._asides.values():
            sync_file(aside)
        for form, aside in self._asides.items():
            aside.replace(self._places[form])

    def close(self) -> None:
        for open_file in (self._csv, self._parquet):
            if open_file is not None:
                open_file.close()


def _failed() -> ScorewrightError:
    return ScorewrightError(
        "The result of the batch could not be written.",
        remedy="Free space on the disk of the service and post the file again.",
        code="write-failed",
    )
