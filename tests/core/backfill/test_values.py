"""Texts of parameters and what they stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.backfill.values import as_text, number, typed

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)


@given(PLAIN | st.lists(st.integers()))
def test_what_is_written_is_read_back(value: object) -> None:
    assert typed(as_text(value)) == value


@pytest.mark.parametrize("text", ["gbdt", "1e999", "nan", "{1, 2}", "b'x'", "f(1)", "(1,)", ""])
def test_what_is_no_plain_value_stays_text(text: str) -> None:
    assert typed(text) == text


@pytest.mark.parametrize(("text", "value"), [("7", 7.0), ("nan", None), ("inf", None), ("x", None)])
def test_numbers_are_finite(text: str, value: float | None) -> None:
    assert number({"a": text}, "a") == value
    assert number({}, "a") is None
