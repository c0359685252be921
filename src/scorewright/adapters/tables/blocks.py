"""A text file of any size as blocks of UTF-8, decoded and checked as they are read."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from scorewright.adapters.tables.decoding import (
    UTF8,
    codec_of,
    refuse_nul,
    refuse_wide,
    undecodable,
)
from scorewright.adapters.tables.locating import unreadable

__all__ = ["utf8_blocks"]

_FIRST: Final = 1 << 16
_BLOCK: Final = 1 << 20


def utf8_blocks(path: Path, encoding: str, table: str) -> Iterator[bytes]:
    """Yield a text file as UTF-8 with LF line ends and no byte order mark.

    The first block is small, so that a header is soon known. A block may end anywhere, within a
    character too. ``.gz`` is unpacked on the way: never more than a block of it is held.

    Args:
        path: The file.
        encoding: The encoding of the settings.
        table: Table name, for the remedy.

    Raises:
        UsageError: ``data-encoding`` with byte offset, line and the likely encoding;
            ``data-unreadable`` for NUL bytes, a damaged archive and a file that cannot be read.
    """
    codec = codec_of(encoding, table)
    decoder = _Decoder(path, "utf-8" if codec in UTF8 else codec, table)
    with _opened(path) as stream:
        held = b""
        for block in _read_blocks(stream, path):
            if codec in UTF8 and decoder.offset == 0:
                refuse_wide(block, path, table)
            text = held + decoder.take(block)
            # A CR at the end may be half of a CRLF.
            held = b"\r" if text.endswith(b"\r") else b""
            text = _lines(text.removesuffix(b"\r"))
            decoder.lines += text.count(b"\n")
            yield text
        text = _lines(held + decoder.take(b"", is_last=True))
        if text:
            yield text


class _Decoder:
    """Bytes of one encoding to UTF-8, with the place of what does not fit."""

    def __init__(self, path: Path, codec: str, table: str) -> None:
        self._path, self._codec, self._table = path, codec, table
        self._decoder = codecs.getincrementaldecoder(codec)()
        self.offset = 0
        self._is_start = True
        self.lines = 0

    def take(self, block: bytes, *, is_last: bool = False) -> bytes:
        pending = self._decoder.getstate()[0]
        if self._codec == "utf-8" and not pending and block.isascii():
            text = block
        else:
            text = self._decoded(block, pending, is_last=is_last)
        refuse_nul(text, self._path, self.offset, self.lines)
        self.offset += len(block)
        return text

    def _decoded(self, block: bytes, pending: bytes, *, is_last: bool) -> bytes:
        try:
            text = self._decoder.decode(block, is_last)
        except UnicodeError as error:
            data = pending + block
            start = error.start if isinstance(error, UnicodeDecodeError) else 0
            line = self.lines + data.count(b"\n", 0, start) + 1
            at = self.offset - len(pending) + start
            place = (at, line)
            raise undecodable(self._path, self._codec, place, data, self._table) from error
        if self._codec == "utf-8":
            return block if self.offset else block.removeprefix(codecs.BOM_UTF8)
        if self._is_start and text:
            text, self._is_start = text.removeprefix("\ufeff"), False
        return text.encode()


def _lines(text: bytes) -> bytes:
    if b"\r" not in text:
        return text
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise _no_access(path, error) from error
    with stream:
        if path.suffix.lower() == ".gz":
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield cast("BinaryIO", unpacked)
        else:
            yield stream


def _read_blocks(stream: BinaryIO, path: Path) -> Iterator[bytes]:
    size = _FIRST
    while block := _read(stream, path, size):
        yield block
        size = _BLOCK


def _read(stream: BinaryIO, path: Path, size: int) -> bytes:
    try:
        return stream.read(size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise unreadable(
            path,
            f"is a gzip file that ends early or is damaged: {error}.",
            "Copy or export it again.",
        ) from error
    except OSError as error:
        raise _no_access(path, error) from error


def _no_access(path: Path, error: OSError) -> Exception:
    return unreadable(
        path, f"cannot be read: {error.strerror}.", "Check its permissions and its disk."
    )
