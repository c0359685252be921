"""The scoring service in a process of its own, for the demo and the tests."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scorewright.adapters.machine.companion import accompanied
from scorewright.core.errors import ScorewrightError

__all__ = ["ServiceProcess"]

START_SECONDS = 60.0
POLL_SECONDS = 0.1


class ServiceProcess:
    """Runs ``scorewright serve`` on a free port while the ``with`` block and this process last."""

    def __init__(self, project_file: Path, log_file: Path) -> None:
        self._project_file = project_file
        self._log_file = log_file
        self._ending = ExitStack()
        self.url = ""

    def __enter__(self) -> Self:
        """Start the service and wait until it answers.

        Raises:
            ScorewrightError: ``service-not-started``.
        """
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        command = [
            sys.executable, "-m", "scorewright", "--config", str(self._project_file),
            "serve", "--host", "127.0.0.1", "--port", str(port),
        ]  # fmt: skip
        with self._log_file.open("wb") as log, ExitStack() as ending:
            self._wait(ending.enter_context(accompanied(command, out=log, error=log)))
            self._ending = ending.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the service."""
        self._ending.close()

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON answer to a GET."""
        return self._send(urllib.request.Request(self.url + path))  # noqa: S310 - loopback

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the JSON answer to a POST.

        Raises:
            ScorewrightError: ``service-refused`` with the service's own words.
        """
        request = urllib.request.Request(  # noqa: S310 - loopback
            self.url + path,
            data=json.dumps(body).encode("utf-8"),
            headers={"Content-Type": "application/json"},
        )
        return self._send(request)

    def _send(self, request: urllib.request.Request) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
                document: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            said = error.read().decode("utf-8", "replace")
            raise ScorewrightError(
                f"The service answered {error.code}: {said}",
                remedy=f"Read {self._log_file}.",
                code="service-refused",
            ) from error
        return document

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for the first healthy answer."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=2):  # noqa: S310
                    return
            except OSError:
                time.sleep(POLL_SECONDS)
        raise ScorewrightError(
            "The scoring service did not start.",
            remedy=f"Read {self._log_file}, or run 'scorewright serve' to see why.",
            code="service-not-started",
        )
