"""Bytes of a text table to UTF-8, or the place and the likely encoding of what is wrong."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

from scorewright.adapters.tables.locating import unreadable
from scorewright.core.errors import UsageError

__all__ = ["to_utf8"]

_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UTF8: Final = frozenset({"utf-8", "utf-8-sig"})
_SAMPLE: Final = 4096


def to_utf8(data: bytes, path: Path, encoding: str, table: str) -> bytes:
    """Decode a text table and write it as UTF-8 with LF line ends and no byte order mark.

    Args:
        data: The file.
        path: Its name, for messages.
        encoding: The encoding of the settings.
        table: Table name, for the remedy.

    Raises:
        UsageError: ``data-encoding`` with byte offset, line and the likely encoding;
            ``data-unreadable`` for NUL bytes.
    """
    codec = _codec(encoding, table)
    if codec in _UTF8:
        _refuse_wide(data, path, table)
        data = data.removeprefix(codecs.BOM_UTF8)
        if not data.isascii():
            _decode(data, path, "utf-8", table)
    else:
        data = _decode(data, path, codec, table).removeprefix("\ufeff").encode()
    _refuse_nul(data, path)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data


def _codec(encoding: str, table: str) -> str:
    try:
        info = codecs.lookup(encoding)
    except LookupError as error:
        raise UsageError(
            f"There is no text encoding '{encoding}' (table '{table}').",
            remedy=f'Set encoding under [tables.{table}] to one such as "utf-8", "cp1252" or '
            '"utf-16".',
            code="data-encoding",
        ) from error
    return info.name


def _decode(data: bytes, path: Path, codec: str, table: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = data.count(b"\n", 0, start) + 1
        likely = _likely(data)
        raise unreadable(
            path,
            f"is not {codec}: byte {start} (line {line}) does not fit. It is probably {likely}.",
            f'Set encoding = "{likely}" under [tables.{table}] in scorewright.toml, or save the '
            "file as UTF-8.",
            "data-encoding",
        ) from error


def _refuse_wide(data: bytes, path: Path, table: str) -> None:
    likely = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    if likely is None:
        likely = _wide_without_mark(data[:_SAMPLE])
    if likely is not None:
        raise unreadable(
            path,
            f"is not utf-8: byte 0 (line 1) does not fit. It is probably {likely}.",
            f'Set encoding = "{likely}" under [tables.{table}] in scorewright.toml, or save the '
            "file as UTF-8.",
            "data-encoding",
        )


def _wide_without_mark(sample: bytes) -> str | None:
    """Recognise UTF-16 without a mark: of Latin text every second byte is NUL."""
    half = len(sample) // 2
    if half == 0:
        return None
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[offset::2].count(0) > 0.8 * half and sample[1 - offset :: 2].count(0) == 0:
            return name
    return None


def _likely(data: bytes) -> str:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    # Five bytes mean nothing in Windows-1252, and 0x80 to 0x9f are no letters in Latin-1.
    controls = set(data) & set(range(0x80, 0xA0))
    return "latin-1" if controls & {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "cp1252"


def _refuse_nul(data: bytes, path: Path) -> None:
    at = data.find(b"\0")
    if at < 0:
        return
    line = data.count(b"\n", 0, at) + 1
    raise unreadable(
        path,
        f"holds a NUL byte at byte {at} (line {line}); it is damaged or no text file.",
        "Export the file again from its source.",
    )
