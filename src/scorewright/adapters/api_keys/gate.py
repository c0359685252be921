"""Who asks? By API key, by token, or in development by nothing at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from scorewright.adapters.api_keys.file import JsonKeyFile
from scorewright.adapters.api_keys.tokens import Tokens
from scorewright.adapters.guarded import load_secret
from scorewright.core.access import AccessError, ApiKey, Caller, split_key
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.project import AccessSettings, ServeSettings

__all__ = ["Gate", "gatekeeper"]

LOOK_SECONDS = 1.0
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _now() -> datetime:
    return datetime.now(UTC)


class Gate:
    """Recognises callers; keeps the port ``Gatekeeper``. One per worker.

    Args:
        keys: The file of the keys; looked at again each second, so a revoked key is refused soon.
        pepper: What their digests were made with.
        per_minute: Requests a minute of one key.
        tokens: Recognises tokens, where an issuer is set.
        is_required: Whether a request without a key is refused.
        now: The time.
    """

    def __init__(
        self,
        keys: JsonKeyFile,
        pepper: bytes,
        per_minute: int,
        tokens: Tokens | None = None,
        *,
        is_required: bool = True,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._keys = _Watched(keys)
        self._pepper = pepper
        self._limit = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._tokens = tokens
        self._is_required = is_required
        self._now = now

    def caller(self, authorization: str | None, api_key: str | None) -> Caller:
        """Return who asks.

        Args:
            authorization: The ``Authorization`` header: ``Bearer`` and a key or token.
            api_key: The ``X-API-Key`` header.

        Raises:
            AccessError: ``unauthorised``, ``too-many-requests``.
        """
        sent = api_key or _bearer(authorization)
        if sent is None:
            if self._is_required:
                raise _unauthorised()
            return Caller.nobody()
        caller = self._recognised(sent)
        if caller is None:
            raise _unauthorised()
        if not self._limiter.hit(self._limit, caller.id):
            raise self._too_many(caller.id)
        return caller

    def _recognised(self, sent: str) -> Caller | None:
        parts = split_key(sent)
        if parts is None:
            return None if self._tokens is None else self._tokens.caller(sent)
        key = self._keys.by_id().get(parts[0])
        if key is None or not key.recognises(parts[1], self._pepper) or not key.holds(self._now()):
            return None
        return Caller(key.id, key.tenant, frozenset(key.scopes))

    def _too_many(self, key_id: str) -> AccessError:
        reset = self._limiter.get_window_stats(self._limit, key_id).reset_time
        return AccessError(
            429,
            "too-many-requests",
            f"More than {self._limit.amount} requests a minute with one key.",
            remedy="Ask more slowly; Retry-After says when.",
            retry_after=max(1.0, reset - time.time()),
        )


class _Watched:
    """Reads the keys again when their file was changed.

    What cannot be read leaves no key recognised: a file somebody broke must not keep a key alive
    that it meant to revoke.
    """

    def __init__(self, file: JsonKeyFile) -> None:
        self._file = file
        self._looked = float("-inf")
        self._seen: tuple[int, int, int] | None = None
        self._known: Mapping[str, ApiKey] = {}

    def by_id(self) -> Mapping[str, ApiKey]:
        moment = time.monotonic()
        if moment - self._looked >= LOOK_SECONDS:
            self._looked = moment
            self._look()
        return self._known

    def _look(self) -> None:
        try:
            status = self._file.path.stat()
            seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:
            seen = (0, 0, 0)
        if seen != self._seen:
            self._seen = seen
            try:
                self._known = {key.id: key for key in self._file.load()}
            except ScorewrightError:
                self._known = {}


def _bearer(authorization: str | None) -> str | None:
    if authorization is None:
        return None
    kind, _, sent = authorization.partition(" ")
    return sent.strip() if kind.lower() == "bearer" and sent.strip() else None


def _unauthorised() -> AccessError:
    return AccessError(
        401,
        "unauthorised",
        "No key that is known and holds came with the request.",
        remedy="Send one as X-API-Key, or as Authorization: Bearer.",
    )


def gatekeeper(settings: ServeSettings, root: Path) -> Gate:
    """Make the gate of a service.

    Args:
        settings: ``[serve]``.
        root: Folder of the project.

    Raises:
        UsageError: ``serve-without-keys``: a development service that asks for no key would
            listen beyond this machine; ``jwks-invalid``.
        ScorewrightError: Those of `scorewright.adapters.guarded.load_secret`, and
            ``api-keys-invalid``.
    """
    access = settings.access
    is_required = access.required or settings.mode == "production"
    if not is_required and settings.host not in LOOPBACK:
        raise UsageError(
            f"A development service takes every caller, and {settings.host} is not this machine "
            "alone.",
            remedy="Set serve.mode = \"production\" and make keys with 'scorewright keys create', "
            "or listen on 127.0.0.1.",
            code="serve-without-keys",
        )
    keys = JsonKeyFile(root / access.keys)
    keys.load()  # what cannot be read is said at the start
    pepper = load_secret(root / access.pepper_file).data
    tokens = _tokens(access, root)
    return Gate(keys, pepper, access.per_minute, tokens, is_required=is_required)


def _tokens(access: AccessSettings, root: Path) -> Tokens | None:
    if access.issuer is None:
        return None
    if access.audience is None or access.jwks is None:
        raise UsageError(
            "serve.access.issuer is set, but not both of audience and jwks.",
            remedy="Set serve.access.audience and serve.access.jwks, or remove the issuer.",
            code="jwks-invalid",
        )
    return Tokens(access.issuer, access.audience, root / access.jwks)
