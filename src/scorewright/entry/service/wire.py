"""HTTP/1.1 on a socket: bounded heads, bounded waiting, a bounded number of connections.

Waiting is bounded both ways: for a head that does not come, and for a client that does not read.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import uuid
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from scorewright.entry.service.guard import GUARDING
from scorewright.entry.service.problems import MEDIA_TYPE, TOO_BUSY, Problem

__all__ = ["Wire", "most_connections"]

MOST_HEADERS = 100
LONGEST_HEAD = 64_000
#: Longest time from a connection, or from the first byte of a request, to the end of its head.
HEAD_SECONDS = 10.0
#: Longest time in which nothing that waits to be sent is taken; a slow client takes a little.
STALL_SECONDS = 60.0
#: So little waits unsent in the kernel, which would take megabytes and then nothing for long.
MOST_UNSENT = 131_072
#: Half of the files a process may have open: the log and the bundles need some too.
MOST_CONNECTIONS, FILES_EACH = 4_096, 2

MALFORMED = Problem(HTTPStatus.BAD_REQUEST, "http-malformed", "The request is no HTTP/1.1.")
HEAD_TOO_LARGE = Problem(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "head-too-large",
    f"The head has more than {MOST_HEADERS} headers or {LONGEST_HEAD} bytes.",
)
HEAD_TOO_SLOW = Problem(
    HTTPStatus.REQUEST_TIMEOUT, "head-too-slow", "The head of the request did not arrive in time."
)


class _TooMany(Exception):  # noqa: N818 - control flow inside this file, never seen outside
    """A head has too many headers."""


class Wire(HttpToolsProtocol):
    """uvicorn's protocol with the bounds it leaves to a proxy."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*given, **named)
        self._in_head, self._in_body = True, False
        self._bytes = self._headers = self._piece = 0
        self._refusal = MALFORMED
        self._slow: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, if there is room."""
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            self._refuse(TOO_BUSY)
            return
        _keep_little_unsent(transport)
        self._slow = self.loop.call_later(HEAD_SECONDS, self._head_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._wait_no_longer()
        self._stall_over()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; a head that grows without an end is refused."""
        if self.transport.is_closing():
            return
        self._bytes += len(data)
        # Of a head that begins behind a body the length is not known: its next pieces count.
        self._piece = 0 if self._in_body else len(data)
        super().data_received(data)
        if not self._in_head:
            if self._slow is not None:
                self._wait_no_longer()
        elif self._bytes > LONGEST_HEAD:
            self._refuse(HEAD_TOO_LARGE)
        elif self._slow is None and not self.transport.is_closing():
            self._slow = self.loop.call_later(HEAD_SECONDS, self._head_late)

    def on_message_begin(self) -> None:
        """Begin a request; what came before it is no part of its head."""
        super().on_message_begin()
        self._in_head, self._headers = True, 0
        self._bytes = max(1, self._piece)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._headers += 1
        if self._headers > MOST_HEADERS or len(value) > LONGEST_HEAD:
            self._refusal = HEAD_TOO_LARGE
            raise _TooMany
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """End a head."""
        self._in_head, self._in_body = False, True
        self._bytes = self._piece = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End a request."""
        self._in_body = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Wait until the client reads; a request in work waits with it, so not for ever."""
        super().pause_writing()
        self._stall_over()
        self._watch_stall()

    def resume_writing(self) -> None:
        """Go on sending."""
        self._stall_over()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own
        """Refuse what is no HTTP, in the form of all problems."""
        self._refuse(self._refusal)

    def _head_late(self) -> None:
        self._slow = None
        if self._bytes:
            self._refuse(HEAD_TOO_SLOW)
        else:
            self.transport.close()

    def _watch_stall(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._stalled = self.loop.call_later(STALL_SECONDS, self._look_at_stall, left)

    def _look_at_stall(self, left: int) -> None:
        """Give up a client that took nothing since; to close would wait for it."""
        if self.transport.get_write_buffer_size() < left:
            self._watch_stall()
        else:
            self.transport.abort()

    def _stall_over(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _wait_no_longer(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _refuse(self, problem: Problem) -> None:
        """Say what is wrong and close; where an answer is on its way, only close."""
        self._wait_no_longer()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_raw(problem))
        self.transport.close()


def _keep_little_unsent(transport: asyncio.Transport) -> None:
    """Let what a slow client takes be seen soon, where the system knows how."""
    connection = transport.get_extra_info("socket")
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if connection is not None and option is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, option, MOST_UNSENT)


@lru_cache(maxsize=1)
def most_connections() -> int:
    """Return how many connections are kept, after asking for as many open files as needed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_EACH * MOST_CONNECTIONS
    if 0 <= soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if soft < 0 else min(MOST_CONNECTIONS, soft // FILES_EACH)


def _raw(problem: Problem) -> bytes:
    identity = str(uuid.uuid4())
    body = problem.body(identity)
    headers = [
        (b"content-type", MEDIA_TYPE.encode("ascii")),
        (b"content-length", str(len(body)).encode("ascii")),
        (b"connection", b"close"),
        (b"x-request-id", identity.encode("ascii")),
        *((n.lower().encode("ascii"), v.encode("ascii")) for n, v in problem.headers.items()),
        *GUARDING,
    ]
    lines = [f"HTTP/1.1 {int(problem.status)} {problem.status.phrase}".encode("ascii")]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
