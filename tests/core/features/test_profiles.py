"""Profiles of a result, whole and from buckets."""

from __future__ import annotations

import json

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.features import ColumnProfile, merge_profiles, profile

FRAME = pl.DataFrame(
    {"id": [1, 2, 3, 4], "x": [0.5, None, -2.0, 3.0], "n": [1, 2, None, None],
     "b": [True, False, True, None], "k": ["a", None, "b", "a"], "e": [None] * 4},
    schema={"id": pl.Int64, "x": pl.Float64, "n": pl.Int64, "b": pl.Boolean, "k": pl.String,
            "e": pl.Float64},
)  # fmt: skip


def test_what_a_profile_holds() -> None:
    assert profile(FRAME, ["x", "n", "b", "k", "e"]) == (
        ColumnProfile("x", 4, 1, -2.0, 3.0),
        ColumnProfile("n", 4, 2, 1.0, 2.0),
        ColumnProfile("b", 4, 1, 0.0, 1.0),
        ColumnProfile("k", 4, 1, None, None),
        ColumnProfile("e", 4, 4, None, None),
    )
    assert profile(FRAME, ["x"])[0].missing_rate == 0.25
    assert profile(FRAME.clear(), ["x"]) == (ColumnProfile("x", 0, 0, None, None),)
    assert profile(FRAME.clear(), ["x"])[0].missing_rate == 0.0


def test_the_saved_form_is_read_back() -> None:
    for column in profile(FRAME, ["x", "k"]):
        assert ColumnProfile.from_dict(json.loads(json.dumps(column.to_dict()))) == column


@given(st.lists(st.none() | st.floats(-1e300, 1e300), max_size=12), st.integers(0, 12))
def test_parts_make_the_whole(values: list[float | None], cut: int) -> None:
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Float64})
    parts = [profile(frame[:cut], ["x"]), profile(frame[cut:], ["x"])]
    assert merge_profiles(parts) == profile(frame, ["x"])


def test_no_parts_make_no_profile() -> None:
    assert merge_profiles([]) == ()
