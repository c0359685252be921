"""The front: every request comes here first, and the decision goes no further.

It gives each request an id, counts it, bounds how many are in work and how long one may take,
and answers ``POST /predict`` itself. All other pages are the application's behind it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scorewright.core.project import LimitSettings
from scorewright.entry.service.guard import GUARDING, Head
from scorewright.entry.service.instruments import Instruments
from scorewright.entry.service.predict import Predictor
from scorewright.entry.service.problems import (
    BODY_TOO_SLOW,
    FOREIGN_HOST,
    MEDIA_TYPE,
    TOO_BUSY,
    TOO_SLOW,
    TOO_SLOW_TO_DECIDE,
    Problem,
    ProblemError,
    problem_of,
)
from scorewright.entry.service.running import Running

__all__ = ["Front"]

Headers = Iterable[tuple[bytes, bytes]]

#: Never refused for want of room: whoever watches a busy service must see it.
ALWAYS = frozenset({"/health", "/ready", "/metrics"})
#: Files come and go as long as they take; their own limits are in bytes and rows. A takeover that
#: was given up would go on, and to ask for it again would undo it.
LONG = ("/batch/", "/admin/")
#: Longest time from the deadline to the end of an answer that had begun by then.
SEND_SECONDS = 60.0
#: Bodies up to this length are not counted one by one; of longer ones so many bytes may be held.
SHORT, MOST_HELD = 100_000, 32_000_000
_JSON = (b"content-type", b"application/json")
_CLOSE = (b"connection", b"close")
_PROBLEM = (b"content-type", MEDIA_TYPE.encode("ascii"))


class Front:
    """The application as the server sees it.

    Args:
        inner: Answers everything but ``POST /predict``.
        predictor: Answers that.
        running: Of this worker.
        limits: ``[serve.limits]``.
        instruments: Count what is answered.
        is_local: Whether only what is sent to a name of this machine for itself is answered.
    """

    def __init__(
        self,
        inner: ASGIApp,
        predictor: Predictor,
        running: Running,
        limits: LimitSettings,
        instruments: Instruments,
        *,
        is_local: bool = False,
    ) -> None:
        self.inner, self.running, self._is_local = inner, running, is_local
        self._predictor, self._instruments = predictor, instruments
        self._most, self._deadline = limits.concurrency, limits.deadline_seconds
        self._late: set[asyncio.Future[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        began = time.perf_counter()
        head, path, running = Head.of(scope), scope["path"], self.running
        coming = _Coming(receive, running, has_body=head.has_body)
        answer = _Answer(send, head.request_id, coming)
        refusal = self._refusal(head, path)
        if refusal is not None:
            await answer.problem(refusal)
            self._instruments.answered(_shown(scope), answer.status, began)
            return
        running.in_work += 1
        try:
            if path == "/predict" and scope["method"] == "POST":
                await self._predict(scope, head, coming, answer)
            elif path.startswith(LONG):
                coming.is_kept = False
                await self._behind(scope, head, coming, answer)
            else:
                await self._in_time(scope, head, coming, answer)
        finally:
            running.in_work -= 1
            running.held -= coming.held
            self._instruments.answered(_shown(scope), answer.status, began)

    def _refusal(self, head: Head, path: str) -> Problem | None:
        """Say why a request is not even looked at; None where it is."""
        if self._is_local and not head.is_for_this_machine:
            return FOREIGN_HOST
        if self.running.in_work >= self._most and path not in ALWAYS:
            return TOO_BUSY
        return None

    async def _predict(self, scope: Scope, head: Head, coming: _Coming, answer: _Answer) -> None:
        try:
            async with asyncio.timeout(self._deadline):
                predicted = await self._predictor.answer(scope, head, coming)
        except TimeoutError:
            await answer.problem(BODY_TOO_SLOW if coming.is_awaited else TOO_SLOW_TO_DECIDE)
            return
        except Exception as error:
            problem = problem_of(error)
            await answer.problem(problem)
            if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                raise  # the server's log says where
            return
        await answer.json(predicted.body)
        self._instruments.decided(predicted)
        self._predictor.told(predicted)

    async def _in_time(self, scope: Scope, head: Head, coming: _Coming, answer: _Answer) -> None:
        """Let the application answer; where that takes too long, answer without it.

        What it does then goes on, so that nothing is left half done, but nobody hears of it. An
        answer that has begun is sent on for a while.
        """
        work = asyncio.ensure_future(self._behind(scope, head, coming, answer))
        try:
            await asyncio.wait({work}, timeout=self._deadline)
        except asyncio.CancelledError:
            work.cancel()
            raise
        if work.done() or answer.started:
            await _ended(work)
            return
        answer.close()
        self._late.add(work)
        work.add_done_callback(self._forget)
        self.running.in_work += 1
        problem = BODY_TOO_SLOW if coming.is_awaited else TOO_SLOW
        if coming.is_awaited:
            work.cancel()
        await answer.problem(problem)

    def _forget(self, work: asyncio.Future[None]) -> None:
        self.running.in_work -= 1
        self._late.discard(work)
        if not work.cancelled():
            work.exception()  # it was told of nobody; asking keeps the loop quiet

    async def _behind(self, scope: Scope, head: Head, receive: Receive, answer: _Answer) -> None:
        scope.setdefault("state", {})["request_id"] = head.request_id
        await self.inner(scope, receive, answer)


class _Coming:
    """A request's body on its way; knows how much of it came.

    Many long bodies at a time would hold more memory than the service has: of one that comes
    when others fill the room, nothing more is read.

    Attributes:
        is_left: Whether some of it was not read yet.
        is_awaited: Whether somebody waits for more of it.
        is_kept: Whether what is read stays in memory.
        held: Bytes it is counted with among long bodies.
    """

    __slots__ = ("_bytes", "_receive", "_running", "held", "is_awaited", "is_kept", "is_left")

    def __init__(self, receive: Receive, running: Running, *, has_body: bool) -> None:
        self._receive, self._running = receive, running
        self.is_left, self.is_kept, self.is_awaited = has_body, True, False
        self._bytes = self.held = 0

    async def __call__(self) -> Message:
        self.is_awaited = self.is_left
        message = await self._receive()
        self.is_left = bool(message.get("more_body", False))
        self.is_awaited = False
        self._bytes += len(message.get("body", b""))
        if self._bytes > SHORT and self.is_kept:
            self._hold()
        return message

    def _hold(self) -> None:
        running, more = self._running, self._bytes - self.held
        if running.held + more > MOST_HELD and running.held > self.held:
            raise ProblemError(TOO_BUSY)
        running.held += more
        self.held = self._bytes


class _Answer:
    """An answer on its way: adds the headers of all answers; knows its status."""

    __slots__ = ("_coming", "_identity", "_is_closed", "_request_id", "_send", "started", "status")

    def __init__(self, send: Send, request_id: str, coming: _Coming) -> None:
        self._send, self._request_id, self._coming = send, request_id, coming
        self._identity = (b"x-request-id", request_id.encode("ascii"))
        self._is_closed = self.started = False
        self.status = 0

    async def __call__(self, message: Message) -> None:
        """Send on what the application behind says."""
        if self._is_closed:
            return
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            own = {name for name, _ in GUARDING}
            kept = [(n, v) for n, v in message.get("headers", ()) if n.lower() not in own]
            message = {**message, "headers": [*kept, *self._own()]}
        await self._send(message)

    async def json(self, body: bytes) -> None:
        """Send an answer."""
        await self._whole(HTTPStatus.OK, body, (_JSON,))

    async def problem(self, problem: Problem) -> None:
        """Send what went wrong."""
        more = [(n.lower().encode(), v.encode("latin-1")) for n, v in problem.headers.items()]
        await self._whole(problem.status, problem.body(self._request_id), (_PROBLEM, *more))

    def _own(self) -> Headers:
        """Return the headers of every answer.

        A body that nobody will read ends the connection: to wait for it would keep it for ever.
        """
        own = (self._identity, *GUARDING)
        return (_CLOSE, *own) if self._coming.is_left else own

    def close(self) -> None:
        """Let the application behind send nothing more."""
        self._is_closed = True

    async def _whole(self, status: HTTPStatus, body: bytes, headers: Headers) -> None:
        self.started, self.status = True, int(status)
        length = (b"content-length", str(len(body)).encode("ascii"))
        await self._send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": [*headers, length, *self._own()],
            }
        )
        await self._send({"type": "http.response.body", "body": body})


async def _ended(work: asyncio.Future[None]) -> None:
    """Wait until an answer is sent; who does not read it holds a place among those in work."""
    try:
        async with asyncio.timeout(SEND_SECONDS) as bound:
            await work
    except TimeoutError:
        if not bound.expired():
            raise


def _shown(scope: Scope) -> str:
    """Return the page for a label: those there are, and one for all others."""
    if scope["path"] == "/predict":
        return "/predict"
    route = cast("Any", scope.get("route"))
    return str(getattr(route, "path", "other"))
