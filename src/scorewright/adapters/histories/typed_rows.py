"""Chunks of a source as frames that keep their contract, or a report of what does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from scorewright.adapters.histories.cells import dtype_of, typed
from scorewright.adapters.histories.chunks import Chunk
from scorewright.adapters.histories.limits import breaches
from scorewright.core.contracts import Column, Contract, expectation
from scorewright.core.errors import FindingsError

__all__ = ["TypedRows"]

_SHOWN = 60
_LISTED = 5


@dataclass(slots=True)
class _Wrong:
    """Cells of one column that break one rule."""

    expected: str
    place: str
    row: int
    value: str | None
    count: int = 0


@dataclass(slots=True)
class TypedRows:
    """Gives frames as long as every cell fits; from then on only counts, to report it all at once.

    A cell fits that is of its column's type, stands within minimum and maximum, is there where
    the column may not be missing, and is listed where unlisted categories are rejected.

    Attributes:
        table: Table name.
        contract: Types and rules.
        stored: The source's own types.
    """

    table: str
    contract: Contract
    stored: Mapping[str, pl.DataType]
    _wrong: dict[str, _Wrong] = field(default_factory=dict)
    _broken: dict[tuple[str, str], _Wrong] = field(default_factory=dict)

    def frames(self, chunks: Iterator[Chunk], columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield typed frames; one without rows where there are none.

        Raises:
            FindingsError: ``data-type``, or else ``data-range``, after all rows have been looked
                at.
        """
        is_empty = True
        for chunk in chunks:
            frame = self._frame(chunk, columns)
            if frame.height > 0 and not self._wrong and not self._broken:
                is_empty = False
                yield frame
        if self._wrong:
            raise self._refusal()
        if self._broken:
            raise self._range_refusal()
        if is_empty:
            yield pl.DataFrame(schema={name: self._dtype(name) for name in columns})

    def _frame(self, chunk: Chunk, columns: Sequence[str]) -> pl.DataFrame:
        series = []
        for name in columns:
            source = chunk.frame.get_column(name)
            column = self._column(name)
            cells = typed(source, column.type, self._dtype(name))
            if cells.wrong is not None:
                first = _first(chunk, source, cells.wrong, expectation(column))
                self._wrong.setdefault(name, first).count += int(cells.wrong.sum())
            # A key that is missing is told with those that are repeated, where they are looked at.
            rule = replace(column, nullable=True) if name == self.contract.key else column
            for expected, broken in breaches(cells.values, rule, cells.wrong):
                first = _first(chunk, source, broken, expected)
                self._broken.setdefault((name, expected), first).count += int(broken.sum())
            series.append(cells.values)
        return pl.DataFrame(series)

    def _column(self, name: str) -> Column:
        column = self.contract.column(name)
        if column is None:  # the plan and its contracts are made together
            raise KeyError(name)
        return column

    def _dtype(self, name: str) -> pl.DataType:
        return dtype_of(self._column(name).type, self.stored[name])

    def _refusal(self) -> FindingsError:
        found = [_finding(name, wrong) for name, wrong in self._wrong.items()]
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

    def _range_refusal(self) -> FindingsError:
        found = [_finding(name, wrong) for (name, _), wrong in self._broken.items()]
        first = found[0]
        said = "is missing" if first["value"] is None else f"is '{first['value']}'"
        others = "; so do values of " + ", ".join(
            f"'{entry['column']}' ({entry['count']:,})" for entry in found[1 : 1 + _LISTED]
        )
        return FindingsError(
            f"Table '{self.table}': {first['count']:,} of the values of column "
            f"'{first['column']}' break the contract; the first, in {first['place']}, row "
            f"{first['row']:,}, {said}, expected {first['expected']}"
            f"{others if len(found) > 1 else ''}.",
            remedy="Correct the rows, or the column's minimum, maximum, nullable or categories in "
            f"the contract of '{self.table}' if they were right. The service refuses them too.",
            code="data-range",
            details={"table": self.table, "columns": found},
        )


def _first(chunk: Chunk, source: pl.Series, wrong: pl.Series, expected: str) -> _Wrong:
    """Describe the first of the wrong cells; none is counted yet."""
    at = int(wrong.arg_true()[0])
    value = source[at]
    shown = "(not shown)" if source.dtype.is_nested() else str(value)[:_SHOWN]
    return _Wrong(expected, chunk.place, chunk.first_row + at, None if value is None else shown)


def _finding(name: str, wrong: _Wrong) -> dict[str, Any]:
    return {
        "column": name,
        "place": wrong.place,
        "row": wrong.row,
        "value": wrong.value,
        "expected": wrong.expected,
        "count": wrong.count,
    }
