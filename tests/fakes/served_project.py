"""A project folder with bundles that answer differently, and a real service on it."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.adapters.learners import Learners
from scorewright.core.bundles import Bundle, GoldenRow
from scorewright.core.decision import Policy

__all__ = ["Load", "ServedProject", "Told", "with_prior"]

SETTINGS = """
[project]
name = "demo"

[tables.applications]
files = "applications.csv"

[data]
table = "applications"
target = "bad"

[serve]
poll_seconds = 0.1
sync_seconds = 1.0

[serve.log]
policy = "best_effort"
"""

Told = tuple[str, float, int]


def with_prior(bundle: Bundle, prior: float) -> Bundle:
    """Return the dummy bundle with another answer, which is the same for everybody."""
    files = {"dummy.json": json.dumps({"prior": prior, "schema_version": 1}).encode()}
    pd = float(bundle.calibration.apply(np.array([prior]))[0])
    model = Learners().get("dummy").load(files, bundle.space)
    golden = tuple(GoldenRow(row.values, pd) for row in bundle.golden)
    return replace(bundle, model_files=model.files(), golden=golden)


@dataclass
class ServedProject:
    """A project whose deployed bundle is moved under its service."""

    root: Path
    policy_for: Callable[..., Policy]
    told: dict[str, Told] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.file.write_text(SETTINGS, encoding="utf-8")

    @property
    def file(self) -> Path:
        return self.root / "scorewright.toml"

    @property
    def keys(self) -> KeyRing:
        return KeyRing(self.root / ".scorewright" / "keys")

    @property
    def bundles(self) -> DiskBundles:
        return DiskBundles(self.root / "bundles", self.keys)

    def publish(self, bundle: Bundle) -> tuple[str, str]:
        """Publish a bundle with a policy of its own; return digest and policy file."""
        digest = self.bundles.publish(bundle).name
        policy, file = self.bundles.publish_policy(self.policy_for(bundle, version=0))
        self.told[digest] = (policy.digest, bundle.golden[0].pd, policy.version)
        return digest, file.name

    def deploy(self, deployed: tuple[str, str]) -> None:
        self.bundles.activate(*deployed, datetime.now(UTC))


class Load:
    """Asks a service without a pause, from several threads, and checks every answer.

    Args:
        url: Of the service.
        application: What is asked.
        told: What belongs to each bundle: policy digest, PD, policy version.
        threads: How many ask.
    """

    def __init__(
        self, url: str, application: Mapping[str, Any], told: Mapping[str, Told], threads: int = 3
    ) -> None:
        self.answers: Counter[str] = Counter()
        self.wrong: list[Any] = []
        self.stale: set[Any] = set()
        self._host = url.removeprefix("http://")
        self._body = json.dumps({"features": dict(application)})
        self._told = told
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask_on) for _ in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def wait_for(self, bundle: str, seconds: float = 60.0) -> None:
        """Wait until a bundle answers."""
        before, until = self.answers[bundle], time.monotonic() + seconds
        while self.answers[bundle] == before:
            assert time.monotonic() < until, f"{bundle[:12]} did not answer: {self.wrong[:3]}"
            assert any(thread.is_alive() for thread in self._threads), self.wrong[:3]
            time.sleep(0.02)

    def _ask_on(self) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=30)
        while not self._over.is_set():
            try:
                self._ask(connection)
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                self.wrong.append(repr(error))
                connection.close()
            time.sleep(0.002)
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        connection.request("POST", "/predict", self._body, {"Content-Type": "application/json"})
        said = connection.getresponse()
        data = said.read()
        if said.status != 200:
            self.wrong.append((said.status, data[:300]))
            return
        answer = json.loads(data)
        bundle, policy = answer["model"]["bundle"], answer["policy"]
        if (policy["digest"], answer["pd"], policy["version"]) != self._told[bundle]:
            self.wrong.append(answer)
        self.stale.add(answer["flags"]["stale_bundle"])
        self.answers[bundle] += 1
