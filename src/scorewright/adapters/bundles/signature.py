"""A detached signature as a small JSON file."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import msgspec

from scorewright.core.digests import canonical_json

__all__ = ["ALGORITHM", "Signature"]

ALGORITHM = "ed25519"


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    key_id: str
    algorithm: str
    signature: str


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, and the 64 bytes that prove it."""

    key_id: str
    value: bytes

    def to_bytes(self) -> bytes:
        """Return the JSON form."""
        document = {
            "key_id": self.key_id,
            "algorithm": ALGORITHM,
            "signature": base64.b64encode(self.value).decode("ascii"),
        }
        return canonical_json(document) + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> Signature:
        """Read the JSON form.

        Raises:
            ValueError: It is not a signature of a known kind.
        """
        try:
            document = msgspec.json.decode(data, type=_Document, strict=True)
            if document.algorithm != ALGORITHM:
                raise ValueError("unknown algorithm")
            signature = cls(document.key_id, base64.b64decode(document.signature, validate=True))
        except (
            msgspec.DecodeError,
            UnicodeDecodeError,
            RecursionError,
            binascii.Error,
        ) as error:
            raise ValueError("not a signature document") from error
        if signature.to_bytes() != data:
            raise ValueError("not a signature document in its one form")
        return signature
