"""What makes two studies the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.tuning import (
    Choices,
    deciding_versions,
    differences,
    searched_names,
    study_identity,
)

INSTALLED = {"scorewright": "1", "lightgbm": "4", "xgboost": "3", "numpy": "2", "mlflow": "3"}


def test_only_packages_that_decide_a_figure_count() -> None:
    assert deciding_versions("lgbm", INSTALLED) == {
        "scorewright": "1", "lightgbm": "4", "numpy": "2",
    }  # fmt: skip
    assert deciding_versions("logistic", INSTALLED) == {"scorewright": "1", "numpy": "2"}
    # One that is not known may use any of them
    assert set(deciding_versions("both", INSTALLED)) == set(INSTALLED) - {"mlflow"}


def test_a_difference_is_named_by_its_part() -> None:
    one = study_identity({"data": 1, "versions": {"numpy": "1"}})
    other = study_identity({"data": 1, "versions": {"numpy": "2"}})
    assert differences(one, other) == ["versions"]


NAMES = st.sampled_from(["a", "b", "c", "d"])


@given(st.sets(NAMES), st.lists(st.sets(NAMES), max_size=4))
def test_names_that_not_every_trial_sets_are_known(space: set[str], named: list[set[str]]) -> None:
    some, left_out = searched_names(
        {name: Choices((1, 2)) for name in space}, [dict.fromkeys(n, 1) for n in named]
    )
    assert some == space.union(*named)
    for name in left_out:
        assert name not in space
        assert space or any(name not in given_set for given_set in named)
    assert space <= some - left_out
