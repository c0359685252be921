"""Rows of tables in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.errors import UsageError
from scorewright.core.tables import frame_digest
from scorewright.flows.ports import TableFile

__all__ = ["MemoryRows"]


@dataclass
class MemoryRows:
    """A `RowSource` over frames that have the types of their contracts already.

    Attributes:
        frames: Rows by table name.
        batch: Rows of a batch.
        reads: Table names, one for each time its rows were asked for.
    """

    frames: Mapping[str, pl.DataFrame]
    batch: int = 1000
    reads: list[str] = field(default_factory=list)

    def digest(self, table: TableFile) -> str:
        return frame_digest(self._frame(table))

    def size(self, table: TableFile) -> int:
        return int(self._frame(table).estimated_size())

    def batches(
        self, table: TableFile, contract: Contract, columns: Sequence[str]
    ) -> Iterator[pl.DataFrame]:
        frame = self._frame(table)
        self.reads.append(table.name)
        for name in columns:
            if name not in frame.columns:
                raise UsageError(
                    f"Table '{table.name}' has no column '{name}'.",
                    remedy="Give the data with the column.",
                    code="data-column-missing",
                )
        chosen = frame.select(columns)
        yield from chosen.iter_slices(self.batch) if chosen.height else [chosen]

    def _frame(self, table: TableFile) -> pl.DataFrame:
        if table.name not in self.frames:
            raise UsageError(
                f"There is no table '{table.name}'.",
                remedy="Name another.",
                code="data-file-missing",
            )
        return self.frames[table.name]
