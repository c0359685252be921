"""One application over HTTP: what a server of the reference model costs, and how soon it answers.

Every server gets the same applications from the same client, and its first answers are compared
with the PDs its model gives. CPU time is of the server and all it started, per request, the best
of some rounds; latency is of one client that waits for each answer, over all rounds.
"""

from __future__ import annotations

import http.client
import json
import selectors
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from benchmarks.serving.process import NotMeasuredError, Tree, tree

__all__ = [
    "CLIENTS",
    "HOST",
    "Costs",
    "Load",
    "Measured",
    "Server",
    "asked",
    "free_port",
    "measure",
    "serving",
]

HOST, CLIENTS = "127.0.0.1", 32
#: Answers that are compared, which also warm the server.
CHECKED, TOLERANCE = 25, 1e-9
#: A round ends with its requests or its seconds; a slow server is asked less often.
ROUNDS, SINGLE, SINGLE_SECONDS = 6, 200, 1.5
CROWD_ROUNDS, CROWD, CROWD_SECONDS = 3, 1_000, 2.5
#: Connections that may be closed unanswered.
AGAIN = 100
START_SECONDS, ANSWER_SECONDS = 150.0, 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """What a server is asked.

    Attributes:
        name: For the report.
        path: Of the page.
        bodies: JSON, one application each.
        pds: What the model gives for them.
        pd_of: Takes the PD from an answer.
    """

    name: str
    path: str
    bodies: Sequence[bytes]
    pds: Sequence[float]
    pd_of: Callable[[Any], float]

    @property
    def requests(self) -> list[bytes]:
        """The same as they go over the wire."""
        return [_request(self.path, body) for body in self.bodies]


@dataclass(frozen=True, slots=True)
class Server:
    """How a server is started.

    Attributes:
        command: With ``{port}`` where the port goes.
        environment: Its whole environment.
        loads: What it is asked, one after the other.
        port: Where it listens.
        folder: Where it runs.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    loads: Sequence[Load]
    port: int
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Costs:
    """What one kind of request cost.

    Attributes:
        cpu: CPU seconds of a request, one client.
        busy_cpu: The same with all clients.
        p50, p99: Seconds to the answer, one client.
        rate: Answers a second, all clients.
    """

    cpu: float
    busy_cpu: float
    p50: float
    p99: float
    rate: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a server cost.

    Attributes:
        start, start_cpu: Wall and CPU seconds from the command to the first good answer.
        costs: By the name of the load.
        pss, rss: Bytes at the end, of the whole tree.
    """

    start: float
    start_cpu: float
    costs: Mapping[str, Costs]
    pss: float
    rss: float


def measure(server: Server) -> Measured:
    """Start a server, ask it, stop it.

    Raises:
        NotMeasuredError: It does not start, or does not answer as its model does.
    """
    with serving(server) as (running, start):
        start_cpu = running.cpu()
        costs = {load.name: _costs(load, server.port, running) for load in server.loads}
        pss, rss = running.memory()
    return Measured(start, start_cpu, costs, pss, rss)


@contextmanager
def serving(server: Server) -> Iterator[tuple[Tree, float]]:
    """Start a server; give it and the seconds to its first good answer.

    Raises:
        NotMeasuredError: As above.
    """
    command = [part.replace("{port}", str(server.port)) for part in server.command]
    began = time.perf_counter()
    try:
        with tree(command, server.environment, server.folder) as running:
            _wait(running, server.port, server.loads[0].requests[0])
            yield running, time.perf_counter() - began
    except OSError as error:
        raise NotMeasuredError(f"{type(error).__name__}: {error}") from error


def asked(connection: socket.socket, request: bytes) -> bytes:
    """Send one request and return its answer.

    Raises:
        OSError: There is none, or it is not 200.
    """
    connection.sendall(request)
    answer = b""
    while not _is_whole(answer):
        piece = connection.recv(65_536)
        if not piece:
            raise ConnectionError(f"the server closed after {answer[:200]!r}")
        answer += piece
    return _good(answer)


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _costs(load: Load, port: int, running: Tree) -> Costs:
    _compare(load, port)
    requests, alone, seconds = load.requests, [], []
    with _connected(port) as connection:
        for _ in range(ROUNDS):
            cpu, took = running.cpu(), _one_by_one(connection, requests)
            alone.append((running.cpu() - cpu) / len(took))
            seconds += took
    busy, rates = [], []
    for _ in range(CROWD_ROUNDS):
        cpu = running.cpu()
        answered, elapsed = _crowd(port, requests)
        busy.append((running.cpu() - cpu) / answered)
        rates.append(answered / elapsed)
    p50, p99 = statistics.median(seconds), float(np.quantile(seconds, 0.99))
    return Costs(min(alone), min(busy), p50, p99, max(rates))


