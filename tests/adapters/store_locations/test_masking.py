"""No password of an address is shown, however it is written."""

from __future__ import annotations

import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.adapters.store_locations import masked, passwords_of

WORDS = st.text(string.ascii_letters + string.digits + "/?#:&=%!$' +", min_size=1, max_size=20)


@given(WORDS, st.booleans())
def test_a_password_of_any_signs_is_hidden(word: str, is_quoted: bool) -> None:
    written = quote(word, safe="") if is_quoted else word
    whole = f"postgresql://ana:{written}@db.example:5432/tracking?sslmode=require"
    shown = masked(whole)
    assert shown == "postgresql://ana:***@db.example:5432/tracking?sslmode=require"
    assert masked(shown) == shown
    assert written in passwords_of(whole)


@pytest.mark.parametrize(
    "uri",
    ["postgresql://db:5432/x", "postgresql://ana@db/x", "http://h:80/a:b", "x.db", "", "a://"],
)
def test_what_has_none_stays(uri: str) -> None:
    assert masked(uri) == uri
    assert passwords_of(uri) == frozenset()


def test_those_of_a_query_too() -> None:
    assert masked("postgresql://h/d?user=a&password=b/c&x=1") == (
        "postgresql://h/d?user=a&password=***&x=1"
    )
    assert passwords_of("postgresql://h/d?password=b%2Fc") == {"b/c", "b%2Fc"}
