"""The registry fails at the start and in flight: the service answers, and what fails is said."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.fakes.faulty_server import Fault, faulty
from tests.fakes.logged import log_bundle
from tests.fakes.served_project import Load, ServedProject, with_prior
from tests.stores.serving import serving

from scorewright.adapters.bundles import DiskBundles
from scorewright.adapters.machine import ServiceProcess
from scorewright.adapters.registry import MlflowRegistrar
from scorewright.adapters.sync_file import SyncFile
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.flows.sync import SyncReport, register

MODEL = "models:/demo_logistic@champion"
IN_FLIGHT: tuple[Fault, ...] = ("black-hole", "html", "500")
#: Ten seconds are promised on an idle machine; this one may be shared by many.
SECONDS = 30.0


@contextmanager
def _syncing(project: ServedProject, registry: str) -> Iterator[None]:
    command = [
        sys.executable, "-m", "scorewright", "--config", str(project.file),
        "sync", "--model-uri", MODEL,
    ]  # fmt: skip
    environment = {**os.environ, "SCOREWRIGHT__TRACKING__URI": registry}
    with (
        (project.root / "sync.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=environment) as process,
    ):
        try:
            yield
            assert process.poll() is None, (project.root / "sync.log").read_text()
        finally:
            process.terminate()
            process.wait(20)


def _wait(project: ServedProject, wanted: Callable[[SyncReport], bool], seconds: float) -> float:
    """Wait until the report says what is wanted; return the seconds it took."""
    file = SyncFile(project.root / "bundles" / "sync.json")
    began = time.monotonic()
    while True:
        report = file.read()
        if report is not None and wanted(report):
            return time.monotonic() - began
        assert time.monotonic() - began < seconds, report
        time.sleep(0.05)


def _register(
    uri: str,
    project: ServedProject,
    made: DiskBundles,
    bundle: Bundle,
    policy_for: Callable[..., Policy],
) -> str:
    """Log and register a bundle; return its digest."""
    logged, file = log_bundle(uri, project.root, made, bundle, policy_for)
    digest = logged.manifest().digest
    policy = made.read_policy(Path(file.name))
    project.told[digest] = (policy.digest, logged.golden[0].pd, policy.version)
    register(made, MlflowRegistrar(uri), digest, "champion")
    return digest


@pytest.mark.timeout(600)
def test_the_service_does_not_notice(
    tmp_path: Path,
    dummy_bundle: Bundle,
    policy_for: Callable[..., Policy],
    record_property: Callable[[str, object], None],
) -> None:
    # Given a real registry behind a proxy that is closed, and a machine that has a bundle
    project = ServedProject(tmp_path / "project", policy_for)
    made = DiskBundles(tmp_path / "made", project.keys)
    project.deploy(own := project.publish(with_prior(dummy_bundle, 0.1)))
    with (
        serving(f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "server") as uri,
        faulty(int(urlsplit(uri).port or 0)) as proxy,
    ):
        first = _register(uri, project, made, with_prior(dummy_bundle, 0.25), policy_for)
        proxy.fail("closed")
        began = time.monotonic()
        with (
            _syncing(project, proxy.url),
            ServiceProcess(project.file, tmp_path / "service.log") as service,
            Load(service.url, dummy_bundle.golden[0].values, project.told, threads=1) as load,
        ):
            # Then the service starts and answers, and the report says why it is alone
            load.wait_for(own[0])
            first_answer = time.monotonic() - began
            _wait(project, lambda r: r.code == "store-unreachable", 90)
            # When the registry comes, then what it names answers
            proxy.fail("none")
            load.wait_for(first)
            # When it fails in flight, then that is said; when it is back, that is said
            told = []
            for fault in IN_FLIGHT:
                proxy.fail(fault)
                named = _wait(project, lambda r: not r.ok, SECONDS)
                proxy.fail("none")
                back = _wait(project, lambda r: r.ok, SECONDS)
                told.append(f"{fault} said after {named:.1f} s, back after {back:.1f} s")
            # And what is registered next is taken over
            second = _register(uri, project, made, with_prior(dummy_bundle, 0.4), policy_for)
            load.wait_for(second)
    # And not one request failed or got a mixed answer
    assert load.wrong == []
    assert {own[0], first, second} == set(load.answers)
    said = (
        f"first answer {first_answer:.1f} s after the command, {load.answers[own[0]]} till it came"
    )
    record_property("guarantee", f"registry-start: {said}")
    said = f"{', '.join(told)}: {load.answers.total()} answers, 0 failed requests"
    record_property("guarantee", f"registry-away: {said}")
