"""One application as a row of the matrix."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.matrix import Feature, FeatureSpace

SPACE = FeatureSpace((
    Feature("number"), Feature("grade", ("A", "B", "1")), Feature("flag"), Feature("other"),
))  # fmt: skip
NUMBERS = st.none() | st.floats() | st.integers(-(2**70), 2**70) | st.booleans()
LEVELS = st.none() | st.sampled_from(["A", "B", "1", "C", ""]) | st.integers(0, 2) | st.booleans()


def plainly(values: dict[str, Any]) -> npt.NDArray[np.float64]:
    """Encode value by value, as the rules are written."""
    out = []
    for feature in SPACE.features:
        value = values[feature.name]
        if value is None:
            out.append(math.nan)
        elif feature.categories:
            known = str(value) in feature.categories
            out.append(float(feature.categories.index(str(value))) if known else math.nan)
        else:
            out.append(float(value))
    return np.array(out)


@given(number=NUMBERS, grade=LEVELS, flag=NUMBERS, other=NUMBERS)
def test_a_row_is_its_values_one_by_one(
    number: object, grade: object, flag: object, other: object
) -> None:
    values: dict[str, Any] = {"other": other, "grade": grade, "number": number, "flag": flag}
    row = SPACE.row(values)
    assert row.dtype == np.float64
    assert row.tobytes() == plainly(values).tobytes() or np.array_equal(
        row, plainly(values), equal_nan=True
    )


def test_a_missing_name_and_a_value_that_is_no_number_are_refused() -> None:
    with pytest.raises(KeyError):
        SPACE.row({"number": 1.0})
    wrongs: tuple[object, ...] = ("text", [1.0], {})
    for wrong in wrongs:
        values: dict[str, Any] = {"number": wrong, "grade": None, "flag": None, "other": None}
        with pytest.raises((TypeError, ValueError)):
            SPACE.row(values)