def _compare(load: Load, port: int) -> None:
    """Compare what it answers with what its model gives.

    Raises:
        NotMeasuredError: It answers something else.
    """
    with closing(http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)) as connection:
        for body, pd in list(zip(load.bodies, load.pds, strict=True))[:CHECKED]:
            connection.request("POST", load.path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse().read()
            try:
                found = load.pd_of(json.loads(answer))
            except (ValueError, LookupError, TypeError) as error:
                raise NotMeasuredError(f"its answer cannot be read: {answer[:200]!r}") from error
            if not abs(found - pd) <= TOLERANCE:
                raise NotMeasuredError(f"it answers {found!r} where the model gives {pd!r}")


def _one_by_one(connection: socket.socket, requests: Sequence[bytes]) -> list[float]:
    """Ask with one client; return the seconds of each answer."""
    took: list[float] = []
    until = time.perf_counter() + SINGLE_SECONDS
    while len(took) < SINGLE and time.perf_counter() < until:
        began = time.perf_counter()
        asked(connection, requests[len(took) % len(requests)])
        took.append(time.perf_counter() - began)
    return took


def _crowd(port: int, requests: Sequence[bytes]) -> tuple[int, float]:
    """Let all clients ask at once, each its next when it was answered.

    Returns:
        How many were answered, and the seconds.
    """
    sent, answered, began = 0, 0, time.perf_counter()
    with _Clients(port) as clients:
        for _ in range(CLIENTS):
            clients.ask(requests[sent % len(requests)])
            sent += 1
        while answered < sent:
            for one in clients.answered():
                answered += 1
                if sent < CROWD and time.perf_counter() - began < CROWD_SECONDS:
                    clients.ask(requests[sent % len(requests)], one)
                    sent += 1
        return answered, time.perf_counter() - began


class _Clients:
    """Connections that wait for answers at the same time.

    One that is closed without an answer is opened anew and asks again, as HTTP allows: busy
    servers close connections whose next request they have not read yet.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._waiting: dict[socket.socket, tuple[bytes, bytes]] = {}
        self._again = AGAIN

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._waiting:
            connection.close()
        self._selector.close()

    def ask(self, request: bytes, connection: socket.socket | None = None) -> None:
        """Send a request, over a new connection where none is given."""
        if connection is None:
            connection = socket.create_connection((HOST, self._port), ANSWER_SECONDS)
            self._selector.register(connection, selectors.EVENT_READ)
        self._waiting[connection] = (request, b"")
        try:
            connection.sendall(request)
        except ConnectionError:
            self._ask_again(connection)

    def answered(self) -> Iterator[socket.socket]:
        """Wait; give the connections whose answers are there.

        Raises:
            OSError: There is no answer for long, or it is not 200.
        """
        found = self._selector.select(ANSWER_SECONDS)
        if not found:
            raise TimeoutError(f"no answer in {ANSWER_SECONDS:.0f} s")
        for key, _ in found:
            one: Any = key.fileobj
            request, answer = self._waiting[one]
            with suppress(ConnectionError):
                answer += one.recv(65_536)
            if not answer:
                self._ask_again(one)
                continue
            self._waiting[one] = (request, answer)
            if _is_whole(answer):
                _good(answer)
                yield one

    def _ask_again(self, connection: socket.socket) -> None:
        request, _ = self._waiting.pop(connection)
        self._selector.unregister(connection)
        connection.close()
        self._again -= 1
        if self._again < 0:
            raise ConnectionError(f"it closed {AGAIN} connections without an answer")
        self.ask(request)


def _request(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _good(answer: bytes) -> bytes:
    if not answer.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(f"it answers {answer[:200]!r}")
    return answer


def _is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(body) >= int(value)
    return b"\r\n0\r\n\r\n" in answer


@contextmanager
def _connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection((HOST, port), ANSWER_SECONDS) as connection:
        yield connection


def _wait(running: Tree, port: int, request: bytes) -> None:
    """Ask until the first good answer; what listens may not have its model yet."""
    until, why = time.monotonic() + START_SECONDS, "nobody listens"
    while not running.is_over() and time.monotonic() < until:
        try:
            with _connected(port) as connection:
                asked(connection, request)
                return
        except OSError as error:
            why = str(error)
            time.sleep(0.02)
    if running.is_over():
        raise NotMeasuredError(f"it ended: {running.last_words()}")
    said = f"{why}; its last words: {running.last_words()}"
    raise NotMeasuredError(f"no good answer in {START_SECONDS:.0f} s: {said}")
