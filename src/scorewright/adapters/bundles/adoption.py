"""Taking in what was signed elsewhere: the bytes that are kept are those that were verified."""

from __future__ import annotations

from pathlib import Path

from scorewright.adapters.bundles.keys import KeyRing
from scorewright.adapters.bundles.pointer import POLICY_NAME
from scorewright.adapters.bundles.policies import MAX_POLICY, MAX_SIGNATURE, signature_path
from scorewright.adapters.bundles.signature import Signature
from scorewright.adapters.bundles.verification import (
    MANIFEST,
    SIGNATURE,
    check_files,
    check_manifest,
    refused,
)
from scorewright.adapters.guarded import read_regular, replace_file
from scorewright.core.bundles import Manifest
from scorewright.core.decision import Policy
from scorewright.core.errors import IntegrityError, UsageError

__all__ = ["place_policy", "signed_policy_bytes", "verified_bytes"]


def verified_bytes(directory: Path, keys: KeyRing) -> tuple[Manifest, dict[str, bytes]]:
    """Verify a bundle and return every byte of it, manifest and signature included.

    Raises:
        IntegrityError: Those of `check_manifest` and `check_files`.
    """
    manifest = check_manifest(directory, keys)
    files = check_files(directory, manifest, keep=True)
    data = manifest.to_bytes()
    try:
        signed = read_regular(directory / SIGNATURE, MAX_SIGNATURE)
        signature = Signature.from_bytes(signed)
    except (OSError, OverflowError, ValueError) as error:
        raise refused("bundle-unsigned", f"{SIGNATURE} was taken away meanwhile") from error
    keys.check(data, signature, "bundle")  # it may have been exchanged since it was checked
    return manifest, {**files, MANIFEST: data, SIGNATURE: signed}


def signed_policy_bytes(file: Path, digest: str, keys: KeyRing) -> tuple[bytes, bytes]:
    """Read a policy of a bundle and its signature, and check that they belong together.

    Raises:
        IntegrityError: ``policy-unsigned``, ``policy-signature``, ``policy-untrusted-key``,
            ``policy-revoked-key``, ``policy-invalid``, ``policy-other-model``.
    """
    try:
        data = read_regular(file, MAX_POLICY)
    except (OSError, OverflowError) as error:
        raise _refused("policy-invalid", f"{file.name[:100]} is not a plain small file") from error
    try:
        signed = read_regular(signature_path(file), MAX_SIGNATURE)
        signature = Signature.from_bytes(signed)
    except (OSError, OverflowError) as error:
        raise _refused("policy-unsigned", "its signature is missing or unreadable") from error
    except ValueError as error:
        raise _refused("policy-signature", f"its signature is {error}") from error
    keys.check(data, signature, "policy")
    try:
        policy = Policy.from_bytes(data)
    except RecursionError as error:
        raise _refused("policy-invalid", "it is nested too deeply") from error
    named = POLICY_NAME.fullmatch(file.name)
    if named is None or int(named["version"]) != policy.version:
        raise _refused("policy-invalid", f"its file is called {file.name[:100]!r}")
    if named["bundle"] != digest or policy.bundle != digest:
        raise _refused("policy-other-model", "it was made for another bundle")
    return data, signed


def place_policy(target: Path, data: bytes, signature: bytes) -> None:
    """Write a policy with its signature; what is there already is kept.

    Raises:
        UsageError: ``policy-exists``: another policy has that name.
        OSError: It cannot be written.
    """
    try:
        known = read_regular(target, MAX_POLICY)
    except FileNotFoundError:
        known = data
        # The signature first: a policy that can be seen is a policy that can be checked.
        replace_file(signature_path(target), signature)
        replace_file(target, data)
    except OverflowError:
        known = b""
    if known != data:
        raise UsageError(
            f"Another policy lies here as {target.name}.",
            remedy="Policies are never changed: give the new one the next version where it is "
            "made, and register it again.",
            code="policy-exists",
        )


def _refused(code: str, why: str) -> IntegrityError:
    return IntegrityError(
        f"The policy is refused: {why}.",
        remedy="Register the bundle with its policies again where they were made.",
        code=code,
    )
