"""How tables hang together, and every way in which they cannot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.core.features.ground import ENTITY_CONTRACT, LOANS, MONTHS, NOTES, RELATIONS, VISITS

from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.errors import UsageError
from scorewright.core.features import AsOf, AsOfUnit, History, Relations, Window
from scorewright.core.features.relations import window_bound
from scorewright.core.features.tree import WindowUnit


def test_paths_lead_to_the_applications() -> None:
    assert RELATIONS.path("months") == (MONTHS, LOANS)
    assert RELATIONS.path("visits") == (VISITS,)
    assert RELATIONS.names == ("applications", "loans", "months", "visits", "notes")
    assert RELATIONS.key == "id"
    assert RELATIONS.contract("applications") is ENTITY_CONTRACT
    assert RELATIONS.contract("months") is MONTHS.contract


def test_the_saved_form_is_read_back() -> None:
    assert Relations.from_dict(RELATIONS.to_dict()) == RELATIONS


def without_key(contract: Contract) -> Contract:
    return replace(contract, key=None)


@pytest.mark.parametrize(
    ("entity", "histories", "words", "remedy"),
    [
        (without_key(ENTITY_CONTRACT), (), "has no key", "data.key"),
        (ENTITY_CONTRACT, (LOANS, LOANS), "same name", "once"),
        (ENTITY_CONTRACT, (replace(LOANS, contract=ENTITY_CONTRACT),), "same name", "once"),
        (
            ENTITY_CONTRACT,
            (replace(LOANS, parent="lones"),),
            "no table 'lones'",
            "Name one of: loans",
        ),
        (ENTITY_CONTRACT, (MONTHS, replace(LOANS, key=None)), "names no key", "[tables.loans]"),
        (ENTITY_CONTRACT, (replace(LOANS, on="idd"),), "no column 'idd'", "such as id"),
        (ENTITY_CONTRACT, (replace(LOANS, key="x"),), "no column 'x'", "Name one of its columns"),
        (
            ENTITY_CONTRACT,
            (replace(LOANS, as_of=AsOf(("dais",))),),
            "no column 'dais'",
            "such as days",
        ),
        (
            ENTITY_CONTRACT,
            (replace(VISITS, as_of=AsOf(("day",))),),
            "'day' of table 'visits' is date, the unit says days",
            "'date' for dates",
        ),
        (
            ENTITY_CONTRACT,
            (replace(LOANS, as_of=AsOf(("days",), AsOfUnit.DATE)),),
            "'days' of table 'loans' is integer, the unit says date",
            "'days' or 'months'",
        ),
        (
            ENTITY_CONTRACT,
            (replace(LOANS, as_of=AsOf(("status",))),),
            "'status' of table 'loans' is category, the unit says days",
            "'days' or 'months'",
        ),
        (
            ENTITY_CONTRACT,
            (replace(VISITS, as_of=AsOf(("day",), AsOfUnit.DATE, 30)),),
            "'visits' has latest = 30, which lets rows pass that became known after",
            "Set latest under [tables.visits] of the feature file to 0",
        ),
        (
            replace(ENTITY_CONTRACT, as_of=None),
            (VISITS,),
            "have no decision date",
            "data.decision_date",
        ),
    ],
)
def test_refusals(
    entity: Contract, histories: tuple[History, ...], words: str, remedy: str
) -> None:
    with pytest.raises(UsageError) as caught:
        Relations(entity, histories)

    assert caught.value.code == "features-relations"
    assert words in caught.value.message
    assert remedy in (caught.value.remedy or "")


def test_a_table_that_hangs_on_itself_is_refused() -> None:
    months = replace(MONTHS, key="loan")
    with pytest.raises(UsageError, match="hangs on itself"):
        Relations(ENTITY_CONTRACT, (replace(LOANS, parent="months"), months))


@pytest.mark.parametrize(
    ("link", "key"),
    [(ColumnType.TEXT, ColumnType.INTEGER), (ColumnType.NUMBER, ColumnType.INTEGER)],
)
def test_a_link_that_can_never_match_is_refused(link: ColumnType, key: ColumnType) -> None:
    entity = Contract("applications", (Column("id", key),), key="id")
    notes = replace(NOTES, contract=Contract("notes", (Column("id", link),)))
    with pytest.raises(UsageError) as caught:
        Relations(entity, (notes,))

    assert caught.value.code == "features-relations"
    assert f"is {link}, the key of 'applications' is {key}" in caught.value.message


def test_an_unknown_table_names_near_ones() -> None:
    with pytest.raises(UsageError) as caught:
        RELATIONS.history("lones")
    assert "Name one of: loans" in (caught.value.remedy or "")


@pytest.mark.parametrize(
    ("length", "unit", "counts", "bound"),
    [
        (3, "days", AsOfUnit.DAYS, 3),
        (1, "months", AsOfUnit.DAYS, 30),
        (12, "months", AsOfUnit.DATE, 365),
        (4, "years", AsOfUnit.DATE, 1461),
        (48, "months", AsOfUnit.DAYS, 1461),
        (3, "months", AsOfUnit.MONTHS, 3),
        (2, "years", AsOfUnit.MONTHS, 24),
        (5, "days", AsOfUnit.MONTHS, None),
    ],
)
def test_windows(length: int, unit: str, counts: AsOfUnit, bound: Any) -> None:
    assert window_bound(Window(length, WindowUnit(unit)), AsOf(("when",), counts)) == bound


@pytest.mark.parametrize(
    ("latest", "counts", "bound"),
    [
        (0, AsOfUnit.MONTHS, 2),
        (-1, AsOfUnit.MONTHS, 3),
        (-2, AsOfUnit.MONTHS, 4),
        (0, AsOfUnit.DAYS, 91),
        (-1, AsOfUnit.DATE, 91),
    ],
)
def test_a_window_of_months_holds_as_many_months(latest: int, counts: AsOfUnit, bound: int) -> None:
    window = Window(3, WindowUnit.MONTHS)
    assert window_bound(window, AsOf(("when",), counts, latest)) == bound
