"""The search space: read from the settings, refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.adapters.learners import Learners
from scorewright.core.errors import UsageError
from scorewright.core.tuning import Choices, Range, check_sets, default_space, parse_space
from scorewright.core.tuning.defaults import DEFAULT_SPACES


def test_ranges_and_choices_are_read() -> None:
    space = parse_space(
        {
            "num_leaves": {"low": 8, "high": 64, "log": True},
            "subsample": {"low": 0.5, "high": 1.0, "step": 0.1},
            "class_weight": {"choices": ["balanced", False]},
        }
    )
    assert space == {
        "num_leaves": Range(8, 64, log=True, is_integer=True),
        "subsample": Range(0.5, 1.0, step=0.1),
        "class_weight": Choices(("balanced", False)),
    }


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({}, "neither"),
        ({"low": 1}, "neither"),
        ({"low": 3, "high": 3}, "below"),
        ({"low": "1", "high": 3}, "numbers"),
        ({"low": True, "high": 3}, "numbers"),
        ({"low": 1, "high": float("inf")}, "finite"),
        ({"low": 0, "high": 3, "log": True}, "above 0"),
        ({"low": 1, "high": 3, "log": True, "step": 1}, "step"),
        ({"low": 1, "high": 3, "step": 0}, "step"),
        ({"low": 1, "high": 3, "log": 1}, "true or false"),
        ({"low": 1, "hihg": 3}, "'high'?"),
        ({"choices": []}, "at least one"),
        ({"choices": [1, 1]}, "twice"),
        ({"choices": [[1]]}, "texts"),
        ({"choices": [1], "low": 1}, "alone"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match="num_leaves") as refused:
        parse_space({"num_leaves": entry})
    assert refused.value.code == "tuning-space"
    assert said in refused.value.message


@given(st.integers(-50, 50), st.integers(1, 40), st.integers(1, 7), st.integers(0, 60))
def test_a_range_holds_its_steps_and_nothing_else(low: int, width: int, step: int, k: int) -> None:
    space = Range(low, low + width, step=step, is_integer=True)
    assert space.holds(low + k * step) == (k * step <= width)
    assert not space.holds(low + 0.5)
    assert not space.holds("1")
    assert parse_space({"x": space.to_dict()}) == {"x": space}


def test_choices_tell_numbers_from_truths() -> None:
    assert Choices((1, "a")).holds(1)
    assert not Choices((1, "a")).holds(True)
    assert not Choices((1, "a")).holds(1.0)


@pytest.mark.parametrize("name", sorted(DEFAULT_SPACES))
def test_every_learner_takes_both_corners_of_its_own_space(name: str) -> None:
    learner, space = Learners().get(name), default_space(name)
    for end in ("low", "high"):
        corner = {
            n: int(getattr(d, end)) if getattr(d, "is_integer", False) else getattr(d, end)
            for n, d in space.items()
        }
        assert corner.items() <= learner.parameters(corner, 42).items()


def test_a_learner_without_a_space_is_refused() -> None:
    with pytest.raises(UsageError, match="no search space") as refused:
        default_space("dummy")
    assert refused.value.code == "tuning-space"


def test_sets_are_kept_once_and_lie_in_the_space() -> None:
    space = parse_space({"C": {"low": 0.1, "high": 1.0}})
    assert check_sets([{"C": 0.5}, {"C": 0.5}], space, is_manual=False) == ({"C": 0.5},)
    assert check_sets([{"C": 7.0}], space, is_manual=True) == ({"C": 7.0},)
    with pytest.raises(UsageError, match=r"number 1 has C = 7\.0"):
        check_sets([{"C": 7.0}], space, is_manual=False)
    with pytest.raises(UsageError, match="there are none"):
        check_sets([], space, is_manual=True)
