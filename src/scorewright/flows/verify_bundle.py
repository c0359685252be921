"""Verify a bundle, and load one for serving: nothing answers before it has been proved.

The order is that of trust: signature, list of files and digests; the model parsed in a child
that may die; parsed here, from the bytes that were hashed; the golden rows once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from scorewright.core.bundles import Bundle, Manifest
from scorewright.core.decision import Policy
from scorewright.core.digests import short
from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError
from scorewright.core.scoring import Scorer, check_golden
from scorewright.flows.ports import (
    BundleStore,
    Current,
    LearnerCatalogue,
    LoadedBundle,
    Proof,
    Prover,
)

__all__ = [
    "BundleReport",
    "Deployment",
    "inspect_bundle",
    "load_bundle",
    "load_for_serving",
    "prove_bundle",
    "refuse_not_in_force",
    "refuse_other_model",
    "verify_bundle",
]


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
            "policy": self.policy.to_dict() if self.policy else None,
            "since": self.since.isoformat() if self.since else None,
        }


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything a service needs to answer. Bundle, policy and scorer belong together.

    Attributes:
        loaded: The proved bundle.
        policy: The decision rule, made for this model.
        scorer: The model with its encoding and calibration.
        since: When it was deployed; None for a bundle that is not the deployed one.
    """

    loaded: LoadedBundle
    policy: Policy
    scorer: Scorer
    since: datetime | None


def inspect_bundle(store: BundleStore, reference: str) -> BundleReport:
    """Verify signature and digests of a bundle and tell what it is; no model is parsed.

    Args:
        store: The bundles.
        reference: ``current``, a digest, the beginning of one, or a path.

    Raises:
        UsageError: ``bundle-unknown``, ``bundle-ambiguous``, ``no-bundle``.
        IntegrityError: Any of `BundleStore.verify`, and ``policy-...`` for the deployed one's.
    """
    directory = store.directory(reference)
    manifest, bundle = store.load(directory)
    current = _current(store, manifest)
    policy = _policy(store, manifest, bundle, Path(current.policy_file)) if current else None
    return BundleReport(
        directory=directory,
        manifest=manifest,
        metrics=bundle.metrics,
        features=bundle.space.names,
        policy=policy,
        since=current.since if current else None,
        feature_plan=None if bundle.features is None else bundle.features.digest,
        histories=() if bundle.features is None else bundle.features.tables,
    )


def verify_bundle(store: BundleStore, prover: Prover, reference: str) -> BundleReport:
    """Prove a bundle: signature, digests, and its answers in a disposable child.

    Args:
        store: The bundles.
        prover: Runs the child.
        reference: ``current``, a digest, the beginning of one, or a path.

    Raises:
        UsageError: As `inspect_bundle`.
        IntegrityError: As `inspect_bundle`, and ``bundle-canary-died``,
            ``bundle-canary-timeout``, ``bundle-golden-mismatch``, ``bundle-golden-missing``,
            ``bundle-digest`` when the directory was exchanged meanwhile.
    """
    report = inspect_bundle(store, reference)
    proof = prove_bundle(prover, report.directory, report.manifest)
    return replace(report, proof=proof)


def load_bundle(
    store: BundleStore, prover: Prover, learners: LearnerCatalogue, reference: str
) -> LoadedBundle:
    """Load a bundle that was proved, in the order of trust.

    Args:
        store: The bundles.
        prover: Parses the model first, in a child.
        learners: Parse the native files here.
        reference: ``current``, a digest, the beginning of one, or a path.

    Raises:
        UsageError: As `inspect_bundle`, and ``learner-unknown``.
        IntegrityError: As `verify_bundle`, and ``bundle-model``.
    """
    directory = store.directory(reference)
    manifest, bundle = store.load(directory)
    prove_bundle(prover, directory, manifest)
    model = learners.get(bundle.learner).load(bundle.model_files, bundle.space)
    loaded = LoadedBundle(manifest, bundle, model)
    check_golden(_scorer(loaded), bundle.golden)
    return loaded


def load_for_serving(
    store: BundleStore,
    prover: Prover,
    learners: LearnerCatalogue,
    reference: str,
    *,
    now: datetime,
    policy_file: Path | None = None,
) -> Deployment:
    """Load a proved bundle with a policy that was made for it and is in force.

    Args:
        store: The bundles.
        prover: Parses the model first, in a child.
        learners: Parse the native files here.
        reference: ``current``, a digest, the beginning of one, or a path.
        now: Aware; the policy has to be in force at this moment.
        policy_file: A policy; without it the deployed one, if the bundle is the deployed one,
            otherwise the newest of the bundle's policies in the store.

    Raises:
        UsageError: As `load_bundle`, and ``policy-missing`` when there is no policy to decide by.
        IntegrityError: As `load_bundle`, ``policy-unsigned``, ``policy-signature``,
            ``policy-untrusted-key``, ``policy-revoked-key``, ``policy-invalid``,
            ``policy-other-model``.
        ScorewrightError: ``policy-not-in-force``.
    """
    # Read once, before the bundle: a deployment meanwhile cannot mix two bundles' documents.
    current = store.current() if reference == "current" else _deployed(store)
    meant = current.bundle if current and reference == "current" else reference
    loaded = load_bundle(store, prover, learners, meant)
    if current is not None and current.bundle != loaded.manifest.digest:
        current = None
    file = policy_file or _own_policy(store, current, loaded.manifest)
    policy = _policy(store, loaded.manifest, loaded.bundle, file)
    refuse_not_in_force(policy, now)
    return Deployment(loaded, policy, _scorer(loaded), current.since if current else None)


