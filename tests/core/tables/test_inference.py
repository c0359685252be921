"""First contracts and guessed roles."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from scorewright.core.contracts import Column, ColumnType, UnknownPolicy, Use
from scorewright.core.errors import UsageError
from scorewright.core.tables import Roles, check_frame, guess_roles, infer_contract

N = 400


def inferred(name: str, cells: list[Any], **roles: Any) -> Column:
    contract = infer_contract(pl.DataFrame({name: cells}, strict=False), table="t", **roles)
    column = contract.column(name)
    assert column is not None
    return column


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2", None], ColumnType.INTEGER),
        (["1", "2.5"], ColumnType.NUMBER),
        (["1", "NaN", "2.5"], ColumnType.NUMBER),
        (["true", "False"], ColumnType.BOOLEAN),
        (["yes", "no", None], ColumnType.BOOLEAN),
        (["yes"], ColumnType.CATEGORY),
        (["yes", "no", "maybe"], ColumnType.CATEGORY),
        ([True, None], ColumnType.BOOLEAN),
        (["2024-01-05", "2024-12-31"], ColumnType.DATE),
        (["2024-01-05 10:00:00"], ColumnType.DATETIME),
        ([date(2024, 1, 5)], ColumnType.DATE),
        (["00501", "90210"], ColumnType.CATEGORY),
        (["12345678901234567890", "12345678901234567891"], ColumnType.TEXT),
        ([2**60, 2**60 + 5], ColumnType.TEXT),
        ([None, None], ColumnType.TEXT),
        (["", " "], ColumnType.TEXT),
        ([f"name {i}" for i in range(N)], ColumnType.TEXT),
        ([f"code {i}" for i in range(201)] * 5, ColumnType.TEXT),
        ([f"code {i}" for i in range(200)] * 5, ColumnType.CATEGORY),
        ([str(i) for i in range(N)] + ["?"], ColumnType.INTEGER),
        (["1", "2", "3", "4"] * N + ["A"], ColumnType.CATEGORY),
    ],
)
def test_types_are_guessed(cells: list[Any], kind: ColumnType) -> None:
    column = inferred("x", cells)

    assert column.type is kind
    if kind in (ColumnType.TEXT, ColumnType.DATE, ColumnType.DATETIME):
        assert column.use is Use.MONITORING


def test_ten_thousand_categories_are_text_for_monitoring() -> None:
    column = inferred("employer", [f"e{i}" for i in range(10_001)] * 3)

    assert (column.type, column.use, column.categories) == (ColumnType.TEXT, Use.MONITORING, ())


def test_nulls_bounds_and_categories_are_taken_from_the_rows() -> None:
    many = [str(i % 50) for i in range(N)]

    assert inferred("x", many).minimum == 0.0
    assert inferred("x", many).maximum is None
    assert inferred("x", ["-1", *many]).minimum is None
    assert inferred("x", many[:99]).minimum is None
    assert not inferred("x", many).nullable
    assert inferred("x", ["", *many]).nullable
    assert inferred("x", ["b", " a", "b", None]).categories == ("a", "b")


@pytest.mark.parametrize(
    "name",
    ["SEX", "MARRIAGE", "AGE", "age_group", "customerAge", "Marital", "famges", "alter",
     "gastarb", "geschl", "afam", "CODE_GENDER", "DAYS_BIRTH", "NAME_FAMILY_STATUS", "race",
     "religion", "nationality", "foreign_worker", "single", "DOB"],
)  # fmt: skip
def test_protected_attributes_are_for_monitoring(name: str) -> None:
    assert inferred(name, ["1", "2", "1", "3"]).use is Use.MONITORING


@pytest.mark.parametrize(
    "name",
    ["mortgage", "usage", "percentage", "average_balance", "wage", "stage", "account_age",
     "OWN_CAR_AGE", "sextile", "embrace", "single_premium", "purpose", "interface"],
)  # fmt: skip
def test_other_names_are_for_the_model(name: str) -> None:
    assert inferred(name, ["1", "2", "1", "3"]).use is Use.MODEL


@pytest.mark.parametrize(
    ("name", "cells", "use"),
    [
        ("member_id", [str(7 * i) for i in range(N)], Use.MONITORING),
        ("LoanNr", [f"L{i}" for i in range(20)], Use.MONITORING),
        ("rownum", [str(i) for i in range(N)], Use.MONITORING),
        ("income", [str(i * i) for i in range(N)], Use.MODEL),
        ("branch_id", [str(i % 5) for i in range(N)], Use.MODEL),
    ],
)
def test_identifiers_are_for_monitoring(name: str, cells: list[str], use: Use) -> None:
    assert inferred(name, cells).use is use


def test_roles_are_kept_strict() -> None:
    frame = pl.DataFrame(
        {
            "who": ["1", "2", "3", None],
            "day": ["2024-01-01", "soon", "2024-01-03", "2024-01-04"],
            "paid": ["yes", "no", "no", "yes"],
        }
    )

    contract = infer_contract(
        frame, table="t", key="who", target="paid", bad_value="no", as_of="day"
    )

    assert contract.column("who") == Column(
        "who", ColumnType.INTEGER, nullable=False, use=Use.MONITORING
    )
    assert contract.column("day") == Column(
        "day", ColumnType.DATE, nullable=False, use=Use.MONITORING
    )
    assert contract.column("paid") == Column(
        "paid",
        ColumnType.CATEGORY,
        nullable=False,
        categories=("no", "yes"),
        unknown=UnknownPolicy.REJECT,
    )
    assert contract.features == ()
    found = [(p.column, p.code) for p in check_frame(frame, contract).errors]
    assert found == [("day", "type"), ("who", "not-nullable")]


def test_an_outcome_written_as_floats_is_whole() -> None:
    assert inferred("y", ["1.0", "0.0"], target="y", bad_value="1").type is ColumnType.INTEGER
    assert inferred("y", [1.0, 0.0], target="y", bad_value="1").type is ColumnType.INTEGER


def test_an_unknown_role_names_near_misses() -> None:
    frame = pl.DataFrame({"default": ["1"], "income": ["1"]})

    with pytest.raises(UsageError, match="no column 'defualt'") as caught:
        infer_contract(frame, table="t", target="defualt", bad_value="1")

    assert caught.value.code == "column-unknown"
    assert "did you mean: default?" in caught.value.remedy


def test_an_inferred_contract_holds_for_its_own_table() -> None:
    frame = pl.DataFrame(
        {"a": ["1", None, "3"], "b": ["x", "y", "x"], "c": ["0.5", "1", "2"], "y": ["1", "0", "0"]}
    )

    contract = infer_contract(frame, table="t", target="y", bad_value="1")

    assert check_frame(frame, contract).errors == ()


@pytest.mark.parametrize(
    ("columns", "roles"),
    [
        (
            {"SK_ID_CURR": [5, 6, 7], "TARGET": [0, 0, 1], "flag": [0, 1, 1]},
            Roles("TARGET", "1", "SK_ID_CURR", None),
        ),
        ({"laufkont": [1, 2, 3], "kredit": [1, 1, 0]}, Roles("kredit", "0", None, None)),
        ({"Creditability": [1, 2, 1], "a": [1, 2, 3]}, Roles("Creditability", "2", None, None)),
        ({"a": [1, 2, 3], "Class": ["good", "bad", "good"]}, Roles("Class", "bad", None, None)),
        ({"deny": ["no", "yes", "no"], "x": [1, 2, 3]}, Roles("deny", "yes", None, None)),
        (
            {
                "loan_status": ["Fully Paid", "Charged Off", "Current"],
                "issue_date": ["2024-01-01", "2024-01-02", "2024-01-03"],
                "customer_id": ["a", "a", "b"],
            },
            Roles("loan_status", "Charged Off", "customer_id", "issue_date"),
        ),
        (
            {"default": [1, 2, 3], "default payment next month": [0, 1, 0]},
            Roles("default payment next month", "1", None, None),
        ),
        (
            {"x": [1, 2, 3], "good": ["u", "u", "v"]},
            Roles("good", "v", None, None, is_known_bad_value=False),
        ),
        (
            {"first": ["p", "q", "p"], "x": [1, 2, 3]},
            Roles("first", "q", None, None, is_known_target=False, is_known_bad_value=False),
        ),
        ({"loan_paid": [1, 0, 1], "x": [1, 0, 1]}, Roles("loan_paid", "0", None, None)),
        ({"repaid": ["yes", "no", "yes"], "x": [1, 0, 1]}, Roles("repaid", "no", None, None)),
        ({"paid_back": [True, False, True]}, Roles("paid_back", "false", None, None)),
        ({"good": [1, 0, 0], "x": [1, 0, 1]}, Roles("good", "0", None, None)),
        ({"status": ["paid", "lost", "paid"]}, Roles("status", "lost", None, None)),
        ({"non_performing": [0, 1, 0]}, Roles("non_performing", "1", None, None)),
        (
            {"loan_status": ["Current", "Late", "Default"], "repaid": ["y", "n", "y"]},
            Roles("repaid", "n", None, None),
        ),
        (
            {
                "app_version": ["1", "2", "3"],
                "app_date": ["31.12.2024", "01.12.2024", "1.2.2024"],
                "bad": [0, 1, 0],
            },
            Roles("bad", "1", None, "app_date"),
        ),
        ({"y": [True, False, False]}, Roles("y", "true", None, None)),
        ({"a": [1, 2, 3], "b": [1, 2, 3]}, Roles(None, None, None, None)),
    ],
)
def test_roles_are_guessed(columns: dict[str, list[Any]], roles: Roles) -> None:
    assert guess_roles(pl.DataFrame(columns)) == roles
    as_text = pl.DataFrame(columns).select(pl.all().cast(pl.String))
    assert guess_roles(as_text) == roles
