"""API keys: recognised by their secret alone, and only while they hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.access import SCOPES, ApiKey, Caller, digest_of, key_text, split_key

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = "s" * 43
PEPPER = b"p" * 32
KEY = ApiKey(
    "0123456789abcdef",
    digest_of(SECRET, PEPPER),
    "web",
    "default",
    ("predict",),
    NOW.isoformat(),
)


def test_a_key_is_id_and_secret() -> None:
    assert split_key(key_text(KEY.id, SECRET)) == (KEY.id, SECRET)


@pytest.mark.parametrize(
    "text",
    ["", "sw_", "sw_0123456789abcdef_", f"sw_0123456789ABCDEF_{SECRET}", f"sw_{KEY.id}_{SECRET}x"],
)
def test_what_is_no_key_is_none(text: str) -> None:
    assert split_key(text) is None


@given(st.text(max_size=120))
def test_any_text_is_split_or_none(text: str) -> None:
    parts = split_key(text)
    assert parts is None or key_text(*parts) == text


def test_only_secret_and_pepper_together_are_recognised() -> None:
    assert KEY.recognises(SECRET, PEPPER)
    assert not KEY.recognises(SECRET[:-1] + "t", PEPPER)
    assert not KEY.recognises(SECRET, b"q" * 32)


def test_the_digest_holds_nothing_of_the_secret() -> None:
    assert SECRET not in repr(KEY)
    assert len(KEY.digest) == 64


def test_a_key_holds_until_its_end_or_its_revocation() -> None:
    ends = replace(KEY, expires=(NOW + timedelta(seconds=1)).isoformat())
    assert KEY.holds(NOW)
    assert ends.holds(NOW)
    assert not ends.holds(NOW + timedelta(seconds=1))
    assert not replace(KEY, revoked=NOW.isoformat()).holds(NOW)


def test_without_keys_a_development_caller_may_do_all() -> None:
    assert Caller.nobody().scopes == frozenset(SCOPES)