def _own_policy(store: BundleStore, current: Current | None, manifest: Manifest) -> Path:
    """Choose the deployed policy, or the newest of a bundle that is not deployed."""
    if current is not None:
        return Path(current.policy_file)
    policies = store.policies(manifest.digest)
    if not policies:
        raise UsageError(
            f"The bundle {short(manifest.digest)} has no policy in the store, so nothing says "
            "what it decides.",
            remedy="Run 'scorewright train': it makes a bundle and its policy.",
            code="policy-missing",
        )
    return Path(policies[-1])


def refuse_not_in_force(policy: Policy, now: datetime) -> None:
    """Refuse a policy before its first and from its last moment on.

    Args:
        policy: The policy.
        now: Aware.

    Raises:
        ScorewrightError: ``policy-not-in-force``, with the dates.
        IntegrityError: ``policy-invalid``: dates that are none.
    """
    begins = _moment(policy, policy.effective_from)
    ends = None if policy.effective_to is None else _moment(policy, policy.effective_to)
    if now < begins or (ends is not None and now >= ends):
        until = "without an end" if ends is None else f"until {ends.isoformat()}"
        raise ScorewrightError(
            f"The policy {policy.id} version {policy.version} is in force from "
            f"{begins.isoformat()} {until}, and it is now {now.isoformat()}.",
            remedy="Put one in force that holds now: 'scorewright policy history' lists them, "
            "'scorewright policy activate' changes it. If the time is wrong, correct the clock.",
            code="policy-not-in-force",
        )


def _moment(policy: Policy, text: str) -> datetime:
    """Read a date and time with its zone; without one nobody knows which moment is meant."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise _malformed(policy, text) from error
    if moment.tzinfo is None:
        raise _malformed(policy, text)
    return moment


def _malformed(policy: Policy, text: str) -> IntegrityError:
    return IntegrityError(
        f"The policy {policy.id} version {policy.version} has a date that is no ISO 8601 date "
        f"and time with a time zone: {str(text)[:100]!r}.",
        remedy="Train again or restore the policy file; do not edit it.",
        code="policy-invalid",
    )


def prove_bundle(prover: Prover, directory: Path, manifest: Manifest) -> Proof:
    """Prove a verified bundle in a child, and that the child read the same bundle.

    Args:
        prover: Runs the child.
        directory: The bundle.
        manifest: As it was verified here.

    Raises:
        IntegrityError: Those of `Prover.prove`, and ``bundle-digest`` when the child read
            another manifest.
    """
    proof = prover.prove(directory)
    if proof.bundle != manifest.digest:
        raise IntegrityError(
            "The bundle was exchanged for another while it was being proved.",
            remedy="Try again; bundles are never changed in place.",
            code="bundle-digest",
        )
    return proof


def _scorer(loaded: LoadedBundle) -> Scorer:
    return Scorer.of(loaded.bundle, loaded.model)


def _deployed(store: BundleStore) -> Current | None:
    """Return what is deployed, or None while nothing is."""
    try:
        return store.current()
    except UsageError:
        return None


def _current(store: BundleStore, manifest: Manifest) -> Current | None:
    """Return what is deployed, if it is this bundle."""
    current = _deployed(store)
    return current if current is not None and current.bundle == manifest.digest else None


def _policy(store: BundleStore, manifest: Manifest, bundle: Bundle, file: Path) -> Policy:
    policy = store.read_policy(file)
    refuse_other_model(policy, manifest, bundle)
    return policy


def refuse_other_model(policy: Policy, manifest: Manifest, bundle: Bundle) -> None:
    """Refuse a policy that was not made for this very bundle.

    Args:
        policy: The policy.
        manifest: Of the bundle.
        bundle: The bundle.

    Raises:
        IntegrityError: ``policy-other-model``: model, bundle or calibration are another's.
    """
    pairs = (
        ("model", policy.model_digest, manifest.model_digest),
        ("calibration", policy.calibration_digest, bundle.calibration.digest),
        ("bundle", policy.bundle, manifest.digest),
    )
    for what, theirs, ours in pairs:
        if theirs != ours:
            raise IntegrityError(
                f"The policy {policy.id} version {policy.version} was made for another {what}.",
                remedy="Use the policy that was made with this bundle, or fit one for it: "
                "'scorewright policy fit'.",
                code="policy-other-model",
                details={"differs": what},
            )
