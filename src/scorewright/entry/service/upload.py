"""Files on their way to disk: a piece at a time, bounded, never whole in memory."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser
from starlette.requests import Request

from scorewright.entry.service.body import check_plain
from scorewright.entry.service.guard import Head
from scorewright.entry.service.problems import RequestError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

__all__ = ["CSV", "MULTIPART", "PARQUET", "Receiver", "media_refused"]

CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
MULTIPART = "multipart/form-data"
SUFFIXES = {CSV: "csv", PARQUET: "parquet"}
#: Largest number of parts beside the tables a model can read.
MOST_PARTS = 64
_NAME = re.compile(r"([A-Za-z0-9_-]{1,64})\.(csv|parquet)")
_PLAIN_TEXT = frozenset({"", "utf-8", "utf8", "us-ascii"})
#: What the parser of headers raises on parameters in pieces or encodings that are none.
_UNREADABLE = (TypeError, ValueError, LookupError)
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")


class Receiver:
    """Takes the files of one request into a folder.

    Args:
        folder: Empty; closed to others.
        names: Tables that may be sent; None where one file of any name is taken.
        limit: Bytes of all files together.
        patience: Seconds to wait for the next piece.
    """

    def __init__(
        self, folder: Path, names: frozenset[str] | None, limit: int, patience: float
    ) -> None:
        self._folder, self._names = folder, names
        self._limit, self._patience = limit, patience
        self.files: dict[str, int] = {}

    async def take(self, request: Request) -> Mapping[str, int]:
        """Write the files.

        Args:
            request: Its body was not read yet.

        Returns:
            File name -> bytes; table names with ``.csv`` or ``.parquet``.

        Raises:
            RequestError: ``media-type``, ``content-encoding``, ``body-too-large``,
                ``body-empty``, ``body-too-slow``, ``batch-multipart``, ``batch-tables``.
            ClientDisconnect: It ended early.
        """
        head = Head.of(request.scope)
        parameters = _parameters(request)
        _check(head, parameters, self._limit)
        if head.media_type == MULTIPART:
            await self._take_parts(request, parameters.get("boundary", ""))
        else:
            await self._take_one(request, SUFFIXES[head.media_type])
        if not self.files or not all(self.files.values()):
            raise RequestError(
                HTTPStatus.BAD_REQUEST,
                "body-empty",
                "The body holds no file, or an empty one.",
                remedy="Send a file with a header and rows.",
            )
        missing = sorted((self._names or frozenset()) - {name.split(".")[0] for name in self.files})
        if missing:
            raise wrong_tables(missing)
        return self.files

    async def _take_one(self, request: Request, suffix: str) -> None:
        if self._names is not None and len(self._names) > 1:
            raise wrong_tables(sorted(self._names))
        stem = "applications" if self._names is None else next(iter(self._names))
        with self._open(f"{stem}.{suffix}") as file:
            async for piece in self._pieces(request):
                file.write(piece)
                self.files[f"{stem}.{suffix}"] += len(piece)

    async def _take_parts(self, request: Request, boundary: str) -> None:
        if not _BOUNDARY.fullmatch(boundary):
            raise not_multipart("names no boundary")
        parts = _Parts(self._begin)
        try:
            parser = MultipartParser(boundary.encode("ascii"), parts.callbacks)
            async for piece in self._pieces(request):
                parser.write(piece)
            parser.finalize()
        except FormParserError as error:
            raise not_multipart("is not well formed") from error
        finally:
            parts.close()
        if not parts.is_over:
            raise not_multipart("ends before its last boundary")
        self.files.update(parts.sizes)

    def _begin(self, disposition: str, media_type: str) -> tuple[str, BinaryIO]:
        """Open the file of a part."""
        head = Message()
        head["content-disposition"] = disposition
        head["content-type"] = media_type or "text/plain"
        try:
            name = head.get_filename() or ""
        except _UNREADABLE as error:
            raise not_multipart("holds a part whose name cannot be read") from error
        found = _NAME.fullmatch(name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1])
        if found is None:
            raise not_multipart(
                "holds a part that is no file named like TABLE.csv or TABLE.parquet"
            )
        stem = found.group(1)
        if self._names is None:
            stem = "applications"
        elif stem not in self._names:
            raise wrong_tables(sorted(self._names))
        if len(self.files) >= MOST_PARTS or any(n.split(".")[0] == stem for n in self.files):
            raise not_multipart("holds a table twice")
        own = f"{stem}.{found.group(2)}"
        return own, self._open(own)

    def _open(self, name: str) -> BinaryIO:
        self.files[name] = 0
        return (self._folder / name).open("xb")

    async def _pieces(self, request: Request) -> AsyncIterator[bytes]:
        size = 0
        stream = request.stream().__aiter__()
        while True:
            try:
                async with asyncio.timeout(self._patience):
                    piece = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise RequestError(
                    HTTPStatus.REQUEST_TIMEOUT,
                    "body-too-slow",
                    "The next piece of the body did not arrive in time.",
                    remedy="Send it again.",
                ) from error
            size += len(piece)
            if size > self._limit:
                raise too_large(self._limit)
            if piece:
                yield piece


class _Parts:
    """What the parser of a multipart body calls."""

    def __init__(self, begin: Callable[[str, str], tuple[str, BinaryIO]]) -> None:
        self._begin = begin
        self._headers: dict[str, bytearray] = {}
        self._name, self._value = bytearray(), bytearray()
        self._file: BinaryIO | None = None
        self._own = ""
        self.sizes: dict[str, int] = {}
        self.is_over = False
        self.callbacks: MultipartCallbacks = {
            "on_part_begin": self._headers.clear,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header,
            "on_headers_finished": self._open,
            "on_part_data": self._data,
            "on_part_end": self.close,
            "on_end": self._end,
        }

    def _header(self) -> None:
        self._headers[self._name.decode("latin-1").strip().lower()] = bytearray(self._value)
        self._name.clear()
        self._value.clear()

    def _open(self) -> None:
        if self._get("content-encoding") or self._get("content-transfer-encoding").lower() not in (
            "", "binary", "8bit", "7bit",
        ):  # fmt: skip
            raise RequestError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "content-encoding",
                "Compressed or encoded parts are not taken.",
                remedy="Send the files as they are.",
            )
        self._own, self._file = self._begin(
            self._get("content-disposition"), self._get("content-type")
        )
        self.sizes[self._own] = 0

    def _get(self, name: str) -> str:
        value = self._headers.get(name, b"").decode("latin-1").strip()
        return "".join(letter for letter in value if letter.isprintable())

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
            self.sizes[self._own] += end - start

    def _end(self) -> None:
        self.is_over = True

    def close(self) -> None:
        """Close the file of this part, where one is open."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _parameters(request: Request) -> dict[str, str]:
    """Return the parameters of the media type.

    Raises:
        RequestError: ``media-type``: they cannot be read.
    """
    head = Message()
    sent = request.headers.get("content-type", "")
    head["content-type"] = "".join(letter for letter in sent if letter.isprintable())
    try:
        sent_with = head.get_params(failobj=[])[1:]
    except _UNREADABLE as error:
        raise media_refused() from error
    return {name.lower(): str(value) for name, value in sent_with}


