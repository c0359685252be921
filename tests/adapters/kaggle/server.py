"""A Kaggle of our own on loopback: its front, and the storage it sends one to."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Storage", "serving"]

PATH = "/api/v1/competitions.CompetitionApiService/DownloadDataFile"


@dataclass
class Storage:
    """What the server holds and how it behaves.

    Attributes:
        files: Name -> text.
        status: Answer of the front; 302 sends to the storage.
        is_zipped: Whether files come as archives, as large ones do.
        cut_after: The storage hangs up after so many bytes, once.
        is_damaged: The storage says another digest than that of the bytes.
        asked: What was asked: (path, ``Range`` header or None).
        tokens: The ``Authorization`` headers that came.
    """

    files: dict[str, str]
    status: int = 302
    is_zipped: bool = True
    cut_after: int | None = None
    is_damaged: bool = False
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)

    def body(self, name: str) -> bytes:
        """The bytes of a file as they travel; the same each time."""
        if not name.endswith(".zip"):
            return self.files[name].encode()
        held = io.BytesIO()
        inside = zipfile.ZipInfo(name.removesuffix(".zip"), date_time=(2026, 1, 1, 0, 0, 0))
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(inside, self.files[inside.filename])
        return held.getvalue()


@contextmanager
def serving(storage: Storage) -> Iterator[str]:
    """Serve on a free port; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            wanted = json.loads(self.rfile.read(length))
            assert wanted["competitionName"] == "home-credit-default-risk"
            storage.asked.append((self.path, None))
            storage.tokens.append(self.headers.get("Authorization"))
            if storage.status != 302:
                self._send(storage.status, b'{"message": "no"}', {"Content-Type": "text/plain"})
                return
            name = wanted["fileName"] + (".zip" if storage.is_zipped else "")
            self._send(302, b"", {"Location": f"/storage/{name}"})

        def do_GET(self) -> None:
            span = self.headers.get("Range")
            storage.asked.append((self.path, span))
            body = storage.body(self.path.removeprefix("/storage/"))
            digest = hashlib.md5(b"x" if storage.is_damaged else body, usedforsecurity=False)
            headers = {
                "Accept-Ranges": "bytes",
                "x-goog-hash": f"md5={base64.b64encode(digest.digest()).decode()}",
                "Content-Type": "application/octet-stream",
            }
            start = int(span.removeprefix("bytes=").removesuffix("-")) if span else 0
            cut, storage.cut_after = storage.cut_after, None
            self._send(206 if span else 200, body[start:], headers, cut)

        def _send(
            self, status: int, body: bytes, headers: dict[str, str], cut: int | None = None
        ) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[:cut])
            self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
