"""Real servers on the loopback: PostgreSQL, object storage, and the web."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

import polars as pl

__all__ = ["Postgres", "Storage", "postgres_binaries", "running_postgres", "running_storage", "web"]

_NOBODY = 65534
_KINDS: dict[Any, str] = {
    pl.Int16: "smallint",
    pl.Int32: "integer",
    pl.Int64: "bigint",
    pl.Float64: "double precision",
    pl.Boolean: "boolean",
    pl.String: "text",
    pl.Date: "date",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


class Postgres:
    """A running server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"postgresql://postgres:secret@127.0.0.1:{port}/postgres"

    def run(self, sql: str) -> None:
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(self.url, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(sql)

    def put(self, relation: str, frame: pl.DataFrame) -> None:
        columns = ", ".join(f'"{name}" {_KINDS[dtype]}' for name, dtype in frame.schema.items())
        self.run(f"DROP TABLE IF EXISTS {relation}")
        self.run(f"CREATE TABLE {relation} ({columns})")
        if frame.height:
            rows = ", ".join(f"({', '.join(map(literal, row))})" for row in frame.iter_rows())
            self.run(f"INSERT INTO {relation} VALUES {rows}")  # noqa: S608 - of the tests


def _binary(name: str) -> str | None:
    """Find a program of PostgreSQL, also where Debian puts it, off the path."""
    found = shutil.which(name)
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return found or (str(debian[-1]) if debian else None)


def postgres_binaries() -> bool:
    return _binary("initdb") is not None and _binary("pg_ctl") is not None


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a fresh server as another user than root, which it refuses."""
    folder = Path(tempfile.mkdtemp(prefix="scorewright-pg-"))
    port = free_port()
    as_user: list[str] = []
    if os.getuid() == 0:
        shutil.chown(folder, _NOBODY, _NOBODY)
        as_user = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
    password = folder / "password"
    password.write_text("secret")
    password.chmod(0o644)
    data = folder / "data"
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"

    def call(*command: str) -> None:
        program = [_binary(command[0]) or command[0], *command[1:]]
        subprocess.run([*as_user, *program], check=True, capture_output=True, cwd=folder)

    try:
        pwfile = f"--pwfile={password}"
        call("initdb", "-D", str(data), "-U", "postgres", "-A", "scram-sha-256", pwfile, "-N")
        call("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Postgres(port)
        finally:
            call("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Storage:
    """A running server that speaks S3."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self.environment = {
            "AWS_ACCESS_KEY_ID": "someone",
            "AWS_SECRET_ACCESS_KEY": "very-secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.endpoint,
        }

    def put(self, path: str, data: bytes | None = None) -> None:
        # The default content type, that of a form, would make the server eat the body.
        kind = {"Content-Type": "application/octet-stream"}
        request = Request(f"{self.endpoint}/{path}", data or b"", kind, method="PUT")  # noqa: S310
        with urlopen(request, timeout=30):  # noqa: S310 - of the tests
            pass


@contextmanager
def running_storage() -> Iterator[Storage]:
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*command, str(port)], **quiet) as process:  # type: ignore[call-overload]
        try:
            storage = Storage(port)
            _wait_for(port)
            storage.put("bucket")
            yield storage
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


class _Silent(SimpleHTTPRequestHandler):
    """Files of a folder, with ranges of bytes, as real servers of data give them."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        return

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        wanted = self.headers.get("Range", "")
        if not path.is_file() or not wanted.startswith("bytes="):
            super().do_GET()
            return
        data = path.read_bytes()
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(data) - int(last))
        stop = min(len(data), int(last) + 1 if first and last else len(data))
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        self.send_header("Content-Length", str(stop - start))
        self.send_header("Last-Modified", self.date_time_string(int(path.stat().st_mtime)))
        self.end_headers()
        self.wfile.write(data[start:stop])


@contextmanager
def web(folder: Path) -> Iterator[str]:
    """Serve a folder; give its address."""
    handler = partial(_Silent, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(30)
