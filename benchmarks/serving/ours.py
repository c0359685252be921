"""Our own service on the reference model, in projects of their own, and bundles to swap."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from tests.fakes.policies import policy_of

from benchmarks.reference_model import Reference
from benchmarks.serving.client import Load, Server, free_port
from benchmarks.serving.process import surroundings
from scorewright.adapters.accelerators import Accelerators, Libraries, ProofFiles
from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.adapters.learners import Learners
from scorewright.core.bundles import Bundle, GoldenRow
from scorewright.core.calibration import Calibration, Platt
from scorewright.core.contracts import check_row
from scorewright.core.scoring import Scorer
from scorewright.flows.ports import FittedModel
from scorewright.wiring import project as opened

__all__ = [
    "EXPLAINED", "Engine", "Swapping", "loads", "models", "project", "server", "swapping",
]  # fmt: skip

Engine = Literal["lightgbm", "auto", "compiled"]
#: Added to the name of a server that is asked for them.
EXPLAINED = " + reasons"


def models(made: Reference) -> tuple[Bundle, FittedModel, FittedModel]:
    """Return the bundle, its model, and the fastest proved engine for it."""
    bundle = made.store().read(made.directory)
    native = Learners().get(bundle.learner).load(bundle.model_files, bundle.space)
    chosen = Accelerators("fast", ProofFiles(_proofs(made)), Libraries(None)).choose(bundle, native)
    print(f"engine: {chosen.engine}, {chosen.reason}")
    return bundle, native, chosen.model


def loads(made: Reference) -> list[Load]:
    """Return what our service is asked: decisions alone, and with reasons."""
    bundle = made.store().read(made.directory)
    model = Learners().get(bundle.learner).load(bundle.model_files, bundle.space)
    scorer = Scorer.of(bundle, model)
    pds = [scorer.score_row(check_row(bundle.contract, row).values) for row in made.requests]
    bodies = [json.dumps({"features": values}).encode() for values in made.requests]
    return [
        Load(name, path, bodies, pds, lambda answer: float(answer["pd"]))
        for name, path in (("", "/predict"), (EXPLAINED, "/predict?reasons=true"))
    ]


def server(settings: Path, asked: list[Load]) -> Server:
    """Return the service of a project, as its user starts it."""
    port = free_port()
    command = [
        sys.executable, "-m", "scorewright", "--config", str(settings),
        "serve", "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    return Server(command, surroundings(Path(sys.executable)), asked, port)


@contextmanager
def project(made: Reference, policy: str, engine: Engine) -> Iterator[Path]:
    """Yield settings of a project that shares the reference model and has a log of its own.

    Args:
        made: The reference model.
        policy: Of the decision log.
        engine: ``auto`` takes the fastest one that was proved; ``compiled`` compiles it first.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "bundles").symlink_to(made.root / "bundles")
        (root / ".scorewright").mkdir()
        (root / ".scorewright" / "keys").symlink_to(made.root / ".scorewright" / "keys")
        (root / ".scorewright" / "engines").symlink_to(_proofs(made))
        settings = _settings(made, root, f'engine = "{engine}"\n\n[serve.log]\npolicy = "{policy}"')
        if engine == "compiled":
            proved = opened(settings).serving.prove_engine("current")
            print(f"engine: {proved['engine']}, {proved['reason']}", flush=True)
        yield settings


class Swapping:
    """A project with two bundles that are deployed in turn.

    Attributes:
        settings: Its settings.
        deployed: Digest of the bundle that is to answer.
    """

    def __init__(self, made: Reference, root: Path) -> None:
        keys = root / ".scorewright" / "keys"
        keys.parent.mkdir()
        keys.symlink_to(made.root / ".scorewright" / "keys")
        self._bundles = DiskBundles(root / "bundles", KeyRing(keys))
        bundle = made.store().read(made.directory)
        self._pair = [self._publish(one) for one in (bundle, _other(bundle))]
        self.settings = _settings(made, root, "poll_seconds = 0.1")
        self.deployed = ""
        self.swap()

    def swap(self) -> None:
        """Deploy the other one."""
        self._pair.reverse()
        self._bundles.activate(*self._pair[0], datetime.now(UTC))
        self.deployed = self._pair[0][0]

    def _publish(self, bundle: Bundle) -> tuple[str, str]:
        digest = self._bundles.publish(bundle).name
        _, file = self._bundles.publish_policy(policy_of(bundle, version=0))
        return digest, file.name


@contextmanager
def swapping(made: Reference) -> Iterator[Swapping]:
    """Yield a project whose bundles can be swapped."""
    with tempfile.TemporaryDirectory() as folder:
        yield Swapping(made, Path(folder))


def _settings(made: Reference, root: Path, serve: str) -> Path:
    file = root / "scorewright.toml"
    text = made.settings.read_text(encoding="utf-8")
    file.write_text(f"{text}\n[serve]\n{serve}\n", encoding="utf-8")
    return file


def _proofs(made: Reference) -> Path:
    folder = made.root / ".scorewright" / "engines"
    folder.mkdir(exist_ok=True)
    return folder


def _other(bundle: Bundle) -> Bundle:
    """Return a bundle with the same trees and another calibration."""
    calibration = Calibration(1.0, Platt(intercept=-0.1, slope=0.9))
    model = Learners().get(bundle.learner).load(bundle.model_files, bundle.space)
    scorer = Scorer(model, bundle.space, calibration, bundle.contract)
    golden = tuple(GoldenRow(row.values, scorer.score_row(row.values)) for row in bundle.golden)
    return replace(bundle, calibration=calibration, golden=golden)
