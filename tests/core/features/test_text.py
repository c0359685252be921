"""Expressions read from text and written back, and every refusal by its words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.errors import UsageError
from scorewright.core.features import parse, render
from scorewright.core.features.tree import (
    Aggregate,
    AggregateKind,
    Arithmetic,
    Column,
    Compare,
    Expression,
    Fill,
    Function,
    FunctionKind,
    If,
    IsIn,
    IsMissing,
    Literal,
    Logic,
    MissingIf,
    Not,
    RowStatistic,
    RowStatisticKind,
    Scalar,
    Window,
    WindowUnit,
)

NAMES = st.sampled_from(["x", "AMT_CREDIT", "with space", "für", "if", "1st", 'a"b', "é"])
SCALARS: st.SearchStrategy[Scalar] = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(-(2.0**53), 2.0**53, allow_nan=False),
    st.text(st.characters(codec="utf-8"), max_size=6),
)
WINDOWS = st.builds(Window, st.integers(1, 99_999), st.sampled_from(WindowUnit))


def below(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Every kind of node over the given ones."""
    members = st.lists(SCALARS, min_size=1, max_size=3).map(tuple)
    tables = st.sampled_from(["loans", "bureau_balance"])
    valued = [k for k in AggregateKind if k is not AggregateKind.TIME_SINCE]
    without = st.sampled_from([AggregateKind.COUNT, AggregateKind.TIME_SINCE])
    where = st.none() | parts
    return st.one_of(
        st.builds(Arithmetic, st.sampled_from("+-*/"), parts, parts),
        st.builds(Compare, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), parts, parts),
        st.builds(Logic, st.sampled_from(["and", "or"]), parts, parts),
        st.builds(Not, parts),
        st.builds(IsIn, parts, members),
        st.builds(IsMissing, parts),
        st.builds(MissingIf, parts, members),
        st.builds(Fill, parts, parts),
        st.builds(If, parts, parts, parts),
        st.builds(Function, st.sampled_from(FunctionKind), parts),
        st.builds(
            RowStatistic,
            st.sampled_from(RowStatisticKind),
            st.lists(parts, min_size=2, max_size=3).map(tuple),
        ),
        st.builds(Aggregate, st.sampled_from(valued), tables, parts, where, st.none() | WINDOWS),
        st.builds(Aggregate, without, tables, st.none(), where, st.none() | WINDOWS),
    )


TREES = st.recursive(st.builds(Column, NAMES) | st.builds(Literal, SCALARS), below, max_leaves=8)


@settings(max_examples=200, deadline=None)
@given(TREES.filter(lambda tree: len(render(tree)) <= 2_000))
def test_what_is_written_is_read_back(tree: Expression) -> None:
    text = render(tree)
    assert "\n" not in text
    again = parse(text)
    assert again == tree
    assert render(again) == text


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("  a + b * 2 ", Arithmetic("+", Column("a"), Arithmetic("*", Column("b"), Literal(2)))),
        ("-a", Arithmetic("-", Literal(0), Column("a"))),
        ("-2.5", Literal(-2.5)),
        ("a not in ('x',)", Not(IsIn(Column("a"), ("x",)))),
        ("a in [1, -2]", IsIn(Column("a"), (1, -2))),
        ("a and b and c", Logic("and", Logic("and", Column("a"), Column("b")), Column("c"))),
        ('col("a b")', Column("a b")),
        ("count(t)", Aggregate(AggregateKind.COUNT, "t")),
        (
            'mean(t, x, last="12 months", where=y > 0)',
            Aggregate(
                AggregateKind.MEAN,
                "t",
                Column("x"),
                Compare(">", Column("y"), Literal(0)),
                Window(12, WindowUnit.MONTHS),
            ),
        ),
    ],
)
def test_what_people_write(text: str, tree: Expression) -> None:
    assert parse(text) == tree


