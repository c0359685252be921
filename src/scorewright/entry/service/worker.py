"""One worker: answers on a listening socket until it is told to stop, and then drains."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from types import FrameType

import uvicorn

from scorewright.entry.service.app import create_app
from scorewright.entry.service.running import Running
from scorewright.entry.service.server_log import careful
from scorewright.entry.service.wire import Wire
from scorewright.flows.serve import Service

__all__ = ["serve"]

#: Longer than the sixty seconds for which most proxies keep a connection they may use again.
KEEP_ALIVE_SECONDS = 75
#: In production, how long a worker that stops still takes requests while `/ready` says no.
NOTICE_SECONDS = 1.0


def serve(service: Service, listener: socket.socket, leash: socket.socket | None = None) -> None:
    """Answer until SIGTERM or SIGINT.

    Args:
        service: What answers.
        listener: Bound and listening.
        leash: To whoever started this worker among others: it is told when requests are taken,
            and when it ends, this worker does too.
    """
    running = Running()
    drain = service.settings.limits.drain_seconds
    notice = NOTICE_SECONDS if service.settings.mode == "production" else 0.0
    notice = min(notice, drain / 4)
    config = uvicorn.Config(
        create_app(service, running, is_local=service.is_open),
        http=Wire,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=drain - notice,  # type: ignore[arg-type]
    )
    careful()
    _Draining(config, running, (notice, drain), leash).run([listener])


class _Draining(uvicorn.Server):
    """uvicorn's server, which first says on ``/ready`` that it will stop."""

    def __init__(
        self,
        config: uvicorn.Config,
        running: Running,
        seconds: tuple[float, float],
        leash: socket.socket | None,
    ) -> None:
        super().__init__(config)
        self._running, self._leash = running, leash
        self._notice, self._drain = seconds
        self._stop_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take requests, and tell whoever holds the leash."""
        await super().startup(sockets)
        if self._leash is not None:
            self._leash.settimeout(0)
            self._leash.send(b"r")
            asyncio.get_running_loop().add_reader(self._leash, self._let_go)

    async def on_tick(self, counter: int) -> bool:
        """Look whether it is time to stop."""
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop: at once when interrupted, after the notice when terminated."""
        self._running.stop(self._drain)
        if sig == signal.SIGINT and self._leash is None:
            super().handle_exit(sig, frame)
        elif sig != signal.SIGINT:
            self._stop()

    def _let_go(self) -> None:
        """Stop because whoever started this worker has ended."""
        if self._leash is not None:
            asyncio.get_running_loop().remove_reader(self._leash)
        self._running.stop(self._drain)
        self._stop()

    def _stop(self) -> None:
        if self._stop_at is None:
            self._stop_at = time.monotonic() + self._notice
