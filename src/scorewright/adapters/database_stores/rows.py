"""Rows of a database to columns of a frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import polars as pl

from scorewright.adapters.database_stores.session import Row, Session, UndecodableError

__all__ = ["Doubts", "frame_of"]

#: Chunks that are joined before the next are read.
_PIECE: Final = 64
_FEW: Final = 8
_WORD: Final = pl.Categorical()
_NO_PLACE: Final = 2**32 - 1


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
    try:
        return _frame(session, sql, schema, doubts, raw=False)
    except UndecodableError:
        return _frame(session, sql, schema, doubts, raw=True)


def _frame(
    session: Session,
    sql: str,
    schema: Mapping[str, pl.DataType],
    doubts: Doubts,
    *,
    raw: bool,
) -> pl.DataFrame:
    pieces = [pl.DataFrame(schema=schema)]
    chunks: list[pl.DataFrame] = []
    texts = {name: pl.String() if dtype == _WORD else dtype for name, dtype in schema.items()}
    for rows in session.chunks(sql, raw=raw):
        chunks.append(_chunk(rows, texts, doubts))
        if len(chunks) == _PIECE:
            pieces.append(_piece(chunks).cast(pl.Schema(schema)))
            chunks = []
    if chunks:
        pieces.append(_piece(chunks).cast(pl.Schema(schema)))
    # Pieces stay apart: making one of them would need both in memory at once.
    return pl.concat(pieces, rechunk=len(pieces) <= _FEW)


def _piece(chunks: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Join chunks, and keep an id or a name that stands in many rows only once.

    That is half of the memory of a store.
    """
    piece = pl.concat(chunks, rechunk=True)
    if not {"run_id", "key"} <= set(piece.columns):
        return piece
    return piece.with_columns(_once(piece["run_id"]), _shared(piece["key"]))


def _once(ids: pl.Series) -> pl.Series:
    """Keep an id once for all its rows, which follow each other."""
    places = ids.rle_id()
    firsts = ids.filter(places != places.shift(1, fill_value=_NO_PLACE))
    return ids if 2 * len(firsts) > len(ids) else firsts.gather(places)


def _shared(names: pl.Series) -> pl.Series:
    """Keep a name once, wherever it comes."""
    known = names.unique().drop_nulls()
    if 2 * len(known) > len(names):
        return names
    return known.gather(names.cast(pl.Enum(known)).to_physical())


def _chunk(rows: Sequence[Row], schema: Mapping[str, pl.DataType], doubts: Doubts) -> pl.DataFrame:
    # Whole columns are handed over: a third faster than row by row, and no dict per row.
    columns = zip(schema.items(), zip(*rows, strict=True), strict=True)
    return pl.DataFrame([_series(name, dtype, cells, doubts) for (name, dtype), cells in columns])


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
        if len(doubts.examples) < 10:  # noqa: PLR2004 - examples
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
