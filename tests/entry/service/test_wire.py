"""The protocol on a real socket: heads behind bodies, and clients that do not read."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from scorewright.entry.service import wire

PIECE, PIECES = b"x" * 65_536, 400
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class App:
    """Reads a body whole; answers with few bytes or with very many."""

    def __init__(self, pieces: int = 0) -> None:
        self._pieces = pieces
        self.in_work = self.most = 0
        self.ended = asyncio.Event()

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        self.in_work += 1
        self.most = max(self.most, self.in_work)
        try:
            while (await receive()).get("more_body"):
                pass
            head = [(b"content-length", b"%d" % (self._pieces * len(PIECE)))]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            for _ in range(self._pieces):
                await send({"type": "http.response.body", "body": PIECE, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.in_work -= 1
            self.ended.set()


@asynccontextmanager
async def _served(app: App) -> AsyncIterator[int]:
    config = uvicorn.Config(app, http=wire.Wire, ws="none", lifespan="off", log_level="warning")
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: wire.Wire(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        for connection in list(state.connections):
            connection.transport.abort()
        server.close()
        await server.wait_closed()


async def _connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect with as little room for what is not read as the system gives."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=connection, limit=4_096)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def _answers(pieces: list[bytes]) -> list[bytes]:
    """Send pieces a moment apart; return the status of each answer up to the end."""
    async with _served(App()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        reading = asyncio.create_task(_read(reader))
        with suppress(OSError):  # refused before all of it was sent
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.1)
            writer.write_eof()
        got = await asyncio.wait_for(reading, 20)
        await _closed(writer)
    return [line[9:12] for line in got.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


async def _read(reader: asyncio.StreamReader) -> bytes:
    got = b""
    with suppress(ConnectionError):
        while piece := await reader.read(65_536):
            got += piece
    return got


LONG = POST % 200_000 + b" " * 200_000


@pytest.mark.parametrize(
    "pieces",
    [
        [LONG, GET[:20], GET[20:]],
        [LONG, LONG[:20], LONG[20:], GET[:2], GET[2:]],
        [LONG + GET[:20], GET[20:]],
        [LONG[:100], LONG[100:] + GET[:20], GET[20:]],
    ],
    ids=["in two", "again and again", "behind the body", "behind its end"],
)
def test_a_head_in_pieces_behind_a_long_body_is_taken(pieces: list[bytes]) -> None:
    # Given a connection that goes on after a body longer than any head
    statuses = asyncio.run(_answers(pieces))
    # When the next head comes in pieces, then it is a head of its own
    assert statuses == [b"200"] * b"".join(pieces).count(b"HTTP/1.1")


@pytest.mark.parametrize("before", [b"", GET, LONG], ids=["first", "after a head", "after a body"])
def test_a_head_without_an_end_is_refused_wherever_it_comes(before: bytes) -> None:
    endless = [GET[:-2] + b"X: ", *[b"y" * 30_000] * 4]
    statuses = asyncio.run(_answers([before, *endless] if before else endless))
    assert statuses == [*([b"200"] if before else []), b"431"]


def test_who_never_reads_gives_the_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a bound, and clients that ask for more than any buffer holds
    monkeypatch.setattr(wire, "STALL_SECONDS", 0.3)

    async def tried() -> None:
        app = App(PIECES)
        async with _served(app) as port:
            writers = [(await _connected(port))[1] for _ in range(3)]
            for writer in writers:
                writer.write(GET + GET)
            # When they read nothing, then nothing is in work for them any more
            async with asyncio.timeout(20):
                while app.most < 3 or app.in_work:  # noqa: ASYNC110 - three of them tell
                    await asyncio.sleep(0.01)
            for writer in writers:
                await _closed(writer)

    asyncio.run(tried())


def test_who_reads_slowly_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a bound far below the time that the answer takes
    monkeypatch.setattr(wire, "STALL_SECONDS", 1.0)

    async def tried() -> tuple[int, float]:
        loop = asyncio.get_running_loop()
        async with _served(App(45)) as port:
            reader, writer = await _connected(port)
            writer.write(GET)
            began, left = loop.time(), 45 * len(PIECE)
            await reader.readuntil(b"\r\n\r\n")
            # When a client takes a little all the time
            while left:
                piece = await reader.read(min(left, 40_000))
                assert piece, f"cut with {left} bytes left"
                left -= len(piece)
                await asyncio.sleep(0.001 * len(piece) / 1_000)
            await _closed(writer)
        return left, loop.time() - began

    # Then it is not given up
    left, seconds = asyncio.run(tried())
    assert left == 0
    assert seconds > 2
