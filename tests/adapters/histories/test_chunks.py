"""What is said where a column is missing."""

from __future__ import annotations

import pytest

from scorewright.adapters.histories.chunks import refuse_missing
from scorewright.core.errors import UsageError


@pytest.mark.parametrize(
    ("name", "near"), [("amuont", ["Amount"]), ("balance", []), ("amount", ["Amount"])]
)
def test_only_columns_that_are_near_are_named(name: str, near: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        refuse_missing("loans", "loans.csv", [name], ["id", "Amount", "opened"])

    error = caught.value
    assert error.code == "data-column-missing"
    assert error.details["near"] == near
    assert ("Near it are: Amount." in (error.remedy or "")) is bool(near)
    assert "opened" not in (error.remedy or "")
    assert (error.remedy or "").startswith("Near it" if near else "Give the data with the column")


def test_nothing_is_said_where_all_are_there() -> None:
    refuse_missing("loans", "loans.csv", ["id"], ["id", "x"])
