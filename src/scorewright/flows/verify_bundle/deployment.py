"""Bundle, policy and scorer that belong together, to answer with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from scorewright.core.bundles import Manifest
from scorewright.core.decision import Policy
from scorewright.core.digests import short
from scorewright.core.errors import UsageError
from scorewright.core.scoring import Scorer
from scorewright.flows.ports import (
    BundleStore,
    Current,
    LearnerCatalogue,
    LoadedBundle,
    Prover,
)
from scorewright.flows.verify_bundle.policies import (
    read_own,
    refuse_not_in_force,
    refuse_other_model,
)
from scorewright.flows.verify_bundle.proving import deployed, load_bundle

__all__ = ["Deployment", "load_for_serving", "load_with_policy"]


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
    current = store.current() if reference == "current" else deployed(store)
    meant = current.bundle if current and reference == "current" else reference
    loaded = load_bundle(store, prover, learners, meant)
    if current is not None and current.bundle != loaded.manifest.digest:
        current = None
    file = policy_file or _own_policy(store, current, loaded.manifest)
    policy = read_own(store, loaded.manifest, loaded.bundle, file)
    refuse_not_in_force(policy, now)
    return Deployment(loaded, policy, _scorer(loaded), current.since if current else None)


def load_with_policy(
    store: BundleStore, prover: Prover, learners: LearnerCatalogue, digest: str, policy: str
) -> Deployment:
    """Load a proved bundle with one of its policies, whether that is in force or not.

    Args:
        store: The bundles.
        prover: Parses the model first, in a child.
        learners: Parse the native files here.
        digest: Of the bundle.
        policy: ``ID@VERSION``.

    Raises:
        UsageError: As `load_bundle`, and ``policy-missing``.
        IntegrityError: As `load_for_serving`.
    """
    for file in reversed(store.policies(digest)):
        found = store.read_policy(Path(file))
        if f"{found.id}@{found.version}" == policy:
            loaded = load_bundle(store, prover, learners, digest)
            refuse_other_model(found, loaded.manifest, loaded.bundle)
            return Deployment(loaded, found, _scorer(loaded), None)
    raise UsageError(
        f"The policy {policy} of the bundle {short(digest)} is not in the store.",
        remedy="Restore its file from a backup of the bundles.",
        code="policy-missing",
    )


def _scorer(loaded: LoadedBundle) -> Scorer:
    return Scorer.of(loaded.bundle, loaded.model)


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
