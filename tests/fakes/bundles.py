"""A bundle store and a prover in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from scorewright.core.bundles import Bundle, Manifest
from scorewright.core.decision import Policy
from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError
from scorewright.core.scoring import Scorer, check_golden
from scorewright.flows.ports import Current, LearnerCatalogue, Proof

ROOT = Path("/bundles")


@dataclass
class MemoryBundles:
    """A `BundleStore` that keeps the bytes a disk would keep."""

    journal: list[str]
    files: dict[str, tuple[Manifest, dict[str, bytes]]] = field(default_factory=dict)
    policy_files: dict[str, bytes] = field(default_factory=dict)
    active: Current | None = None
    before: Current | None = None
    trouble: ScorewrightError | None = None

    def publish(self, bundle: Bundle) -> Path:
        manifest = bundle.manifest()
        self.files[manifest.digest] = (manifest, bundle.files())
        self.journal.append("bundle published")
        return ROOT / manifest.digest

    def check_ready(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def publish_policy(self, policy: Policy) -> tuple[Policy, Path]:
        numbered = replace(policy, version=policy.version or len(self.policy_files) + 1)
        name = f"{numbered.bundle}.policy-{numbered.version:04d}.json"
        self.policy_files[name] = numbered.to_bytes()
        self.journal.append("policy published")
        return numbered, ROOT / name

    def policies(self, bundle_digest: str) -> Sequence[str]:
        return sorted(name for name in self.policy_files if name.startswith(bundle_digest))

    def activate(self, bundle_digest: str, policy_file: str, now: datetime) -> Current:
        self.before, self.active = self.active, Current(bundle_digest, policy_file, now)
        self.journal.append("activated")
        return self.active

    def current(self) -> Current:
        if self.active is None:
            raise UsageError("nothing", remedy="train", code="no-bundle")
        return self.active

    def previous(self) -> Current | None:
        return self.before

    def directory(self, reference: str) -> Path:
        return ROOT / (self.current().bundle if reference == "current" else reference)

    def verify(self, directory: Path) -> Manifest:
        self.journal.append("bundle verified")
        return self.files[directory.name][0]

    def read(self, directory: Path) -> Bundle:
        return Bundle.from_files(*self.files[directory.name])

    def load(self, directory: Path) -> tuple[Manifest, Bundle]:
        return self.verify(directory), self.read(directory)

    def read_policy(self, file: Path) -> Policy:
        return Policy.from_bytes(self.policy_files[file.name])

    def read_draft(self, file: Path) -> Policy:
        return self.read_policy(file)

    def digests(self) -> Iterator[str]:
        return reversed(self.files)


@dataclass
class GoldenProver:
    """A `Prover` that reads the bundle's bytes back and compares its golden rows."""

    bundles: MemoryBundles
    learners: LearnerCatalogue

    def prove(self, directory: Path) -> Proof:
        bundle = self.bundles.read(directory)
        model = self.learners.get(bundle.learner).load(bundle.model_files, bundle.space)
        scorer = Scorer.of(bundle, model)
        difference = check_golden(scorer, bundle.golden)
        self.bundles.journal.append("bundle proved")
        return Proof(directory.name, len(bundle.golden), difference, 0.1)


class RefusingProver:
    """A `Prover` whose child always dies."""

    def prove(self, directory: Path) -> Proof:
        raise IntegrityError("died", remedy="r", code="bundle-canary-died")


class OtherBundlesProver:
    """A `Prover` whose child found another bundle in the directory."""

    def prove(self, directory: Path) -> Proof:
        return Proof("0" * len(directory.name), 20, 0.0, 0.1)
