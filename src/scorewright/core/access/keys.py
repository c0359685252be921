"""API keys and what they allow. A key itself is never kept, only what recognises it."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

__all__ = ["SCOPES", "TENANT", "ApiKey", "Caller", "Scope", "digest_of", "key_text", "split_key"]

Scope = Literal[
    "predict", "explain", "predict:batch", "logs:read", "outcomes:write", "state:read", "admin"
]
SCOPES: tuple[Scope, ...] = get_args(Scope)
#: Name of a tenant.
TENANT = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY = re.compile(r"sw_(?P<id>[0-9a-f]{16})_(?P<secret>[A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        id: Of the API key, or ``sub`` of the token; empty in development without a key.
        tenant: Whose decisions and batches it may see.
        scopes: What it may do.
    """

    id: str
    tenant: str
    scopes: frozenset[Scope]

    @classmethod
    def nobody(cls) -> Caller:
        """Return the caller of a development service that asks for no key: it may do all."""
        return cls("", "default", frozenset(SCOPES))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of an API key.

    Attributes:
        id: The part of the key that is no secret, for look-up and for people.
        digest: HMAC-SHA-256 of the secret part under the service's pepper, hexadecimal.
        name: Whose key it is.
        tenant: Whose decisions and batches it may see.
        scopes: What it may do.
        created, expires: ISO 8601 with a zone; ``expires`` None means never.
        revoked: When it was revoked; None while it holds.
        pepper: Id of the pepper the digest was made with.
    """

    id: str
    digest: str
    name: str
    tenant: str
    scopes: tuple[Scope, ...]
    created: str
    expires: str | None = None
    revoked: str | None = None
    pepper: str = ""

    def recognises(self, secret: str, pepper: bytes) -> bool:
        """Tell, in constant time, whether a secret is this key's."""
        return hmac.compare_digest(self.digest, digest_of(secret, pepper))

    def holds(self, now: datetime) -> bool:
        """Tell whether the key is neither revoked nor expired.

        Args:
            now: Aware.
        """
        expired = self.expires is not None and now >= datetime.fromisoformat(self.expires)
        return self.revoked is None and not expired


def key_text(key_id: str, secret: str) -> str:
    """Return the key as its owner gets it, once.

    Args:
        key_id: 16 hexadecimal characters.
        secret: 43 characters: 256 bits in URL-safe base64.
    """
    return f"sw_{key_id}_{secret}"


def split_key(text: str) -> tuple[str, str] | None:
    """Return id and secret of a key; None for what is none."""
    found = _KEY.fullmatch(text)
    return None if found is None else (found["id"], found["secret"])


def digest_of(secret: str, pepper: bytes) -> str:
    """Return what recognises a secret: HMAC-SHA-256 under the pepper, 64 hexadecimal characters.

    The secret has 256 bits, so nobody guesses it and a slow hash would only slow the service.
    """
    return hmac.new(pepper, secret.encode("utf-8"), hashlib.sha256).hexdigest()
