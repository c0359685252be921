"""Canonical JSON and SHA-256: the same value gives the same bytes and the same digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["canonical_json", "digest_of_files", "refuse_other_version", "sha256_hex", "short"]


def canonical_json(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Serialise a JSON value to one fixed sequence of bytes.

    Keys are sorted, there is no white space, text is UTF-8, floats are Python's shortest
    round-trip form.

    Args:
        value: Dicts, lists, strings, finite numbers, booleans and None.

    Returns:
        UTF-8 bytes.

    Raises:
        ValueError: NaN or infinity anywhere in the value.
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8")


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of ``data`` as 64 lower-case hexadecimal characters."""
    return hashlib.sha256(data).hexdigest()


def digest_of_files(files: Mapping[str, bytes]) -> str:
    """Digest a set of named files: SHA-256 over the canonical list of (name, sha256)."""
    listing = {name: sha256_hex(data) for name, data in files.items()}
    return sha256_hex(canonical_json(listing))


def refuse_other_version(found: int, expected: int = 1) -> None:
    """Refuse a saved document of another schema version.

    Raises:
        ValueError: It was written by another release.
    """
    if found != expected:
        raise ValueError(f"schema version {found}, this release reads {expected}")


def short(digest: str) -> str:
    """First 12 characters of a digest, for people to read."""
    return digest[:12]
