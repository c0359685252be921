"""The services of the compose file as processes of this machine, as the file declares them."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests.deploy.linters import DEPLOY

__all__ = ["Composed", "ask", "fill"]

SERVICES = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text(encoding="utf-8"))["services"]
BIN = Path(sys.executable).parent


def fill(text: str, changes: Mapping[str, str]) -> str:
    """Put in one thing for another, all at once: nothing that was put in is looked at again."""
    return re.sub("|".join(map(re.escape, changes)), lambda found: changes[found[0]], text)


def ask(
    port: int, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    """Ask a service of this machine; return status and answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        sent = None if body is None else json.dumps(body)
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, sent, {"Content-Type": "application/json", **said})
        answer = connection.getresponse()
        told = answer.read()
        is_json = "json" in answer.getheader("Content-Type", "")
        return answer.status, json.loads(told) if is_json else {}
    finally:
        connection.close()


@dataclass(frozen=True)
class Composed:
    """What stands in for the containers.

    Attributes:
        folder: The project, in place of ``/srv/scorewright``; logs are written beside it.
        addresses: What is there in place of what a container would see: paths, hosts and ports.
    """

    folder: Path
    addresses: Mapping[str, str]

    def command(self, name: str, words: Sequence[str] = ()) -> list[str]:
        """Return the command of a service, or another one of its program."""
        service = SERVICES[name]
        (program,) = service.get("entrypoint", ["/opt/scorewright/bin/scorewright"])
        said = [str(word) for word in words or service["command"]]
        return [str(BIN / Path(program).name), *(fill(word, self.addresses) for word in said)]

    def environment(self, name: str) -> dict[str, str]:
        """Return what a service sees: what the file declares, and nothing of this process."""
        given = SERVICES[name]["environment"]
        image = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(self.folder.parent)}
        image |= {"PYTHONUNBUFFERED": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
        return image | {key: fill(str(value), self.addresses) for key, value in given.items()}

    def run(self, name: str, *words: str) -> str:
        """Run a command beside the services, as ``docker compose run --rm``; return its output."""
        done = subprocess.run(
            self.command(name, words),
            cwd=self.folder,
            env=self.environment(name),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def up(self, name: str) -> Iterator[Callable[[], str]]:
        """Keep a service running for as long as a ``with`` block lasts; give what it said."""
        file = self.folder.with_name(f"{name}.log")

        def said() -> str:
            return file.read_text(encoding="utf-8")[-3000:]

        with (
            file.open("wb") as log,
            subprocess.Popen(
                self.command(name),
                cwd=self.folder,
                env=self.environment(name),
                stdout=log,
                stderr=log,
            ) as process,
        ):
            try:
                self._wait(name, process, said)
                yield said
                assert process.poll() is None, said()
            finally:
                process.terminate()
                try:
                    process.wait(40)
                finally:
                    process.kill()

    def _wait(self, name: str, process: subprocess.Popen[bytes], said: Callable[[], str]) -> None:
        """Wait until the declared health check, if there is one, says that all is well."""
        kind, *check = SERVICES[name]["healthcheck"].get("test", ["CMD", "true"])
        assert kind == "CMD"
        places = {
            "/opt/scorewright/bin/python": sys.executable,
            "/opt/scorewright/probe.py": str(DEPLOY / "container/probe.py"),
        }
        command = [fill(str(word), {**self.addresses, **places}) for word in check]
        until = time.monotonic() + 240
        while subprocess.run(command, check=False).returncode != 0:
            assert process.poll() is None, said()
            assert time.monotonic() < until, said()
            time.sleep(0.5)
