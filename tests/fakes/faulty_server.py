"""A proxy on loopback that fails in every way a server in the distance can."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, Literal, TypeVar

T = TypeVar("T")
Fault = Literal[
    "none", "closed", "black-hole", "500", "garbage", "html", "half-open", "drip", "redirect"
]

FAULTS: tuple[Fault, ...] = (
    "closed", "black-hole", "500", "garbage", "html", "half-open", "drip", "redirect",
)  # fmt: skip

_HTML = b"<html><body>Please log in</body></html>"
_SAID = {
    "500": b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops",
    "garbage": b"\x00\xff\x13garbage\r\n\r\n" * 20,
    "html": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b"
    % (len(_HTML), _HTML),
    "half-open": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b'Content-Length: 4000\r\n\r\n{"model_version": {"ver',
}


class FaultyServer:
    """Passes on to another port until it is told to fail."""

    def __init__(self, upstream: int) -> None:
        self.fault: Fault = "none"
        self.asked = 0
        self.elsewhere = 0
        self._upstream = upstream
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = self._wait(self._listen(0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fail(self, fault: Fault) -> None:
        """Fail from now on, also for those who are connected; ``none`` ends it."""
        was, self.fault = self.fault, fault
        if fault == "closed":
            self._wait(self._close())
        elif was == "closed":
            self._wait(self._listen(self.port))
        self._wait(self._cut())

    def stop(self) -> None:
        self._wait(self._close())
        self.fault = "closed"
        self._wait(self._cut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _wait(self, doing: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(10)

    async def _listen(self, port: int) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        return int(self._server.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()
        for _ in range(40):  # those who serve end by themselves
            if not self._writers:
                break
            await asyncio.sleep(0.05)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.asked += 1
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await (
                    self._pass(reader, writer)
                    if self.fault == "none"
                    else self._fail(reader, writer)
                )
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _fail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        if self.fault == "redirect":
            self._said(writer, b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\n"
                       b"Content-Length: 0\r\n\r\n" % self.elsewhere)  # fmt: skip
        elif self.fault == "drip":
            self._said(writer, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       b"Content-Length: 100000\r\n\r\n")  # fmt: skip
            while self.fault == "drip":
                self._said(writer, b" ")
                await writer.drain()
                await asyncio.sleep(0.3)
        else:
            self._said(writer, _SAID.get(self.fault, b""))
        await writer.drain()
        while self.fault in ("black-hole", "half-open"):  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.1)

    @staticmethod
    def _said(writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._upstream)
        self._writers.add(back)
        try:
            done, pending = await asyncio.wait(
                [
                    asyncio.create_task(_pump(reader, back)),
                    asyncio.create_task(_pump(there, writer)),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in pending:
                task.cancel()
            await asyncio.gather(*done, *pending, return_exceptions=True)
        finally:
            self._writers.discard(back)
            back.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


@contextlib.contextmanager
def faulty(upstream: int) -> Iterator[FaultyServer]:
    """Give a proxy before a port while a ``with`` block lasts."""
    server = FaultyServer(upstream)
    try:
        yield server
    finally:
        server.stop()
