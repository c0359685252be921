"""The split: the same applicant the same arm, the shares kept, nothing to be guessed."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.challenge import CHAMPION, assign

KEY = b"k" * 32


@given(st.text(min_size=1), st.floats(0.0, 0.49), st.floats(0.0, 0.49))
def test_the_same_unit_meets_the_same_arm_whatever_the_order(unit: str, a: float, b: float) -> None:
    one = assign(KEY, unit, {"a": a, "b": b})
    assert one == assign(KEY, unit, {"b": b, "a": a})
    assert one.propensity == {"a": a, "b": b, CHAMPION: 1.0 - (a + b)}[one.name]


def test_shares_are_kept_within_four_standard_errors() -> None:
    shares = {"a": 0.1, "b": 0.25}
    units = 40_000
    counts = Counter(assign(KEY, f"applicant-{i}", shares).name for i in range(units))
    for name, share in {**shares, CHAMPION: 0.65}.items():
        error = math.sqrt(units * share * (1 - share))
        assert abs(counts[name] - units * share) < 4 * error


def test_more_share_only_moves_units_to_it() -> None:
    for i in range(2_000):
        before = assign(KEY, str(i), {"a": 0.1}).name
        after = assign(KEY, str(i), {"a": 0.3}).name
        assert before == after or (before, after) == (CHAMPION, "a")


def test_another_key_splits_otherwise() -> None:
    arms = [
        [assign(key, str(i), {"a": 0.5 - 1e-9}).name for i in range(400)]
        for key in (KEY, b"l" * 32)
    ]
    equal = sum(x == y for x, y in zip(*arms, strict=True))
    assert 140 < equal < 260


@pytest.mark.parametrize("shares", [{"a": 1.0}, {"a": 0.5, "b": 0.5}, {"a": -0.1}])
def test_shares_that_cannot_be_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="champion"):
        assign(KEY, "x", shares)


def test_without_challengers_the_champion_answers_all() -> None:
    arm = assign(KEY, "x", {})
    assert (arm.name, arm.propensity) == (CHAMPION, 1.0)
