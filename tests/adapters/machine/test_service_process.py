"""The service of the demo ends with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.served_project import ServedProject

from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy

HOST = (
    "import sys, time; from pathlib import Path\n"
    "from scorewright.adapters.machine import ServiceProcess\n"
    "with ServiceProcess(Path(sys.argv[1]), Path(sys.argv[2])) as service:\n"
    "    print(service.url, flush=True); time.sleep(120)"
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sessions")


@pytest.mark.slow
def test_a_service_ends_when_its_host_is_killed(
    dummy_bundle: Bundle, policy_for: Callable[..., Policy], tmp_path: Path
) -> None:
    # Given
    project = ServedProject(tmp_path / "project", policy_for)
    project.deploy(project.publish(dummy_bundle))
    command = [sys.executable, "-c", HOST, str(project.file), str(tmp_path / "service.log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        url = host.stdout.readline().strip()
        try:
            assert _answers(url)
        finally:
            # When
            host.kill()
    # Then
    until = time.monotonic() + 40
    while _answers(url):
        assert time.monotonic() < until
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=10):  # noqa: S310 - loopback
            return True
    except OSError:
        return False
