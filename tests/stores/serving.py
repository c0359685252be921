"""A real MLflow server on a store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.adapters.histories.servers import free_port

__all__ = ["serving", "wait_for"]

_SECONDS = 180


@contextmanager
def serving(backend: str, folder: Path) -> Iterator[str]:
    """Serve a store with ``mlflow server`` on loopback; give its address.

    Args:
        backend: Address of the store: MLflow opens it.
        folder: For the log and for what the server may write.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--backend-store-uri", backend, "--artifacts-destination", str(folder / "artifacts"),
        "--workers", "1",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    with (
        (folder / "server.log").open("wb") as log,
        subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, cwd=folder, start_new_session=True
        ) as process,
    ):
        try:
            wait_for(f"{url}/health", process)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # our own session: the server and its workers
            process.wait(30)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process answers at an address."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - loopback
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"{url} did not answer within {_SECONDS} s")