def test_constants_of_three_types_are_three() -> None:
    assert len({Literal(1), Literal(1.0), Literal(True)}) == 3
    assert Literal(0) != Literal(False)
    assert Fill(Column("x"), Literal(1)) != Fill(Column("x"), Literal(True))


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ("a +", "is no expression: invalid syntax", "Write columns"),
        ("", "is no expression", "Write columns"),
        ("a\x00b", "is no expression", "Write columns"),
        ("x" * 2001, "is longer than 2000 characters", "Split it"),
        ("(" * 30 + "a" + ")" * 30 + " + " + " + ".join("a" * 50), "nested too deeply", "Split it"),
        ("a ** 2", "holds 'a ** 2', which is not understood", "Write columns"),
        ("a.b", "holds 'a.b', which is not understood", "Write columns"),
        ("a[0]", "holds 'a[0]', which is not understood", "Write columns"),
        ("lambda: 1", "which is not understood", "Write columns"),
        ("a < b < c", "which is not understood", "Write columns"),
        ("t.mean(x)", "which is not understood", "Write columns"),
        ("a is b", "uses 'is'", "is_missing"),
        ("a in b", "needs a list after 'in'", 'in ("a", "b")'),
        ("a in ()", "needs a list after 'in'", 'in ("a", "b")'),
        ("a in (b,)", "which is no number, text, True or False", "Write columns"),
        ("None", "holds 'None', which is no number", "Write columns"),
        ("b'x'", "which is no number", "Write columns"),
        ("1j", "which is no number", "Write columns"),
        ("-'a'", "puts a minus before something that is no number", "Write columns"),
        ("-True", "puts a minus before something that is no number", "Write columns"),
        ("1e999", "holds a number that is too large", "2**53"),
        ("9007199254740993", "holds a number that is too large", "2**53"),
        ("a * 1" + "0" * 400, "holds a number that is too large", "2**53"),
        ("a * -1" + "0" * 400, "holds a number that is too large", "2**53"),
        ("a in (1, 1" + "0" * 400 + ")", "holds a number that is too large", "2**53"),
        ("a in (1, -1" + "0" * 400 + ")", "holds a number that is too large", "2**53"),
        ("missing_if(a, 1" + "0" * 400 + ")", "holds a number that is too large", "2**53"),
        ("-1e999", "holds a number that is too large", "2**53"),
        ("abs(a, b)", "gives 'abs' 2 arguments instead of 1", "Write columns"),
        ("abs(of=a)", "gives 'abs' a named argument", "Write columns"),
        ("row_mean(a)", "gives 'row_mean' fewer than two values", "Write columns"),
        ("is_missing()", "gives 'is_missing' 0 arguments instead of 1", "Write columns"),
        ("fill(a)", "gives 'fill' 1 arguments instead of 2", "Write columns"),
        ("missing_if(a)", "calls 'missing_if', which is no function or lacks arguments", "missing"),
        ("col(a)", "which is no number, text, True or False", "Write columns"),
        ('col("")', "gives 'col' something that is no column name in quotes", "Write columns"),
        ("maen(t, x)", "calls 'maen', which is no function", "Did you mean mean?"),
        ("__import__('os')", "calls '__import__', which is no function", "Write columns"),
        ("mean()", "does not name the table of 'mean' first", "Write: mean(table"),
        ("mean('t', x)", "does not name the table of 'mean' first", "Write: mean(table"),
        ("mean(t)", "gives 'mean' the wrong number of arguments", "Write: mean(table"),
        ("time_since(t, x)", "gives 'time_since' the wrong number of arguments", "Write: time"),
        ("mean(t, x, y)", "gives 'mean' the wrong number of arguments", "Write: mean(table"),
        ("mean(t, x, filter=y)", "gives 'mean' an argument 'filter'", "Write: mean(table"),
        ("mean(t, x, **y)", "gives 'mean' an argument 'None'", "Write: mean(table"),
        ("mean(t, x, last=12)", "has a window that is not understood", "12 months"),
        ('mean(t, x, last="0 days")', "has a window that is not understood", "12 months"),
        ('mean(t, x, last="3 weeks")', "has a window that is not understood", "12 months"),
    ],
)
def test_refusals(text: str, what: str, remedy: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)

    assert caught.value.code == "feature-syntax"
    assert what in caught.value.message
    assert remedy in (caught.value.remedy or "")
    assert len(caught.value.message) < 300


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.text("abmeant(),.+-*/ <>='\"[]0", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        tree = parse(text)
    except UsageError:
        return
    assert parse(render(tree)) == tree
