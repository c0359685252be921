"""Rows of a database to columns of a frame."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.adapters.database_stores.session import Row, Session, UndecodableError

__all__ = ["Doubts", "Words", "frame_and_words", "frame_of"]

#: Chunks that are joined before the next are read.
_PIECE: Final = 64
_WORD: Final = pl.Categorical()
#: Columns whose texts stand in many rows of a table that has both.
_OFTEN: Final = ("run_id", "key")
_EXAMPLES: Final = 10


@dataclass(slots=True)
class Doubts:
    """What was not as it should be, counted while a table is read.

    Attributes:
        latin: Texts that are not UTF-8 and were read as Latin-1.
        lost: Values that are not of their column's type and became null.
        examples: Some of the latter, as "column: value".
    """

    latin: int = 0
    lost: int = 0
    examples: list[str] = field(default_factory=list)

    def count_on(self, others: Doubts) -> None:
        """Add the doubts of another reading."""
        self.latin += others.latin
        self.lost += others.lost
        self.examples += others.examples[: _EXAMPLES - len(self.examples)]


@dataclass(frozen=True, slots=True)
class Words:
    """A column of texts that come often.

    Attributes:
        known: Each of them once, in the order in which they came.
        codes: Place in `known` of the text of each row.
    """

    known: pl.Series
    codes: npt.NDArray[np.uint32]

    def series(self, name: str, dtype: pl.DataType) -> pl.Series:
        """Return the texts of all rows, which share the memory of each text."""
        return self.known.cast(dtype).gather(pl.Series(self.codes)).alias(name)


class _OtherwiseError(Exception):
    """A column of texts that come often holds something else."""


def frame_of(
    session: Session, sql: str, schema: Mapping[str, pl.DataType], doubts: Doubts
) -> pl.DataFrame:
    """Run a statement and give its rows as columns.

    SQLite keeps whatever it is given in any column, so a value of a wrong type is converted where
    that loses nothing, and is null and counted otherwise.

    Args:
        session: The open store.
        sql: Selects the columns of the schema, in its order.
        schema: Text, integers and floats only; categories are texts that come often.
        doubts: Counted on.

    Returns:
        Shape (n, len(schema)).
    """
    return frame_and_words(session, sql, schema, doubts)[0]


def frame_and_words(
    session: Session,
    sql: str,
    schema: Mapping[str, pl.DataType],
    doubts: Doubts,
    often: tuple[str, ...] = _OFTEN,
) -> tuple[pl.DataFrame, dict[str, Words]]:
    """Run a statement as `frame_of` does, and give the columns of words apart too.

    Args:
        session: The open store.
        sql: Selects the columns of the schema, in its order.
        schema: Text, integers and floats only.
        doubts: Counted on.
        often: Columns of texts that come often; no matter where one of them is not there.

    Returns:
        Shape (n, len(schema)); and the words by column, none where they are not all texts.
    """
    wanted = often if set(often) <= schema.keys() else ()
    ways = (*([(wanted, False)] if wanted else []), ((), False), ((), True))
    for names, raw in ways:
        reading = _Reading(schema, names)
        try:
            reading.read(session.chunks(sql, raw=raw))
        except UndecodableError:
            if raw:
                raise
            continue
        except _OtherwiseError:
            continue
        doubts.count_on(reading.doubts)
        return reading.frame(), reading.words()
    raise UndecodableError(sql)


class _Reading:
    """Columns that are being filled.

    Half of the time and of the memory of a store goes into ids and names that stand in many rows:
    these are kept as numbers until all are read.
    """

    def __init__(self, schema: Mapping[str, pl.DataType], often: tuple[str, ...]) -> None:
        self.doubts = Doubts()
        self._schema = schema
        self._words = {name: _Numbered() for name in often}
        self._cells = {
            name: _Cells(name, dtype, self.doubts)
            for name, dtype in schema.items()
            if name not in often
        }

    def read(self, chunks: Iterable[Sequence[Row]]) -> None:
        """Read all rows.

        Raises:
            UndecodableError: A text is not UTF-8.
            _OtherwiseError: A word is none.
        """
        columns: dict[str, _Numbered | _Cells] = {**self._words, **self._cells}
        adders = [columns[name].add for name in self._schema]
        for rows in chunks:
            # Whole columns are handed over: a third faster than row by row, and no dict per row.
            for add, cells in zip(adders, zip(*rows, strict=True), strict=True):
                add(cells)
        if not all(words.are_texts() for words in self._words.values()):
            raise _OtherwiseError

    def words(self) -> dict[str, Words]:
        """Return the columns of words."""
        return {name: numbered.words() for name, numbered in self._words.items()}

    def frame(self) -> pl.DataFrame:
        """Return all columns."""
        words = self.words()
        return pl.DataFrame(
            [
                words[name].series(name, dtype) if name in words else self._cells[name].series()
                for name, dtype in self._schema.items()
            ]
        )


class _Numbered:
    """A column of words, each of which has a number."""

    def __init__(self) -> None:
        self._numbers = _Numbers()
        self._codes = array("I")

    def add(self, cells: Sequence[Any]) -> None:
        """Add some rows."""
        self._codes.extend(map(self._numbers.__getitem__, cells))

    def are_texts(self) -> bool:
        """Tell whether nothing else was added."""
        return all(type(word) is str for word in self._numbers)

    def words(self) -> Words:
        """Return what was added."""
        codes = np.array(self._codes, np.uint32)
        return Words(pl.Series(list(self._numbers), dtype=pl.String), codes)


class _Numbers(dict[str, int]):
    """Word -> its number, in the order in which they came."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


