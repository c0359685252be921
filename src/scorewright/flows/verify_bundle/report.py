"""What a bundle is, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from scorewright.core.bundles import Manifest
from scorewright.core.decision import Policy
from scorewright.core.digests import short
from scorewright.flows.ports import Proof

__all__ = ["BundleReport"]


@dataclass(frozen=True, slots=True)
class BundleReport:
    """What a bundle is, and whether it was proved.

    Attributes:
        directory: Where it lies.
        manifest: Its list of files and origin; signature and digests are verified.
        metrics: Headline figures of its validation.
        features: Names of the model's inputs in order.
        proof: Result of the child process; None when only inspected.
        policy: The deployed policy, when this bundle is the deployed one.
        since: When it was deployed.
        feature_plan: Digest of the feature plan; None for a model of the application alone.
        histories: The tables whose rows the features are computed of.
        engine: Which engine scores, and why; None where it was not asked.
    """

    directory: Path
    manifest: Manifest
    metrics: Mapping[str, float]
    features: tuple[str, ...]
    proof: Proof | None = None
    policy: Policy | None = None
    since: datetime | None = None
    feature_plan: str | None = None
    histories: tuple[str, ...] = ()
    engine: Mapping[str, Any] | None = None

    @property
    def digest(self) -> str:
        """The bundle's digest."""
        return self.manifest.digest

    def pairs(self) -> list[tuple[str, str]]:
        """Return names and values for people."""
        m = self.manifest
        rows = [
            ("bundle", self.digest),
            ("model", f"{m.name} (learner {m.learner})"),
            ("model digest", m.model_digest),
            ("run", m.run_id),
            ("data", m.data_version),
            ("made", m.created_at),
            ("features", str(len(self.features))),
            ("libraries", ", ".join(f"{k} {v}" for k, v in m.library_versions.items())),
            ("deployed", self.since.isoformat() if self.since else "no"),
        ]
        if self.feature_plan:
            rows.append(("feature plan", self.feature_plan))
            rows.append(("histories", ", ".join(self.histories) or "none"))
        if self.policy:
            rows.append(("policy", f"{self.policy.id} version {self.policy.version}"))
            rows.append(("threshold", f"{self.policy.threshold:.4f}"))
        return rows + [(name, f"{value:.4f}") for name, value in sorted(self.metrics.items())]

    def file_rows(self) -> list[tuple[str, str, str]]:
        """Return path, size and digest of each file for people."""
        return [(f.path, f"{f.size:,}", short(f.sha256)) for f in self.manifest.files]

    def proof_pairs(self) -> list[tuple[str, str]]:
        """Return what was proved, for people."""
        rows = [
            ("signature", "good, by a trusted key"),
            ("files", f"{len(self.manifest.files)}, each as signed"),
        ]
        if self.proof:
            rows.append(("golden rows", f"{self.proof.rows} agree"))
            rows.append(("largest difference", f"{self.proof.largest_difference:.3g}"))
            rows.append(("child process", f"{self.proof.seconds:.2f} s"))
        if self.policy:
            rows.append(("policy", f"{self.policy.id} version {self.policy.version}, signed"))
        if self.engine:
            rows.append(("engine", f"{self.engine['engine']}: {self.engine['reason']}"))
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``bundle inspect --json`` and ``bundle verify --json``."""
        return {
            "schema_version": 1,
            "bundle": self.digest,
            "directory": str(self.directory),
            "manifest": asdict(self.manifest),
            "features": list(self.features),
            "feature_plan": self.feature_plan,
            "histories": list(self.histories),
            "metrics": dict(self.metrics),
            "proof": asdict(self.proof) if self.proof else None,
            "engine": None if self.engine is None else dict(self.engine),
            "policy": self.policy.to_dict() if self.policy else None,
            "since": self.since.isoformat() if self.since else None,
        }
