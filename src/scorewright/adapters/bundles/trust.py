"""Which public keys may sign: the file ``trusted.json`` of a key ring."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scorewright.core.digests import canonical_json

__all__ = ["TrustedKey", "dump_trusted", "key_id_of", "parse_trusted", "raw_bytes"]


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key somebody decided to trust.

    Attributes:
        key_id: First 16 hexadecimal characters of the SHA-256 of the raw public key.
        public_key: The 32 raw bytes.
        added: ISO date of the decision.
        revoked: Nothing this key signed is accepted any more.
    """

    key_id: str
    public_key: bytes
    added: str
    revoked: bool = False

    def revoke(self) -> TrustedKey:
        """Return this key, revoked."""
        return replace(self, revoked=True)

    def verifier(self) -> Ed25519PublicKey:
        """Return the key as ``cryptography`` wants it."""
        return Ed25519PublicKey.from_public_bytes(self.public_key)


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    public_key: str
    added: str
    revoked: bool = False


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    schema_version: int
    keys: dict[str, _Entry]


def raw_bytes(key: Ed25519PublicKey) -> bytes:
    """Return the 32 raw bytes of a public key."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id_of(public_key: bytes) -> str:
    """Return the id of a raw public key."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def parse_trusted(data: bytes) -> dict[str, TrustedKey]:
    """Read ``trusted.json``.

    Raises:
        ValueError: It is not such a document, or an id does not belong to its key.
    """
    try:
        document = msgspec.json.decode(data, type=_Document, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if document.schema_version != 1:
        raise ValueError(f"schema version {document.schema_version}")
    keys = {}
    for key_id, entry in document.keys.items():
        try:
            public_key = base64.b64decode(entry.public_key, validate=True)
        except binascii.Error as error:
            raise ValueError(f"the key {key_id} is not base64") from error
        if key_id_of(public_key) != key_id:
            raise ValueError(f"the id {key_id} does not belong to its key")
        key = TrustedKey(key_id, public_key, entry.added, entry.revoked)
        key.verifier()  # refuses what is no Ed25519 key
        keys[key_id] = key
    return keys


def dump_trusted(keys: Mapping[str, TrustedKey]) -> bytes:
    """Write the form that `parse_trusted` reads."""
    entries = {
        key.key_id: {
            "public_key": base64.b64encode(key.public_key).decode("ascii"),
            "added": key.added,
            "revoked": key.revoked,
        }
        for key in keys.values()
    }
    return canonical_json({"schema_version": 1, "keys": entries}) + b"\n"
