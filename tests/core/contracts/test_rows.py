"""One application against the contract."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.contracts import (
    MAX_TEXT,
    Column,
    ColumnType,
    Contract,
    FieldProblem,
    RowChecker,
    UnknownPolicy,
    Use,
    check_row,
)


def contract_of(column: Column) -> Contract:
    return Contract("loans", (column,))


INTEGER = Column("x", ColumnType.INTEGER, minimum=-5.0)
NUMBER = Column("x", ColumnType.NUMBER, maximum=1000.0)
BOOLEAN = Column("x", ColumnType.BOOLEAN)
CATEGORY = Column("x", ColumnType.CATEGORY, categories=("1", "a"))
WORDS = Column("x", ColumnType.CATEGORY, categories=("a", "01"))
STRICT = Column("x", ColumnType.CATEGORY, categories=("1", "a"), unknown=UnknownPolicy.REJECT)
DATE = Column("x", ColumnType.DATE)
MOMENT = Column("x", ColumnType.DATETIME)


@pytest.mark.parametrize(
    ("column", "value", "typed"),
    [
        (INTEGER, 3, 3),
        (INTEGER, 3.0, 3),
        (INTEGER, 2**53, 2**53),
        (NUMBER, 3, 3.0),
        (NUMBER, -2.5, -2.5),
        (BOOLEAN, True, True),
        (CATEGORY, " a ", "a"),
        (CATEGORY, 1, "1"),
        (CATEGORY, 1.0, "1"),
        (CATEGORY, "", None),
        (DATE, "2024-02-29", "2024-02-29"),
        (MOMENT, "2024-02-29T10:00:00Z", "2024-02-29T10:00:00Z"),
        (NUMBER, None, None),
    ],
)
def test_a_fitting_value_is_typed(column: Column, value: object, typed: object) -> None:
    check = check_row(contract_of(column), {"x": value})

    assert check.problems == ()
    assert check.unknown == ()
    assert check.values["x"] == typed
    assert type(check.values["x"]) is type(typed)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        (INTEGER, "3", "type"),
        (INTEGER, True, "type"),
        (INTEGER, 2.5, "type"),
        (INTEGER, math.nan, "not-finite"),
        (INTEGER, math.inf, "not-finite"),
        (INTEGER, 2**53 + 1, "range"),
        (INTEGER, -6, "range"),
        (INTEGER, [1], "type"),
        (NUMBER, "1.5", "type"),
        (NUMBER, False, "type"),
        (NUMBER, math.nan, "not-finite"),
        (NUMBER, -math.inf, "not-finite"),
        (NUMBER, 10**400, "range"),
        (NUMBER, 1000.5, "range"),
        (BOOLEAN, 1, "type"),
        (BOOLEAN, "true", "type"),
        (CATEGORY, True, "type"),
        (CATEGORY, 1.5, "type"),
        (CATEGORY, math.inf, "type"),
        (WORDS, 2, "type"),
        (WORDS, 2.0, "type"),
        (CATEGORY, "z" * (MAX_TEXT + 1), "too-long"),
        (STRICT, "b", "category"),
        (STRICT, 2, "category"),
        (DATE, "2024-02-30", "type"),
        (DATE, "20240229", "type"),
        (DATE, "2024-W09-4", "type"),
        (DATE, 20240229, "type"),
        (MOMENT, "yesterday", "type"),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused(column: Column, value: object, code: str) -> None:
    check = check_row(contract_of(column), {"x": value})

    assert [p.code for p in check.problems] == [code]
    assert check.values == {"x": None}


@pytest.mark.parametrize("value", ["secret", 2, 2.0, -1, 1e300, pytest.param(10**5000, id="huge")])
def test_an_unlisted_category_is_missing_and_named(value: object) -> None:
    check = check_row(contract_of(CATEGORY), {"x": value})

    assert check.values == {"x": None}
    assert check.unknown == ("x",)
    assert check.problems == ()


def test_missing_and_null_are_told_apart() -> None:
    required = Contract(
        "loans",
        (Column("a", ColumnType.NUMBER, nullable=False), Column("b", ColumnType.NUMBER)),
    )

    assert [(p.field, p.code) for p in check_row(required, {}).problems] == [
        ("a", "missing"),
        ("b", "missing"),
    ]
    loose = check_row(required, {}, require_all=False)
    assert [(p.field, p.code) for p in loose.problems] == [("a", "missing")]
    null = check_row(required, {"a": None, "b": None})
    assert [(p.field, p.code) for p in null.problems] == [("a", "not-nullable")]


def test_only_features_are_known_and_strangers_are_named_with_care() -> None:
    # Given a contract with a key, a target and a column for monitoring only
    contract = Contract(
        "loans",
        (
            Column("id", ColumnType.INTEGER),
            Column("sex", ColumnType.CATEGORY, use=Use.MONITORING, categories=("f", "m")),
            Column("income", ColumnType.NUMBER),
            Column("bad", ColumnType.INTEGER),
        ),
        key="id",
        target="bad",
        bad_value="1",
    )
    row: dict[str, object] = {"income": 1.0, "id": 1, "sex": "f", "bad": 0}
    row |= {"x" * 65: 1, "two\nlines": 2}

    # When a row names more than the features
    check = check_row(contract, row)

    # Then each is refused, and an odd name is not repeated
    assert check.values == {"income": 1.0}
    fields = [p.field for p in check.problems]
    assert fields == ["id", "sex", "bad", "?", "?"]
    assert {p.code for p in check.problems} == {"unknown-column"}


def test_at_most_twenty_strangers_are_listed() -> None:
    row = {f"n{i}": 1 for i in range(1000)} | {"x": 1}

    assert len(check_row(contract_of(INTEGER), row).problems) == 20


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=3,
)


@given(
    value=values, column=st.sampled_from([INTEGER, NUMBER, BOOLEAN, CATEGORY, STRICT, DATE, MOMENT])
)
def test_any_json_value_is_answered_and_never_quoted(value: Any, column: Column) -> None:
    check = check_row(contract_of(column), {"x": value})

    # A problem holds nothing but the contract's own facts: the same for every wrong value.
    assert len(check.problems) + len(check.unknown) <= 1
    for problem in check.problems:
        assert problem == FieldProblem("x", problem.code, problem.expected)
        other = check_row(contract_of(column), {"x": object()}).problems[0]
        assert problem.expected == other.expected
    typed = check.values["x"]
    assert typed is None or isinstance(typed, int | float | str | bool)
    json.dumps(typed, allow_nan=False)


def test_the_front_door_needs_no_data_frame_library() -> None:
    code = (
        "import sys, scorewright.core.contracts, scorewright.core.matrix;"
        "print([m for m in ('polars', 'pandas', 'pandera') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


#: Everything JSON can hold, and what Python callers may send besides.
SENT = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.integers(-10, 10),
    st.floats(),
    st.floats(-10.0, 10.0).map(lambda v: round(v, 1)),
    st.sampled_from(
        ["", " ", "a", " a ", "1", "other", "2024-01-31", "2024-01-31T10:00:00", "3.0"]
    ),
    st.text(max_size=3),
    st.just("x" * (MAX_TEXT + 1)),
    st.lists(st.integers(), max_size=2),
)


@st.composite
def columns(draw: st.DrawFn) -> tuple[Column, ...]:
    """Draw columns of any type with any rules."""
    bound = st.none() | st.floats(-5.0, 5.0) | st.integers(-5, 5)
    categories = st.lists(st.sampled_from(["a", " a", "1", "b", ""]), unique=True, max_size=4)
    return tuple(
        Column(
            f"c{i}",
            draw(st.sampled_from(list(ColumnType))),
            nullable=draw(st.booleans()),
            minimum=draw(bound),
            maximum=draw(bound),
            categories=tuple(draw(categories)),
            unknown=draw(st.sampled_from(list(UnknownPolicy))),
        )
        for i in range(draw(st.integers(1, 6)))
    )


@given(data=st.data(), require_all=st.booleans())
@settings(max_examples=400, deadline=None)
def test_the_quick_way_tells_what_the_plain_one_tells(
    data: st.DataObject, *, require_all: bool
) -> None:
    # Given any contract and any values, names left out and strangers among them
    listed = data.draw(columns())
    names = [*(c.name for c in listed), "stranger", "y" * 70]
    kept = data.draw(st.one_of(st.just(names[: len(listed)]), st.lists(st.sampled_from(names))))
    values = {name: data.draw(SENT) for name in kept}
    contract = Contract("loans", listed)
    checker = RowChecker(contract, require_all=require_all)
    # When both ways look at them
    quick, plain = checker.check(values), checker.check_plainly(values)
    # Then they say the same, of values, their types and their order
    assert repr(quick) == repr(plain)
    assert list(map(type, quick.values.values())) == list(map(type, plain.values.values()))
    assert repr(check_row(contract, values, require_all=require_all)) == repr(plain)
