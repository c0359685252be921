"""Text tables of any size, a part at a time, in bounded memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain, islice
from pathlib import Path
from typing import Final

import polars as pl

from scorewright.adapters.tables.blocks import utf8_blocks
from scorewright.adapters.tables.header import Header, read_header
from scorewright.adapters.tables.layout import body_of, squeeze_spaces
from scorewright.adapters.tables.locating import unreadable
from scorewright.adapters.tables.parsing import parsed, separator_of
from scorewright.adapters.tables.records import Grammar, end_of_records, records, unclosed
from scorewright.adapters.tables.scanning import last_boundary
from scorewright.adapters.tables.wrapping import is_wrapped, unwrap
from scorewright.flows.ports import TableFile

__all__ = ["TextChunk", "TextStream"]

CHUNK_BYTES: Final = 16 * 1024 * 1024  # larger ones leave the processor's cache: half the speed
_FIRST: Final = 1 << 16
_HEADER_RECORDS: Final = 3
_LARGEST_RECORD: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TextChunk:
    """Some rows of a text table.

    Attributes:
        path: The file they stand in.
        first_row: The file's data row, counted from 1, that is the first of the frame.
        frame: The rows; columns of text.
    """

    path: Path
    first_row: int
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Piece:
    """Whole records as bytes, and the line of the file in which they begin, from 1."""

    data: bytes
    line: int


class TextStream:
    """One text table, ``.csv .tsv .txt .asc .data`` or such a file with ``.gz``, read in parts.

    The rows are those of `FileTableReader`: a byte order mark, other encodings, CR and CRLF,
    quotes around whole lines, and separators and line breaks within quotes are understood; a line
    that is too short or too long stops the work and is never padded or cut. Unlike there, a
    header without rows is no error: it gives one chunk without rows.

    Memory holds a chunk of text and its frame, about four times ``chunk_bytes`` together.

    Args:
        path: The file.
        table: Its separator, encoding and null values; ``patterns`` is not looked at.
        columns: Names of the columns to keep, in this order; all when None.
        chunk_bytes: About how much text makes a chunk.
        numbers: Columns that are Float64 in chunks where every one of their cells is a plain
            number; in the other chunks all columns are texts.
    """

    def __init__(
        self,
        path: Path,
        table: TableFile,
        columns: Sequence[str] | None = None,
        chunk_bytes: int = CHUNK_BYTES,
        numbers: Collection[str] = (),
    ) -> None:
        self.path = path
        self._table = table
        self._wanted = None if columns is None else tuple(columns)
        self._chunk_bytes = chunk_bytes
        self._numbers = frozenset(numbers)
        self._separator = separator_of(path, table)
        self._grammar = Grammar.of(self._separator)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns of the file, wanted or not; reads its beginning only.

        Raises:
            UsageError: See `__iter__`.
        """
        first = next(self._pieces())
        data, _ = self._unwrapped(first)
        return self._header(data).columns

    def __iter__(self) -> Iterator[TextChunk]:
        """Yield the rows in the order of the file, from its beginning each time.

        Raises:
            UsageError: ``data-file-empty``, ``data-encoding``, ``data-ragged`` (names the line),
                ``data-duplicate-column``, ``data-unreadable``, ``data-columns-differ`` for a
                wanted column that is not there.
        """
        pieces = self._pieces()
        first = next(pieces)
        data, wrapped = self._unwrapped(first)
        header = self._header(data)
        self._refuse_unknown(header.columns)
        line = first.line + data.count(b"\n", 0, header.end)
        chunk = self._chunk(header, _Piece(data[header.end :], line), row=1)
        # A chunk without rows only where the whole file has none: its columns are known then.
        row = 1 + chunk.frame.height
        if row > 1:
            yield chunk
        for piece in pieces:
            text = unwrap(piece.data, self.path, piece.line) if wrapped else piece.data
            found = self._chunk(header, _Piece(text, piece.line), row)
            row += found.frame.height
            if found.frame.height > 0:
                yield found
        if row == 1:
            yield chunk

    def frames(self, rows: int) -> Iterator[pl.DataFrame]:
        """Yield the rows alone, about so many at a time.

        The first rows, which are few, come with those that follow: decimals are judged together.

        Args:
            rows: One or more.

        Raises:
            UsageError: See `__iter__`.
        """
        found = (chunk.frame for chunk in self)
        first, second = next(found), next(found, None)
        if second is not None and second.schema == first.schema:
            first, second = pl.concat([first, second]), None
        for frame in chain([first], () if second is None else [second], found):
            # In equal parts: one of a few rows costs as much as a large one.
            count = max(1, round(frame.height / rows))
            yield from frame.iter_slices(-(-frame.height // count)) if frame.height else [frame]

    def _pieces(self) -> Iterator[_Piece]:
        """Cut the file between records, about a chunk apart; the first piece is small."""
        parts: list[bytes] = []
        size, target, line = 0, _FIRST, 1
        for block in utf8_blocks(self.path, self._table.encoding, self._table.name):
            parts.append(block)
            size += len(block)
            if size < target:
                continue
            data = b"".join(parts)
            end = self._boundary(data)
            whole = data[:end]
            if self._is_enough(whole, is_first=line == 1):
                yield self._piece(whole, line)
                line += whole.count(b"\n")
                parts, size, target = [data[end:]], len(data) - end, self._chunk_bytes
            elif size > _LARGEST_RECORD:
                raise unclosed(self.path, line + whole.count(b"\n"))
            else:
                parts, target = [data], 2 * size
        rest = b"".join(parts)
        if not self._is_blank(rest):
            yield self._piece(rest, line)
        elif line == 1:
            raise unreadable(self.path, "is empty.", "Export the file again.", "data-file-empty")

    def _is_enough(self, whole: bytes, *, is_first: bool) -> bool:
        """Tell whether whole records make a piece: the first one must show the header's kind."""
        if not is_first:
            return not self._is_blank(whole)
        found = records(whole, self.path, self._grammar)
        return sum(1 for _ in islice(found, _HEADER_RECORDS)) == _HEADER_RECORDS

    def _is_blank(self, data: bytes) -> bool:
        return not data or (data.isspace() and not data.strip(self._grammar.blank))

    def _piece(self, data: bytes, line: int) -> _Piece:
        return _Piece(squeeze_spaces(data) if self._separator == " " else data, line)

    def _boundary(self, data: bytes) -> int:
        end = last_boundary(data, self._separator)
        return end_of_records(data, self.path, self._grammar) if end is None else end

    def _unwrapped(self, first: _Piece) -> tuple[bytes, bool]:
        if is_wrapped(first.data, self.path, self._grammar):
            return unwrap(first.data, self.path, first.line), True
        return first.data, False

    def _header(self, data: bytes) -> Header:
        found = records(data, self.path, self._grammar)
        return read_header(found, self.path, self._separator, self._table.name)

    def _chunk(self, header: Header, piece: _Piece, row: int) -> TextChunk:
        width = len(header.columns)
        body, rows = body_of(piece.data, self.path, width, self._grammar, piece.line)
        if rows == 0:
            names = header.columns if self._wanted is None else self._wanted
            return TextChunk(self.path, row, pl.DataFrame(schema=dict.fromkeys(names, pl.String)))
        source = (self.path, self._table)
        frame = parsed(body, rows, header.columns, source, self._wanted, self._numbers)
        return TextChunk(self.path, row, frame)

    def _refuse_unknown(self, columns: tuple[str, ...]) -> None:
        for name in self._wanted or ():
            if name not in columns:
                near = get_close_matches(name, columns, n=3) or list(columns[:10])
                raise unreadable(
                    self.path,
                    f"of table '{self._table.name}' has no column '{name}'.",
                    f"Near it are: {', '.join(near)}.",
                    "data-columns-differ",
                )