class _Cells:
    """A column of values."""

    def __init__(self, name: str, dtype: pl.DataType, doubts: Doubts) -> None:
        self._name = name
        self._dtype = dtype
        self._doubts = doubts
        self._pieces = [pl.Series(name, [], dtype=dtype)]
        self._chunks: list[pl.Series] = []

    def add(self, cells: Sequence[Any]) -> None:
        """Add some rows."""
        dtype = pl.String() if self._dtype == _WORD else self._dtype
        self._chunks.append(_series(self._name, dtype, cells, self._doubts))
        if len(self._chunks) == _PIECE:
            self._join()

    def series(self) -> pl.Series:
        """Return what was added; one column after the other, so that few are there twice."""
        if self._chunks:
            self._join()
        whole = pl.concat(self._pieces, rechunk=True)
        self._pieces = [whole]
        return whole

    def _join(self) -> None:
        self._pieces.append(pl.concat(self._chunks, rechunk=True).cast(self._dtype))
        self._chunks = []


def _series(name: str, dtype: pl.DataType, cells: Sequence[Any], doubts: Doubts) -> pl.Series:
    try:
        return pl.Series(name, cells, dtype=dtype, strict=True)
    except (TypeError, OverflowError, ValueError, pl.exceptions.PolarsError):
        if dtype == pl.String and all(type(cell) is int for cell in cells):  # ids of experiments
            return pl.Series(name, cells, dtype=pl.Int64, strict=True).cast(pl.String)
        cells = [_cell(name, _CASTS[dtype], cell, doubts) for cell in cells]
        return pl.Series(name, cells, dtype=dtype, strict=True)


def _cell(name: str, cast: Callable[[Any], Any], cell: object, doubts: Doubts) -> Any:  # noqa: ANN401 - text, integer or float
    if isinstance(cell, bytes | bytearray | memoryview):
        cell = _decoded(bytes(cell), doubts)
    if cell is None:
        return None
    try:
        return cast(cell)
    except (ValueError, TypeError, OverflowError):
        doubts.lost += 1
        if len(doubts.examples) < _EXAMPLES:
            doubts.examples.append(f"{name}: {str(cell)[:80]}")
        return None


def _decoded(data: bytes, doubts: Doubts) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        doubts.latin += 1
        return data.decode("latin-1")


def _integer(cell: object) -> int:
    number = cell if isinstance(cell, int | float | Decimal) else int(str(cell))
    if number != int(number) or abs(int(number)) >= 2**63:
        raise ValueError(cell)
    return int(number)


def _number(cell: object) -> float:
    return float(cell if isinstance(cell, int | float | Decimal) else str(cell))


_CASTS: Final[Mapping[pl.DataType, Callable[[Any], Any]]] = {
    pl.String(): str,
    pl.Int64(): _integer,
    pl.Float64(): _number,
}
