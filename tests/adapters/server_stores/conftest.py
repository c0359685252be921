"""A real tracking server over a store that MLflow 3.17 wrote, and one that only pretends."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.stores.fixtures import MadeStore, unpacked
from tests.stores.serving import serving

from scorewright.adapters.server_stores import HttpStore
from scorewright.core.snapshot import Snapshot
from scorewright.flows.events import ignore


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeStore:
    """The store, untouched by the server."""
    return unpacked("3.17.2", "sqlite", tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="session")
def server(made: MadeStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MLflow server on a copy of it."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(made.path, folder / "mlflow.db")
    with serving(f"sqlite:///{folder}/mlflow.db", folder) as url:
        yield url


@pytest.fixture(scope="session")
def served(server: str) -> Snapshot:
    """The server, read before any test adds to it."""
    return HttpStore(server).read(ignore, history=True)


@dataclass
class Pretender:
    """A server that answers what it was told, and remembers what it was asked."""

    url: str = ""
    answers: Callable[[str, Any], tuple[int, dict[str, str], bytes]] = field(
        default=lambda _path, _body: (404, {}, b"")
    )
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def pretender() -> Iterator[Pretender]:
    """It, on loopback."""
    told = Pretender()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or b"{}")
            told.asked.append((self.path, dict(self.headers)))
            code, headers, text = told.answers(self.path, body)
            self.send_response(code)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _answer  # noqa: N815 - the names of the library

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        told.url = f"http://127.0.0.1:{running.server_address[1]}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield told
        finally:
            running.shutdown()
            thread.join()
