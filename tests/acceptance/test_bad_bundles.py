"""A thousand bundles that must not be taken over, while a service answers from a good one."""

from __future__ import annotations

import http.client
import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from tests.fakes.bad_bundles import DEADLY, KINDS, Forger
from tests.fakes.registry import ADDRESS, FolderRegistry, MemorySync
from tests.fakes.served_project import Load, ServedProject

from scorewright.adapters.bundles import CanaryProver, KeyRing
from scorewright.adapters.learners import Learners
from scorewright.adapters.machine import ServiceProcess, SystemClock
from scorewright.adapters.sync_file import SyncFile
from scorewright.core.bundles import Bundle, GoldenRow
from scorewright.core.decision import Policy
from scorewright.core.scoring import Scorer
from scorewright.flows.ports import FitTask, Proof
from scorewright.flows.sync import Candidate, ModelAddress, Syncer

COUNT = 1_000


class NoChild:
    """A ``Prover`` that must not be asked."""

    def prove(self, directory: Path) -> Proof:
        raise AssertionError(f"{directory} was to be refused before a child is started")


class HandingRegistry(FolderRegistry):
    """Hands its files over instead of copying them: some are two gigabytes of nothing."""

    def fetch(self, address: ModelAddress, candidate: Candidate, folder: Path) -> None:
        folder.rmdir()
        self.files(candidate.version).rename(folder)


class Calm(Load):
    """Asks twenty times a second: what is tried here is the bundles, not the load."""

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        super()._ask(connection)
        time.sleep(0.05)


@pytest.fixture
def project(tmp_path: Path, policy_for: Callable[..., Policy]) -> ServedProject:
    return ServedProject(tmp_path / "project", policy_for)


@pytest.fixture
def trees(bundle: Bundle, rows: list[dict[str, Any]]) -> Bundle:
    """The small bundle with ten trees of LightGBM: its parser is the dangerous one."""
    x = np.vstack([bundle.space.row(row) for row in rows])
    y = (np.nan_to_num(x[:, 1], nan=40.0) < 35).astype(np.int8)
    learner = Learners().get("lgbm")
    task = FitTask(x, y, bundle.space, learner.parameters({"n_estimators": 10}, 42), threads=1)
    model = learner.fit(task)
    scorer = Scorer(model, bundle.space, bundle.calibration, bundle.contract)
    golden = tuple(GoldenRow(row, scorer.score_row(row)) for row in rows[:8])
    return replace(
        bundle, learner="lgbm", model_type="lgbm", model_files=model.files(), golden=golden
    )


def _syncer(project: ServedProject, registry: FolderRegistry, prover: Any) -> Syncer:
    memory = SyncFile(project.root / "bundles" / "sync.json")
    return Syncer(ADDRESS, registry, project.bundles, prover, memory, SystemClock())


def _forger(project: ServedProject, good: Path, tmp_path: Path) -> Forger:
    other = project.bundles.directory(next(d for d in project.bundles.digests() if d != good.name))
    stranger = KeyRing(tmp_path / "stranger")
    return Forger(good, other, project.keys, stranger, Random(6))


