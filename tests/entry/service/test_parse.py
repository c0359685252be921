"""The quick way through a body and the strict one say the same."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.entry.service.parse import plain_document, strict_document
from scorewright.entry.service.problems import RequestError

NUMBERS = [
    "0", "-0", "-0.0", "1", "1.0", "1e3", "1E-7", "0.1", "123456789012345678", "4.9e-324",
    "1.7976931348623157e308", "0.30000000000000004", "9007199254740993", "2.2250738585072011e-308",
    "1234567890123456789", "-12345678901234567890", "9" * 309, "9" * 400,
]  # fmt: skip


def test_what_is_plain_is_read_as_the_strict_way_reads_it() -> None:
    for number in NUMBERS:
        body = f'{{"features": {{"a": {number}, "b": "\\u00e9\\n", "c": null}}}}'.encode()
        plain: Any = plain_document(body)
        strict: Any = strict_document(body)
        assert plain == strict
        assert repr(plain["features"]["a"]) == repr(strict["features"]["a"])


@pytest.mark.parametrize(
    "body",
    [
        b'{"features": {"a": 1, "a": 2}}',
        b'{"features": {"a": 1, "\\u0061": 2}}',
        b'{"features": {}, "features": {}}',
        b'{"features": {"a": {"b": 1}}}',
        b'{"features": {"a": NaN}}',
        b'{"features": {"a": 1e999}}',
        b'{"features": {"a": "x:y"}}',
        b'{"features": {"a": "\\ud800"}}',
        b'{"features": {"a": "\xff"}}',
        b'{"\xff": {"a": 1}}',
        b'{"features": {"a": "\x01"}}',
        b'\xef\xbb\xbf{"features": {}}',
        b'{"features": {}}{}',
        b'{"features": {},}',
        b'{"features": {"a": 01}}',
        b'{"features": {"a": +1}}',
        b'{"features": {"a": .5}}',
        b'{"features": {"a": 5.}}',
        b"[1]",
        b"null",
        b"[" * 100_000,
        b'{"features": {"a": ' + b"9" * 100_000 + b"}}",
        b'{"tables": {"t": [{"a": 1, "a": 2}]}}',
    ],
)  # fmt: skip
def test_what_is_strange_is_left_to_the_strict_way(body: bytes) -> None:
    assert plain_document(body) is None


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)  # fmt: skip


@given(_VALUES, st.integers(0, 2**32))
def test_a_damaged_body_is_never_read_in_two_ways(value: Any, seed: int) -> None:
    # Given JSON with a few bytes changed
    rng = random.Random(seed)
    document = {"features": {"a": value, "b": 1.5}, "application_id": "x"}
    body = bytearray(json.dumps(document, ensure_ascii=bool(seed % 2)).encode("utf-8", "replace"))
    for _ in range(rng.randint(0, 3)):
        body[rng.randrange(len(body))] = rng.choice(b'":,{}[]0123456789eE.-+ntfu\\ ab\x00\xff')
    # When the quick way reads it
    plain = plain_document(bytes(body))
    # Then the strict way reads the same
    if plain is not None:
        try:
            strict = strict_document(bytes(body))
        except RequestError as error:
            raise AssertionError(bytes(body)) from error
        assert repr(plain) == repr(strict)
