"""Guessing how a text table is written: its encoding and its separator."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from scorewright.core.errors import UsageError

__all__ = ["Dialect", "sniff"]

_HEAD = 65_536
_CHUNK = 1 << 20
_PARQUET = b"PAR1"
_CANDIDATES = (",", ";", "\t", "|")
_SPACE_SUFFIXES = (".asc", ".data", ".dat", ".txt")
_CONSISTENT = 0.9
_C1 = bytes(range(0x80, 0xA0))
_NOT_CP1252 = b"\x81\x8d\x8f\x90\x9d"
_SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "packed with gzip",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"%PDF": "a PDF document",
    b"SQLite format 3": "an SQLite database",
    b"ARROW1": "an Arrow file",
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text table is written.

    Attributes:
        separator: One character between columns.
        encoding: A Python codec name: ``utf-8``, ``utf-8-sig``, ``utf-16``, ``cp1252``,
            ``latin-1``.
    """

    separator: str = ","
    encoding: str = "utf-8"


def sniff(path: Path) -> Dialect:
    """Guess encoding (from all bytes) and separator (from the first lines) of a table.

    A Parquet file has neither; it gets the defaults. UTF-8 and UTF-16 are certain, the
    single-byte encodings are a guess.

    Args:
        path: A file.

    Raises:
        UsageError: ``data-file-missing``, ``data-file-empty``, or ``data-unreadable`` for a
            folder, a file without permission and anything that is not text.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
            if head.startswith(_PARQUET):
                return Dialect()
            _refuse_binary(path, head)
            encoding = _encoding(stream, head)
            is_whole = len(head) < _HEAD
    except FileNotFoundError as error:
        raise UsageError(
            f"There is no file {path}.",
            remedy="Check the path; relative paths start at the current folder.",
            code="data-file-missing",
        ) from error
    except OSError as error:
        raise _unreadable(
            path, str(error.strerror or error), "Name one file that you may read."
        ) from error
    text = _head_text(head, encoding, is_whole=is_whole)
    if not text.strip():
        raise UsageError(
            f"{path} is empty.",
            remedy="Name a file with a header and rows.",
            code="data-file-empty",
        )
    return Dialect(_separator(text, path.suffix.lower()), encoding)


def _unreadable(path: Path, what: str, remedy: str) -> UsageError:
    return UsageError(f"{path} cannot be read: {what}.", remedy=remedy, code="data-unreadable")


def _refuse_binary(path: Path, head: bytes) -> None:
    remedy = "Save the table as CSV (UTF-8) or Parquet and name that file."
    for signature, what in _SIGNATURES.items():
        if head.startswith(signature):
            raise _unreadable(path, f"it is {what}, not a text table", remedy)
    if b"\x00" in head and _wide_encoding(head) is None:
        raise _unreadable(path, "it is not text (it contains zero bytes)", remedy)


def _wide_encoding(head: bytes) -> str | None:
    """Recognise UTF-16 by its mark, or by a zero in nearly every second byte."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return None
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    half = max(len(head) // 2, 1)
    low, high = head[0::2].count(0) / half, head[1::2].count(0) / half
    if high >= _CONSISTENT and low == 0:
        return "utf-16-le"
    if low >= _CONSISTENT and high == 0:
        return "utf-16-be"
    return None


def _encoding(stream: io.BufferedReader, head: bytes) -> str:
    wide = _wide_encoding(head)
    if wide is not None:
        return wide
    decoder = codecs.getincrementaldecoder("utf-8")()
    has_c1 = has_impossible = False
    is_utf8 = True
    chunk = head
    while chunk:
        if is_utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                is_utf8 = False
        has_c1 = has_c1 or _has_any(chunk, _C1)
        has_impossible = has_impossible or _has_any(chunk, _NOT_CP1252)
        chunk = stream.read(_CHUNK)
    if is_utf8 and not decoder.getstate()[0]:
        return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    return "cp1252" if has_c1 and not has_impossible else "latin-1"


def _has_any(chunk: bytes, wanted: bytes) -> bool:
    return len(chunk.translate(None, delete=wanted)) != len(chunk)


def _head_text(head: bytes, encoding: str, *, is_whole: bool) -> str:
    text = head.decode(encoding, errors="replace")
    return text if is_whole else text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text


def _separator(text: str, suffix: str) -> str:
    """Choose the separator that gives the header's number of columns in most rows.

    Python's ``csv.Sniffer`` looks at letter frequencies and takes ``e`` for a separator of
    ordinary files; counting columns per row does not. Ties go to the wider table.
    """
    best = max(_CANDIDATES, key=lambda candidate: _fit(text, candidate))
    share, width = _fit(text, best)
    is_sure = width > 1 and share >= _CONSISTENT
    space = _fit(text, " ")
    is_spaced = space[1] > 1 and space[0] >= _CONSISTENT
    if is_spaced and not is_sure and (suffix in _SPACE_SUFFIXES or space[0] == 1.0):
        return " "
    return best if width > 1 else ","


def _fit(text: str, separator: str) -> tuple[float, int]:
    """Return the share of rows as wide as the first, and that width; (0, 1) for one column."""
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    width = len(rows[0]) if rows else 0
    if width <= 1:
        return 0.0, 1
    return sum(len(row) == width for row in rows) / len(rows), width
