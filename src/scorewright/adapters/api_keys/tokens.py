"""JSON web tokens of one issuer, as an alternative to keys."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from scorewright.adapters.guarded import NotRegularError, read_regular
from scorewright.core.access import SCOPES, TENANT, Caller
from scorewright.core.errors import UsageError

__all__ = ["Tokens"]

#: Asymmetric only: with a shared secret the service itself could make tokens; never ``none``.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
LEEWAY_SECONDS = 60
LONGEST = 8_000
LONGEST_SUBJECT = 60
#: The longest file of keys, in bytes, and how often it is looked at while tokens come.
LONGEST_FILE, LOOK_SECONDS = 1_000_000, 1.0

_Seen = tuple[int, int, int]


class Tokens:
    """Recognises tokens of one issuer for one audience.

    Args:
        issuer: ``iss`` they must have.
        audience: ``aud`` they must name.
        jwks: File of the issuer's public keys; read again when it was changed. It is not
            fetched: the service asks nobody.

    Raises:
        UsageError: ``jwks-invalid``.
    """

    def __init__(self, issuer: str, audience: str, jwks: Path) -> None:
        self._keys = _WatchedKeys(jwks)
        self._claims = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def caller(self, text: str) -> Caller | None:
        """Return who a token speaks for; None where it is not to be believed."""
        if len(text) > LONGEST:
            return None
        self._keys.look()
        try:
            token = jwt.decode(text, self._keys.known, algorithms=ALGORITHMS)
            self._claims.validate(token.claims)
        except (JoseError, ValueError, KeyError, TypeError):
            return None
        return _caller(token.claims)


class _WatchedKeys:
    """Reads the keys again when their file was changed, in a thread: nobody waits for a disk.

    A file that cannot be read, such as one half written, changes nothing until it can.

    Attributes:
        known: The keys.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._looked = file, time.monotonic()
        self._looking = threading.Lock()
        try:
            self.known, self._seen = self._read()
        except _UNREADABLE as error:
            raise UsageError(
                f"{file} cannot be read as a set of public keys (RFC 7517).",
                remedy="Save the issuer's jwks_uri there; serve.access.jwks names the file.",
                code="jwks-invalid",
            ) from error

    def look(self) -> None:
        """See soon whether the file was changed, at most once in `LOOK_SECONDS`."""
        moment = time.monotonic()
        if moment - self._looked >= LOOK_SECONDS and self._looking.acquire(blocking=False):
            self._looked = moment
            threading.Thread(target=self._renew, name="jwks", daemon=True).start()

    def _renew(self) -> None:
        try:
            if self._state() != self._seen:
                self.known, self._seen = self._read()
        except _UNREADABLE:
            return
        finally:
            self._looking.release()

    def _read(self) -> tuple[KeySet, _Seen]:
        seen = self._state()  # first: what is changed while it is read is read again
        data = read_regular(self._file.resolve(), LONGEST_FILE)  # mounted secrets are links
        return KeySet.import_key_set(json.loads(data)), seen

    def _state(self) -> _Seen:
        status = self._file.stat()
        return status.st_mtime_ns, status.st_size, status.st_ino


#: Of files that are not there, are none, are too long, or hold something else.
_UNREADABLE = (
    OSError, NotRegularError, OverflowError, RecursionError, ValueError, KeyError, TypeError,
    AttributeError, JoseError,
)  # fmt: skip


def _caller(claims: dict[str, Any]) -> Caller | None:
    """Read scopes from ``scope`` (RFC 8693) and the tenant from ``tenant``; None for an odd one."""
    said = claims.get("scope", "")
    named = set(said.split()) if isinstance(said, str) else set()
    tenant = claims.get("tenant", "default")
    if not isinstance(tenant, str) or TENANT.fullmatch(tenant) is None:
        return None  # never somebody else's
    scopes = frozenset(scope for scope in SCOPES if scope in named)
    return Caller(_identity(str(claims["sub"])), tenant, scopes)


def _identity(subject: str) -> str:
    """Return 64 characters at most; of subjects that are long or odd a digest, not a beginning."""
    if len(subject) <= LONGEST_SUBJECT and subject.isascii() and subject.isprintable():
        return f"sub:{subject}"
    digest = hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()
    return f"sha:{digest[:LONGEST_SUBJECT]}"
