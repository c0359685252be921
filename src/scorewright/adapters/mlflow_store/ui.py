"""MLflow's own UI on the project's store."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from scorewright.adapters.machine import accompanied
from scorewright.adapters.mlflow_store.location import StoreKind, StoreLocation
from scorewright.adapters.mlflow_store.opening import prepare_store
from scorewright.core.errors import UsageError

__all__ = ["run_ui"]

_ENDED_BY_SIGNAL = (130, 143)
_STDERR = 2
_POLL_SECONDS = 0.1


def run_ui(tracking_uri: str, artifact_root: Path, port: int) -> int:
    """Run the MLflow UI on loopback until it is interrupted or told to end.

    What the server prints goes to stderr: stdout belongs to the command.

    Args:
        tracking_uri: The store.
        artifact_root: Where a store made now keeps its artifacts.
        port: Port to listen on.

    Returns:
        The exit code, 0 after an interrupt.

    Raises:
        UsageError: ``store-uri``: the store is a server, which has a UI of its own.
        ScorewrightError: The store cannot be used; see `prepare_store`.
    """
    location = StoreLocation.parse(tracking_uri)
    if location.kind is StoreKind.HTTP:
        raise UsageError(
            f"The tracking store is the server {location.shown}, which has a UI of its own.",
            remedy=f"Open {location.shown} in a browser.",
            code="store-uri",
        )
    prepare_store(location, artifact_root)
    command = [
        sys.executable, "-m", "mlflow", "server",
        "--backend-store-uri", location.uri,
        "--default-artifact-root", str(artifact_root.absolute()),
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    # The jobs MLflow can run (evaluations of language models) are not needed for loans, and their
    # processes answer an interrupt with stack traces.
    environment = {
        **os.environ,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    # The server starts processes that do not end with it; its keeper ends them all.
    with _told_to_end():
        try:
            with accompanied(command, environment, out=_STDERR) as process:
                # Not wait(): a signal that another thread takes would not wake it up.
                while (code := process.poll()) is None:
                    time.sleep(_POLL_SECONDS)
        except KeyboardInterrupt:
            return 0
    return 0 if code in _ENDED_BY_SIGNAL else code


@contextmanager
def _told_to_end() -> Iterator[None]:
    """Let a request to end, and a closed terminal, count as an interrupt."""

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature
        raise KeyboardInterrupt

    before = {n: signal.signal(n, interrupt) for n in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