def _check(head: Head, parameters: Mapping[str, str], limit: int) -> None:
    if head.media_type not in (*SUFFIXES, MULTIPART):
        raise media_refused()
    if parameters.get("charset", "").lower() not in _PLAIN_TEXT:
        raise RequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "The body is declared in another encoding than UTF-8.",
            remedy="Send text in UTF-8.",
        )
    check_plain(head, limit, too_large)


def media_refused() -> RequestError:
    """Return the refusal of a body of another kind."""
    return RequestError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "media-type",
        "The body is neither CSV nor Parquet nor a form with files.",
        remedy=f"Send Content-Type: {CSV}, {PARQUET} or {MULTIPART}.",
    )


def too_large(limit: int) -> RequestError:
    """Return the refusal of too many bytes."""
    return RequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "body-too-large",
        f"The body is longer than {limit} bytes.",
        remedy="Post the file in parts, or raise serve.limits.batch_bytes.",
    )


def not_multipart(what: str) -> RequestError:
    """Return the refusal of a form."""
    return RequestError(
        HTTPStatus.BAD_REQUEST,
        "batch-multipart",
        f"The form {what}.",
        remedy="Send each table once, as a file named after it.",
    )


def wrong_tables(names: list[str]) -> RequestError:
    """Return the refusal of other files than the model reads."""
    return RequestError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "batch-tables",
        "Files of tables are missing, or are of tables that the model does not read.",
        remedy=f"Send a form with files named after the tables: {', '.join(names)}. A table "
        "without rows is a file with its header.",
    )
