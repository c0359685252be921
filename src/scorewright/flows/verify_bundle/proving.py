"""Look at a bundle, prove it, and load it, in the order of trust."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scorewright.core.bundles import Manifest
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.scoring import Scorer, check_golden
from scorewright.flows.ports import (
    BundleStore,
    Current,
    LearnerCatalogue,
    LoadedBundle,
    Proof,
    Prover,
)
from scorewright.flows.verify_bundle.policies import read_own
from scorewright.flows.verify_bundle.report import BundleReport

__all__ = ["deployed", "inspect_bundle", "load_bundle", "prove_bundle", "verify_bundle"]


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
    policy = read_own(store, manifest, bundle, Path(current.policy_file)) if current else None
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
    check_golden(Scorer.of(bundle, model), bundle.golden)
    return LoadedBundle(manifest, bundle, model)


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


def deployed(store: BundleStore) -> Current | None:
    """Return what is deployed, or None while nothing is."""
    try:
        return store.current()
    except UsageError:
        return None


def _current(store: BundleStore, manifest: Manifest) -> Current | None:
    """Return what is deployed, if it is this bundle."""
    current = deployed(store)
    return current if current is not None and current.bundle == manifest.digest else None
