"""The life of an API key. Its secret is shown once, when it is made, and never kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches

from scorewright.core.access import SCOPES, TENANT, ApiKey, Scope, key_text
from scorewright.core.errors import UsageError
from scorewright.flows.access.ports import KeyFile, KeyMaker

__all__ = ["KeyWish", "NewKey", "create_key", "revoke_key", "rotate_key"]

#: Fewer characters of an id could soon mean two keys.
SHORTEST = 4
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class KeyWish:
    """What a new key should be.

    Attributes:
        name: Whose key it is.
        scopes: What it may do; names of `SCOPES`.
        days: Days it holds; None means without an end.
        tenant: Whose decisions and batches it may see.
    """

    name: str
    scopes: Sequence[str]
    days: int | None = 365
    tenant: str = "default"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made.

    Attributes:
        key: What is kept of it.
        text: The key itself; it cannot be shown again.
    """

    key: ApiKey
    text: str


def create_key(file: KeyFile, maker: KeyMaker, wish: KeyWish, now: datetime) -> NewKey:
    """Make a key.

    Args:
        file: Where keys are kept.
        maker: Makes ids and secrets.
        wish: What it should be.
        now: Aware.

    Raises:
        UsageError: ``api-key-wish``: an unknown scope, no scope, no name, or no such tenant.
        ScorewrightError: Those of `KeyFile`.
    """
    scopes = _scopes(wish)
    key_id, secret = maker.new()
    key = ApiKey(
        id=key_id,
        digest=maker.digest(secret),
        name=wish.name.strip(),
        tenant=wish.tenant,
        scopes=scopes,
        created=now.isoformat(timespec="seconds"),
        expires=_end(wish.days, now),
        pepper=maker.pepper_id,
    )
    with file.locked():
        file.save([*file.load(), key])
    return NewKey(key, key_text(key_id, secret))


def revoke_key(file: KeyFile, reference: str, now: datetime) -> ApiKey:
    """Revoke a key; services take notice within a second or two.

    Args:
        file: Where keys are kept.
        reference: The key's id, or the beginning of it.
        now: Aware.

    Raises:
        UsageError: ``api-key-unknown``, ``api-key-ambiguous``.
    """
    with file.locked():
        keys = list(file.load())
        place = keys.index(_meant(keys, reference))
        if keys[place].revoked is None:
            keys[place] = replace(keys[place], revoked=now.isoformat(timespec="seconds"))
            file.save(keys)
    return keys[place]


def rotate_key(
    file: KeyFile, maker: KeyMaker, reference: str, now: datetime, *, overlap_days: int
) -> NewKey:
    """Make a key like another one, which then holds only for the overlap.

    Args:
        file: Where keys are kept.
        maker: Makes ids and secrets.
        reference: The old key's id, or the beginning of it.
        now: Aware.
        overlap_days: Days both hold.

    Raises:
        UsageError: ``api-key-unknown``, ``api-key-ambiguous``; ``api-key-wish`` where the old one
            was revoked.
    """
    key_id, secret = maker.new()
    with file.locked():
        keys = list(file.load())
        old = _meant(keys, reference)
        if not old.holds(now):
            raise UsageError(
                f"The key {old.id} no longer holds, so there is nothing to rotate.",
                remedy="Make a new one: 'scorewright keys create'.",
                code="api-key-wish",
            )
        end = now + timedelta(days=overlap_days)
        if old.expires is not None:
            end = min(end, datetime.fromisoformat(old.expires))
        life = None if old.expires is None else _life(old)
        new = replace(
            old,
            id=key_id,
            digest=maker.digest(secret),
            created=now.isoformat(timespec="seconds"),
            expires=None if life is None else (now + life).isoformat(timespec="seconds"),
            pepper=maker.pepper_id,
        )
        keys[keys.index(old)] = replace(old, expires=end.isoformat(timespec="seconds"))
        file.save([*keys, new])
    return NewKey(new, key_text(key_id, secret))


def _life(key: ApiKey) -> timedelta:
    """Return for how long a key was made."""
    if key.expires is None:
        raise ValueError("the key has no end")
    return datetime.fromisoformat(key.expires) - datetime.fromisoformat(key.created)


def _end(days: int | None, now: datetime) -> str | None:
    return None if days is None else (now + timedelta(days=days)).isoformat(timespec="seconds")


def _scopes(wish: KeyWish) -> tuple[Scope, ...]:
    """Return the scopes in the order of `SCOPES`, each once."""
    known: Sequence[str] = SCOPES
    for scope in wish.scopes:
        if scope not in known:
            near = get_close_matches(scope, known, n=1)
            meant = f" Did you mean '{near[0]}'?" if near else ""
            raise _refused(f"There is no scope '{scope[:40]}'.{meant}", ", ".join(known))
    if not wish.scopes:
        raise _refused("The key would be allowed nothing.", ", ".join(known))
    if not wish.name.strip() or len(wish.name) > LONGEST_NAME or not wish.name.isprintable():
        raise _refused("A key needs the name of its owner.", "1 to 100 printable characters")
    if not TENANT.fullmatch(wish.tenant):
        raise _refused("The tenant has no proper name.", "1 to 64 letters, digits, . _ -")
    return tuple(scope for scope in SCOPES if scope in wish.scopes)


def _refused(what: str, expected: str) -> UsageError:
    return UsageError(what, remedy=f"Expected: {expected}.", code="api-key-wish")


def _meant(keys: Sequence[ApiKey], reference: str) -> ApiKey:
    found = [key for key in keys if key.id.startswith(reference)]
    if len(reference) < SHORTEST or not found:
        raise UsageError(
            f"There is no API key '{reference[:40]}'.",
            remedy="'scorewright keys list' shows their ids; give at least four characters.",
            code="api-key-unknown",
        )
    if len(found) > 1:
        raise UsageError(
            f"'{reference[:40]}' is the beginning of {len(found)} keys.",
            remedy="Give more of the id.",
            code="api-key-ambiguous",
        )
    return found[0]
