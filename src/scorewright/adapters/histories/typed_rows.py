"""Chunks of a source as frames of the contract's types, or a report of what does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from scorewright.adapters.histories.cells import dtype_of, typed
from scorewright.adapters.histories.chunks import Chunk
from scorewright.core.contracts import Contract, expectation
from scorewright.core.errors import FindingsError

__all__ = ["TypedRows"]

_SHOWN = 60


@dataclass(slots=True)
class _Wrong:
    """Cells of one column that are not of its type."""

    place: str
    row: int
    value: str
    count: int = 0


@dataclass(slots=True)
class TypedRows:
    """Gives frames as long as every cell fits; from then on only counts, to report it all at once.

    Attributes:
        table: Table name.
        contract: The types.
        stored: The source's own types.
    """

    table: str
    contract: Contract
    stored: Mapping[str, pl.DataType]
    _wrong: dict[str, _Wrong] = field(default_factory=dict)

    def frames(self, chunks: Iterator[Chunk], columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield typed frames; one without rows where there are none.

        Raises:
            FindingsError: ``data-type``, after all rows have been looked at.
        """
        is_empty = True
        for chunk in chunks:
            frame = self._frame(chunk, columns)
            if frame.height > 0 and not self._wrong:
                is_empty = False
                yield frame
        if self._wrong:
            raise self._refusal()
        if is_empty:
            yield pl.DataFrame(schema={name: self._dtype(name) for name in columns})

    def _frame(self, chunk: Chunk, columns: Sequence[str]) -> pl.DataFrame:
        series = []
        for name in columns:
            source = chunk.frame.get_column(name)
            column = self.contract.column(name)
            if column is None:  # the plan and its contracts are made together
                raise KeyError(name)
            cells = typed(source, column.type, self._dtype(name))
            if cells.wrong is not None:
                self._note(chunk, source, cells.wrong)
            series.append(cells.values)
        return pl.DataFrame(series)

    def _dtype(self, name: str) -> pl.DataType:
        column = self.contract.column(name)
        if column is None:
            raise KeyError(name)
        return dtype_of(column.type, self.stored[name])

    def _note(self, chunk: Chunk, source: pl.Series, wrong: pl.Series) -> None:
        at = int(wrong.arg_true()[0])
        shown = "(not shown)" if source.dtype.is_nested() else str(source[at])[:_SHOWN]
        first = _Wrong(chunk.place, chunk.first_row + at, shown)
        self._wrong.setdefault(source.name, first).count += int(wrong.sum())

    def _refusal(self) -> FindingsError:
        found = [self._finding(name, wrong) for name, wrong in self._wrong.items()]
        first = found[0]
        count = sum(entry["count"] for entry in found)
        others = f", in {len(found)} columns" if len(found) > 1 else ""
        return FindingsError(
            f"Table '{self.table}': {count:,} {'value is' if count == 1 else 'values are'} not of "
            f"the type of {'its column' if count == 1 else 'their column'}{others}. The first is "
            f"'{first['value']}' in {first['place']}, row {first['row']:,}, column "
            f"'{first['column']}'; expected {first['expected']}.",
            remedy="Correct the rows, export them with plain numbers and ISO dates, or correct "
            "the column's type in the contract.",
            code="data-type",
            details={"table": self.table, "columns": found},
        )

    def _finding(self, name: str, wrong: _Wrong) -> dict[str, Any]:
        column = self.contract.column(name)
        return {
            "column": name,
            "place": wrong.place,
            "row": wrong.row,
            "value": wrong.value,
            "expected": "" if column is None else expectation(column),
            "count": wrong.count,
        }
