"""Signed policies: a JSON document and, beside it, its signature."""

from __future__ import annotations

from pathlib import Path

from scorewright.adapters.bundles.keys import KeyRing
from scorewright.adapters.bundles.signature import Signature
from scorewright.adapters.guarded import NotRegularError, read_regular
from scorewright.core.decision import Policy
from scorewright.core.errors import IntegrityError, UsageError

__all__ = ["read_draft_policy", "read_signed_policy", "signature_path"]

MAX_POLICY = 1_000_000
MAX_SIGNATURE = 4_096


def signature_path(policy: Path) -> Path:
    """Return where the signature of a policy file lies: ``.json`` becomes ``.sig``."""
    return policy.with_suffix(".sig")


def read_signed_policy(path: Path, keys: KeyRing) -> Policy:
    """Read a policy whose bytes a trusted key signed.

    Raises:
        UsageError: ``policy-missing``.
        IntegrityError: ``policy-unsigned``, ``policy-signature``, ``policy-untrusted-key``,
            ``policy-revoked-key``, ``policy-invalid``.
    """
    data = _bytes(path)
    try:
        signature = Signature.from_bytes(read_regular(signature_path(path), MAX_SIGNATURE))
    except (OSError, OverflowError) as error:
        raise _refused("policy-unsigned", "its signature is missing or unreadable") from error
    except ValueError as error:
        raise _refused("policy-signature", f"its signature is {error}") from error
    keys.check(data, signature, "policy")
    return _parsed(data)


def read_draft_policy(path: Path) -> Policy:
    """Read a policy without a signature, to be looked at and not to decide.

    Raises:
        UsageError: ``policy-missing``.
        IntegrityError: ``policy-invalid``.
    """
    return _parsed(_bytes(path))


def _bytes(path: Path) -> bytes:
    try:
        return read_regular(path, MAX_POLICY)
    except FileNotFoundError as error:
        raise UsageError(
            f"There is no policy {path}.",
            remedy="Name a policy of the bundle store, or train to make one.",
            code="policy-missing",
        ) from error
    except (NotRegularError, OverflowError, OSError) as error:
        raise _refused("policy-invalid", f"{path.name} is not a plain small file") from error


def _parsed(data: bytes) -> Policy:
    try:
        return Policy.from_bytes(data)
    except RecursionError as error:
        raise _refused("policy-invalid", "it is nested too deeply") from error


def _refused(code: str, why: str) -> IntegrityError:
    return IntegrityError(
        f"The policy is refused: {why}.",
        remedy="Get the policy again from where it was made, or train again; do not edit it.",
        code=code,
    )