def test_a_thousand_bad_bundles(
    project: ServedProject,
    trees: Bundle,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    # Given a service of one process that is asked all the time
    deployed, second = project.publish(trees), project.publish(replace(trees, run_id="e" * 32))
    project.deploy(second)
    points_to_second = (project.root / "bundles" / "current.json").read_bytes()
    project.deploy(deployed)
    with (
        ServiceProcess(project.file, tmp_path / "service.log") as service,
        Calm(service.url, trees.golden[0].values, project.told, threads=1) as load,
    ):
        load.wait_for(deployed[0])
        # When bad bundles come by the registry, and are put in place past the sync process
        _by_registry(project, deployed[0], tmp_path)
        _by_hand(project, second[0], points_to_second, service)
        # Then the one that was proved goes on answering, and none of the others ever did
        load.wait_for(deployed[0])
        assert service.get("/version")["model"]["bundle"] == deployed[0]
    assert load.wrong == []
    assert set(load.answers) == {deployed[0]}
    kinds = f"{COUNT} of {len(KINDS)} kinds by the registry, {len(KINDS | DEADLY)} put in place"
    said = f"{kinds}, each refused; {load.answers.total()} answers meanwhile, 0 wrong, 0 deaths"
    record_property("guarantee", f"bad-bundles: {said}")


def _by_registry(project: ServedProject, deployed: str, tmp_path: Path) -> None:
    """Register one bad version after another; each is refused, and why is kept."""
    forger = _forger(project, project.bundles.directory(deployed), tmp_path)
    registry, memory = HandingRegistry(tmp_path / "registry"), MemorySync()
    syncer = replace(_syncer(project, registry, NoChild()), memory=memory)
    before, seen = set(project.bundles.digests()), Counter[str]()
    for number in range(1, COUNT + 1):
        kind, version = list(KINDS)[number % len(KINDS)], str(number)
        forger.make(kind, registry.files(version) / "bundle")
        registry.candidates[version] = Candidate(version)
        registry.points_to = version
        report = syncer.look()
        assert (report.ok, report.version, memory.report) == (False, version, report), kind
        assert report.code
        assert report.cause
        seen[kind] += 1
    assert (set(seen), seen.total()) == (set(KINDS), COUNT)
    assert set(project.bundles.digests()) == before


def _by_hand(
    project: ServedProject, named: str, points_to_it: bytes, service: ServiceProcess
) -> None:
    """Exchange a bundle by bad ones, say that it is deployed, and let the service look."""
    place, aside = project.bundles.directory(named), project.root.parent
    forger = _forger(project, place, aside)
    forger = replace(forger, good=Path(shutil.copytree(place, aside / "good")))
    for kind in KINDS | DEADLY:
        made = forger.make(kind, aside / kind)
        shutil.rmtree(place)
        made.rename(place)  # whole at once: it must never be seen before it is bad
        (project.root / "bundles" / "current.json").write_bytes(points_to_it)
        refused = _reload(service.url)["refused"]
        assert refused["bundle"] == named, kind
        assert refused["code"].startswith("bundle-"), (kind, refused)


def _reload(url: str) -> Any:
    """Let a service look at once; where it starts a child, a busy machine takes its time."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=120)
    connection.request("POST", "/admin/reload", b"{}", {"Content-Type": "application/json"})
    answer = json.load(connection.getresponse())
    connection.close()
    return answer


def test_signed_and_deadly(project: ServedProject, trees: Bundle, tmp_path: Path) -> None:
    # Given bundles under a good signature whose model kills who parses it, lies, or is slow
    deployed = project.publish(trees)
    project.publish(replace(trees, run_id="e" * 32))
    project.deploy(deployed)
    forger = _forger(project, project.bundles.directory(deployed[0]), tmp_path)
    registry = FolderRegistry(tmp_path / "registry")
    found = {}
    for number, kind in enumerate(DEADLY, start=1):
        forger.make(kind, registry.files(str(number)) / "bundle")
        registry.candidates[str(number)] = Candidate(str(number))
        registry.points_to = str(number)
        found[kind] = _syncer(project, registry, CanaryProver()).look().code
    slow = CanaryProver(0.5, (sys.executable, "-c", "import time; time.sleep(60)"))
    shutil.copytree(forger.good, registry.files("9") / "bundle")
    registry.candidates["9"], registry.points_to = Candidate("9"), "9"
    found["slow"] = _syncer(project, registry, slow).look().code
    # Then the child finds out, this process lives, and the old bundle stays
    assert found.pop("crashing model") in {"bundle-canary-died", "bundle-model"}
    assert found == {"other answers": "bundle-golden-mismatch", "slow": "bundle-canary-timeout"}
    assert project.bundles.current().bundle == deployed[0]
