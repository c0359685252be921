"""The life of a key: made, listed, rotated, revoked; never kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from scorewright.core.access import ApiKey, digest_of, split_key
from scorewright.core.errors import UsageError
from scorewright.flows.access import KeyWish, create_key, revoke_key, rotate_key

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PEPPER = b"p" * 32


@dataclass
class MemoryKeys:
    """A `KeyFile` that knows whether it was written under its lock."""

    keys: Sequence[ApiKey] = ()
    is_locked: bool = False

    def load(self) -> Sequence[ApiKey]:
        return self.keys

    def save(self, keys: Sequence[ApiKey]) -> None:
        assert self.is_locked
        self.keys = list(keys)

    @contextmanager
    def locked(self) -> Iterator[None]:
        self.is_locked = True
        try:
            yield
        finally:
            self.is_locked = False


@dataclass
class CountingMaker:
    """A `KeyMaker` that counts."""

    made: int = 0
    pepper_id: str = field(default="pep")

    def new(self) -> tuple[str, str]:
        self.made += 1
        return f"{self.made:016x}", f"{self.made:043d}"

    def digest(self, secret: str) -> str:
        return digest_of(secret, PEPPER)


def _wish(*scopes: str, days: int | None = 30) -> KeyWish:
    return KeyWish("web shop", scopes, days)


def test_a_new_key_is_recognised_and_its_secret_is_not_kept() -> None:
    file = MemoryKeys()
    new = create_key(file, CountingMaker(), _wish("predict", "explain"), NOW)
    parts = split_key(new.text)
    assert parts is not None
    (kept,) = file.load()
    assert kept == new.key
    assert kept.recognises(parts[1], PEPPER)
    assert parts[1] not in repr(kept)
    assert kept.holds(NOW + timedelta(days=29))
    assert not kept.holds(NOW + timedelta(days=30))


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (_wish("predit"), "Did you mean 'predict'?"),
        (_wish(), "allowed nothing"),
        (KeyWish(" ", ["predict"]), "name of its owner"),
        (KeyWish("a\nb", ["predict"]), "name of its owner"),
        (KeyWish("a", ["predict"], tenant="a b"), "tenant"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(wish: KeyWish, said: str) -> None:
    file = MemoryKeys()
    with pytest.raises(UsageError, match=said) as raised:
        create_key(file, CountingMaker(), wish, NOW)
    assert raised.value.code == "api-key-wish"
    assert file.load() == ()


def test_a_revoked_key_stays_listed_and_its_moment_does_not_move() -> None:
    file, maker = MemoryKeys(), CountingMaker()
    new = create_key(file, maker, _wish("predict"), NOW)
    first = revoke_key(file, new.key.id[:16], NOW)
    again = revoke_key(file, new.key.id, NOW + timedelta(hours=1))
    assert first == again == file.load()[0]
    assert not again.holds(NOW)


def test_a_rotated_key_overlaps_and_then_ends() -> None:
    file, maker = MemoryKeys(), CountingMaker()
    old = create_key(file, maker, _wish("predict", days=30), NOW)
    later = NOW + timedelta(days=10)
    new = rotate_key(file, maker, old.key.id, later, overlap_days=7)
    before, after = file.load()
    assert before.holds(later + timedelta(days=6))
    assert not before.holds(later + timedelta(days=7))
    assert after.holds(later + timedelta(days=29))
    assert (after.scopes, after.name, new.key) == (before.scopes, before.name, after)


def test_rotation_never_prolongs_the_old_key() -> None:
    file, maker = MemoryKeys(), CountingMaker()
    old = create_key(file, maker, _wish("predict", days=3), NOW)
    rotate_key(file, maker, old.key.id, NOW, overlap_days=300)
    assert file.load()[0].expires == old.key.expires


def test_a_key_that_no_longer_holds_is_not_rotated() -> None:
    file, maker = MemoryKeys(), CountingMaker()
    old = create_key(file, maker, _wish("predict"), NOW)
    revoke_key(file, old.key.id, NOW)
    with pytest.raises(UsageError, match="no longer holds"):
        rotate_key(file, maker, old.key.id, NOW, overlap_days=1)


@pytest.mark.parametrize(
    ("reference", "code"), [("ffff", "api-key-unknown"), ("0", "api-key-unknown"),
                            ("0000", "api-key-ambiguous")]
)  # fmt: skip
def test_a_reference_means_one_key(reference: str, code: str) -> None:
    file, maker = MemoryKeys(), CountingMaker()
    for _ in range(2):
        create_key(file, maker, _wish("predict"), NOW)
    with pytest.raises(UsageError) as raised:
        revoke_key(file, reference, NOW)
    assert raised.value.code == code
