"""What every answer carries: a request id and headers that keep browsers and caches careful."""

from __future__ import annotations

import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scorewright.entry.service.problems import SECURITY_HEADERS

__all__ = ["IDENTIFIER", "Guard"]

IDENTIFIER = re.compile(r"[A-Za-z0-9._-]{1,64}")
HEADER = "X-Request-ID"


class Guard:
    """ASGI middleware: takes over a valid ``X-Request-ID`` or makes one, and sets headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get(HEADER, "")
        identifier = sent if IDENTIFIER.fullmatch(sent) else str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = identifier

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[HEADER] = identifier
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_guarded)
