"""MLflow's UI on the project's store."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.adapters.histories.servers import free_port
from tests.stores.serving import wait_for

from scorewright.adapters.mlflow_store import run_ui
from scorewright.core.errors import ScorewrightError, UsageError

pytestmark = pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"
)


CODE = (
    "import sys; from pathlib import Path\n"
    "from scorewright.adapters.mlflow_store import run_ui\n"
    "sys.exit(run_ui(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))"
)


@contextmanager
def showing(root: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the UI of a project without a store in a process of its own; gives it and its port."""
    port = free_port()
    uri = f"sqlite:///{root}/mlruns/mlflow.db"
    command = [sys.executable, "-c", CODE, uri, str(root / "mlruns"), str(port)]
    with (
        (root / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) as process,
    ):
        try:
            wait_for(f"http://127.0.0.1:{port}/health", process)
            yield process, port
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.slow
def test_the_ui_answers_and_ends_well_on_an_interrupt(tmp_path: Path) -> None:
    with showing(tmp_path) as (process, port):
        address = f"http://127.0.0.1:{port}/"
        with urllib.request.urlopen(address, timeout=30) as page:
            assert b"MLflow" in page.read()
        # Then the store was made, and Ctrl-C ends it without an error
        assert (tmp_path / "mlruns" / "mlflow.db").is_file()
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 0
    assert not answers(port)


@pytest.mark.slow
def test_the_server_ends_with_a_ui_that_is_killed(tmp_path: Path) -> None:
    with showing(tmp_path) as (process, port):
        process.kill()
        process.wait(60)
        until = time.monotonic() + 40
        while answers(port):
            assert time.monotonic() < until, "the server is still there"
            time.sleep(0.1)


def answers(port: int) -> bool:
    """Return whether anybody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_server_has_a_ui_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        run_ui("https://mlflow.example", tmp_path, 5000)
    assert caught.value.code == "store-uri"
    assert "https://mlflow.example" in caught.value.remedy


def test_a_store_that_cannot_be_used_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    file.write_bytes(b"")
    with pytest.raises(ScorewrightError) as caught:
        run_ui(f"sqlite:///{file}", tmp_path, 5000)
    assert caught.value.code == "store-invalid"
