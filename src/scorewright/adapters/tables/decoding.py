"""Bytes of a text table to UTF-8, or the place and the likely encoding of what is wrong."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

from scorewright.adapters.tables.locating import unreadable
from scorewright.core.errors import UsageError

__all__ = ["UTF8", "codec_of", "refuse_nul", "refuse_wide", "to_utf8", "undecodable"]

_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UTF8: Final = frozenset({"utf-8", "utf-8-sig"})
"""Codecs that leave the bytes as they are."""

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
    codec = codec_of(encoding, table)
    if codec in UTF8:
        refuse_wide(data, path, table)
        data = data.removeprefix(codecs.BOM_UTF8)
        if not data.isascii():
            _decode(data, path, "utf-8", table)
    else:
        data = _decode(data, path, codec, table).removeprefix("\ufeff").encode()
    refuse_nul(data, path)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data


def codec_of(encoding: str, table: str) -> str:
    """Return Python's name of an encoding.

    Raises:
        UsageError: ``data-encoding`` where there is none of that name.
    """
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
        place = (start, data.count(b"\n", 0, start) + 1)
        raise undecodable(path, codec, place, data, table) from error


def undecodable(
    path: Path, codec: str, place: tuple[int, int], data: bytes, table: str
) -> UsageError:
    """Make the error for bytes that do not fit the encoding.

    Args:
        path: The file.
        codec: Python's name of the encoding.
        place: Offset of the first wrong byte, from 0, and its line, from 1.
        data: The bytes around it, to guess the right encoding from.
        table: Table name, for the remedy.
    """
    likely = _likely(data, codec)
    return unreadable(
        path,
        f"is not {codec}: byte {place[0]} (line {place[1]}) does not fit. It is probably {likely}.",
        f'Set encoding = "{likely}" under [tables.{table}] in scorewright.toml, or save the '
        "file as UTF-8.",
        "data-encoding",
    )


def refuse_wide(data: bytes, path: Path, table: str) -> None:
    """Refuse UTF-16 and UTF-32 where UTF-8 is expected.

    Args:
        data: The beginning of the file, or all of it.
        path: The file.
        table: Table name, for the remedy.

    Raises:
        UsageError: ``data-encoding``.
    """
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


def _likely(data: bytes, codec: str) -> str:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    if codec != "utf-8":
        try:
            # The bytes may end within a character: they may be a part of the file.
            codecs.getincrementaldecoder("utf-8")().decode(data)
        except UnicodeDecodeError:
            pass
        else:
            return "utf-8"
    # Five bytes mean nothing in Windows-1252, and 0x80 to 0x9f are no letters in Latin-1.
    controls = set(data) & set(range(0x80, 0xA0))
    return "latin-1" if controls & {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "cp1252"


def refuse_nul(data: bytes, path: Path, offset: int = 0, lines: int = 0) -> None:
    """Refuse NUL bytes.

    Args:
        data: Some bytes of the file.
        path: The file.
        offset: How many bytes of the file stand before them.
        lines: How many line ends stand before them.

    Raises:
        UsageError: ``data-unreadable`` with byte and line.
    """
    at = data.find(b"\0")
    if at < 0:
        return
    line = lines + data.count(b"\n", 0, at) + 1
    raise unreadable(
        path,
        f"holds a NUL byte at byte {offset + at} (line {line}); it is damaged or no text file.",
        "Export the file again from its source.",
    )
