"""A store with a logged bundle, and the store of another machine that trusts its key."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.fakes.logged import log_bundle

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.adapters.registry import MlflowRegistrar, MlflowRegistry
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy

DATABASE = Path("mlruns") / "mlflow.db"


@dataclass
class Registered:
    """What a test works with."""

    root: Path
    uri: str
    made: DiskBundles
    shelf: DiskBundles
    bundle: Bundle
    policy: Path
    registry: MlflowRegistry
    registrar: MlflowRegistrar

    @property
    def digest(self) -> str:
        return self.bundle.manifest().digest


@dataclass(frozen=True)
class Machine:
    """The machine that trained: its folder, a copy of that, and what it logged."""

    root: Path
    kept: Path
    bundle: Bundle
    policy: Path

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.root / DATABASE}"

    def restore(self) -> None:
        """Make the folder what it was when the bundle had been logged.

        The database is written into the file that is there: MLflow keeps it open for good.
        """
        for found in (*self.root.glob("*"), *self.root.glob("mlruns/*")):
            if found.is_dir() and found.name != "mlruns":
                shutil.rmtree(found)
        ignored = shutil.ignore_patterns(f"{DATABASE.name}*")
        shutil.copytree(self.kept, self.root, ignore=ignored, dirs_exist_ok=True)
        with (
            contextlib.closing(sqlite3.connect(self.kept / DATABASE)) as kept,
            contextlib.closing(sqlite3.connect(self.root / DATABASE)) as used,
        ):
            kept.backup(used)


@pytest.fixture(scope="session")
def trained(
    tmp_path_factory: pytest.TempPathFactory,
    dummy_bundle: Bundle,
    policy_for: Callable[..., Policy],
) -> Machine:
    """A machine that logged a bundle: MLflow takes seconds for its tables, so once for all."""
    root, kept = tmp_path_factory.mktemp("trained"), tmp_path_factory.mktemp("kept")
    made = DiskBundles(root / "bundles", KeyRing(root / "keys"))
    uri = f"sqlite:///{root / DATABASE}"
    bundle, policy = log_bundle(uri, root / "mlruns", made, dummy_bundle, policy_for)
    shutil.copytree(root, kept, dirs_exist_ok=True)
    return Machine(root, kept, bundle, policy)


@pytest.fixture
def logged(trained: Machine, tmp_path: Path) -> Registered:
    trained.restore()
    keys = KeyRing(trained.root / "keys")
    return Registered(
        trained.root,
        trained.uri,
        DiskBundles(trained.root / "bundles", keys),
        DiskBundles(tmp_path / "shelf", keys),
        trained.bundle,
        trained.policy,
        MlflowRegistry(trained.uri),
        MlflowRegistrar(trained.uri),
    )
