"""A registry of folders, and the small parts a look at it needs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scorewright.core.bundles import Bundle, Manifest
from scorewright.core.decision import Policy
from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.flows.ports import BundleStore, Proof
from scorewright.flows.sync import Candidate, ModelAddress, Publication, SyncReport

ADDRESS = ModelAddress("demo", "champion")


@dataclass
class FolderRegistry:
    """Keeps the ports ``SyncRegistry`` and ``Registrar``: a version is a folder."""

    folder: Path
    candidates: dict[str, Candidate] = field(default_factory=dict)
    points_to: str | None = None
    trouble: ScorewrightError | None = None
    fetched: list[str] = field(default_factory=list)

    def add(self, bundle: Path, *policies: Path) -> str:
        """Make a version of a published bundle and its policies, and return it."""
        version = str(len(self.candidates) + 1)
        shutil.copytree(bundle, self.files(version) / "bundle", symlinks=True)
        self.candidates[version] = Candidate(version, bundle.name)
        self.add_policies(version, *policies)
        return version

    def add_policies(self, version: str, *policies: Path) -> None:
        folder = self.files(version) / "policies"
        folder.mkdir(exist_ok=True)
        for policy in policies:
            shutil.copy(policy, folder)
            shutil.copy(policy.with_suffix(".sig"), folder)
            old = self.candidates[version]
            self.candidates[version] = Candidate(version, old.bundle, policy.name)

    def files(self, version: str) -> Path:
        return self.folder / version

    def resolve(self, address: ModelAddress) -> Candidate:
        self._complain()
        if self.points_to is None:
            raise ScorewrightError("nothing", remedy="r", code="alias-missing")
        return self.candidates[self.points_to]

    def fetch(self, address: ModelAddress, candidate: Candidate, folder: Path) -> None:
        self._complain()
        self.fetched.append(candidate.version)
        shutil.copytree(self.files(candidate.version), folder, symlinks=True, dirs_exist_ok=True)

    def version_of(self, name: str, alias: str) -> str | None:
        self._complain()
        return self.points_to

    def refuse_names(self, publication: Publication, alias: str) -> None:
        """Take every name."""

    def publish(self, publication: Publication) -> str:
        signed = [path for path in publication.policies if path.suffix == ".json"]
        for version, candidate in self.candidates.items():
            if candidate.bundle == publication.bundle:
                self.add_policies(version, *signed)
                return version
        return self.add(signed[0].with_name(publication.bundle), *signed)

    def point(self, name: str, alias: str, version: str) -> None:
        self.points_to = version

    def _complain(self) -> None:
        if self.trouble is not None:
            raise self.trouble


@dataclass
class MemorySync:
    """A ``SyncMemory``."""

    report: SyncReport | None = None

    def read(self) -> SyncReport | None:
        return self.report

    def write(self, report: SyncReport) -> None:
        self.report = SyncReport.from_dict(report.to_dict())


@dataclass
class MovedClock:
    """A `Clock` that is moved by hand."""

    at: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)
    seconds: float = 0.0

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.seconds += seconds

    def now(self) -> datetime:
        return self.at

    def elapsed(self) -> float:
        return self.seconds


@dataclass
class TrustingProver:
    """A `Prover` that believes, until it is told to refuse."""

    trouble: IntegrityError | None = None
    proved: list[str] = field(default_factory=list)

    def prove(self, directory: Path) -> Proof:
        if self.trouble is not None:
            raise self.trouble
        digest = Manifest.from_bytes((directory / "manifest.json").read_bytes()).digest
        self.proved.append(digest)
        return Proof(digest, 1, 0.0, 0.0)


def published(store: BundleStore, bundle: Bundle, policy: Policy) -> tuple[Path, Path]:
    """Publish a bundle with its policy; return directory and policy file."""
    return store.publish(bundle), store.publish_policy(policy)[1]
