"""Whether a policy belongs to a bundle, and holds now."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from scorewright.core.bundles import Bundle, Manifest
from scorewright.core.decision import Policy
from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.flows.ports import BundleStore

__all__ = ["read_own", "refuse_not_in_force", "refuse_other_model"]


def read_own(store: BundleStore, manifest: Manifest, bundle: Bundle, file: Path) -> Policy:
    """Read a policy of a bundle.

    Args:
        store: Where both lie.
        manifest: Of the bundle.
        bundle: The bundle.
        file: The policy.

    Raises:
        UsageError: ``policy-missing``.
        IntegrityError: Those of `BundleStore.read_policy`, and ``policy-other-model``.
    """
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
