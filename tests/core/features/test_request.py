"""One raw application: what may be sent, what is refused and where, and nothing echoed."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.raw_applications import RELATIONS, Row, Tables, application, plan, raw

from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.features import (
    MAX_ROWS,
    AsOf,
    AsOfUnit,
    Feature,
    History,
    Relations,
    RequestCheck,
    RequestContract,
    RowEvaluator,
    compile_plan,
    parse,
)

TODAY = date(2025, 7, 1)
#: Stands where a value stands; must never come back.
SENT = "Zx9Value"
Change = Callable[[Row, Tables], object]


@pytest.fixture(scope="module")
def contract() -> RequestContract:
    return RequestContract(plan(), raw().space.names)


def full() -> tuple[Row, Tables]:
    """Return an application with rows in every table."""
    seed = next(s for s in range(300) if all(application(s)[1].values()))
    return copy.deepcopy(application(seed))


def told(check: RequestCheck) -> set[tuple[str, str]]:
    return {(p.field, p.code) for p in check.problems}


def test_valid_applications_pass_and_give_the_same_features(contract: RequestContract) -> None:
    # Given valid applications
    evaluator = RowEvaluator(plan())
    for own, below in raw().applications[:60]:
        # When each is checked
        check = contract.check(own, below, today=TODAY)
        # Then nothing is wrong, and the columns give what the rows give
        assert check.problems == ()
        assert (check.unknown, dict(check.orphans), check.assumed_decision) == ((), {}, None)
        assert evaluator.features(check.application, check.tables) == evaluator.features(own, below)


def test_the_contract_names_what_is_read(contract: RequestContract) -> None:
    required = [f.column.name for f in contract.application if f.is_required]
    assert required == ["income", "age", "purpose"]
    assert {f.column.name for f in contract.application} == {
        *required, "application", "decided", "sex",
    }  # fmt: skip
    assert [t.name for t in contract.tables] == ["loans", "inquiries", "payments"]
    loans = contract.tables[0]
    assert [f.column.name for f in loans.fields if f.is_required] == ["loan", "granted"]
    assert [f.column.name for f in loans.fields if not f.is_read] == ["branch"]
    assert (loans.is_direct, loans.is_parent) == (True, True)
    assert not contract.tables[2].is_direct


def _set(table: str, column: str, value: Any, row: int = 0) -> Change:
    return lambda own, below: below[table][row].__setitem__(column, value)  # noqa: ARG005


def _drop(table: str, column: str, row: int = 0) -> Change:
    return lambda own, below: below[table][row].pop(column)  # noqa: ARG005


def _own(column: str, value: Any) -> Change:
    return lambda own, below: own.__setitem__(column, value)  # noqa: ARG005


def _put(table: str, value: Any) -> Change:
    return lambda own, below: below.__setitem__(table, value)  # noqa: ARG005


def _again(table: str) -> Change:
    return lambda own, below: below[table].append(dict(below[table][0]))  # noqa: ARG005


WRONG: dict[str, tuple[Change, str, str]] = {
    "missing column": (lambda own, _: own.pop("income"), "income", "missing"),
    "null column": (_own("income", None), "income", "not-nullable"),
    "column out of range": (_own("age", 3), "age", "range"),
    "text as number": (_own("income", SENT), "income", "type"),
    "target": (_own("bad", 1), "bad", "unknown-column"),
    "feature instead of rows": (_own("loans_count", 2), "loans_count", "unknown-column"),
    "key of another type": (_own("application", 7), "application", "type"),
    "decision that is no date": (_own("decided", SENT), "decided", "type"),
    "unknown table": (_put("loan", []), "tables.loan", "unknown-table"),
    "strange table name": (_put("\n", []), "tables.?", "unknown-table"),
    "table that is an object": (_put("loans", {}), "tables.loans", "type"),
    "table that is null": (_put("loans", None), "tables.loans", "type"),
    "row that is a list": (_put("loans", [[1]]), "tables.loans[0]", "type"),
    "row that is a text": (_put("payments", [SENT]), "tables.payments[0]", "type"),
    "too many rows": (
        _put("inquiries", [{"month": -1}] * (MAX_ROWS + 1)), "tables", "too-many-rows",
    ),
    "unknown column": (_set("loans", SENT[:3], 1), f"tables.loans[0].{SENT[:3]}", "unknown-column"),
    "long column": (_set("loans", "n" * 500, 1), "tables.loans[0].?", "unknown-column"),
    "text in numbers": (_set("loans", "amount", SENT), "tables.loans[0].amount", "type"),
    "list in numbers": (_set("loans", "amount", [1]), "tables.loans[0].amount", "type"),
    "boolean in numbers": (_set("loans", "amount", value=True), "tables.loans[0].amount", "type"),
    "nan": (_set("loans", "amount", math.nan), "tables.loans[0].amount", "not-finite"),
    "infinity": (_set("loans", "amount", math.inf), "tables.loans[0].amount", "not-finite"),
    "huge integer": (_set("loans", "amount", 10**400), "tables.loans[0].amount", "range"),
    "beyond exact": (_set("loans", "loan", 2**53 + 2), "tables.loans[0].loan", "range"),
    "half an integer": (_set("payments", "days", -1.5), "tables.payments[0].days", "type"),
    "below the range": (_set("payments", "due", -0.5), "tables.payments[0].due", "range"),
    "number as boolean": (_set("payments", "late", 1), "tables.payments[0].late", "type"),
    "not nullable": (_set("payments", "due", None), "tables.payments[0].due", "not-nullable"),
    "left out": (_drop("payments", "due", 1), "tables.payments[1].due", "missing"),
    "refused category": (
        _set("inquiries", "channel", SENT), "tables.inquiries[0].channel", "category",
    ),
    "long text": (_set("loans", "status", SENT * 200), "tables.loans[0].status", "too-long"),
    "date that is none": (_set("loans", "granted", SENT), "tables.loans[0].granted", "type"),
    "week date": (_set("loans", "granted", "2025-W01-1"), "tables.loans[0].granted", "type"),
    "missing key": (_drop("loans", "loan"), "tables.loans[0].loan", "missing"),
    "future date": (
        _set("loans", "granted", "2031-01-01"), "tables.loans[0].granted", "future-row",
    ),
    "future in a later date": (
        _set("loans", "updated", "2031-01-01"), "tables.loans[0].updated", "future-row",
    ),
    "future days": (_set("payments", "days", 0, 2), "tables.payments[2].days", "future-row"),
    "future month": (_set("inquiries", "month", 1), "tables.inquiries[0].month", "future-row"),
    "undated": (_drop("payments", "days"), "tables.payments[0].days", "undated-row"),
    "undated by null": (_set("loans", "granted", None), "tables.loans[0].granted", "undated-row"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(WRONG))
def test_each_fault_is_named_where_it_is(contract: RequestContract, name: str) -> None:
    # Given one application with one fault
    change, field, code = WRONG[name]
    own, below = full()
    change(own, below)
    # When it is checked
    check = contract.check(own, below, today=TODAY)
    # Then that fault is named, and no value comes back
    assert (field, code) in told(check)
    assert all(p.expected for p in check.problems)
    assert SENT not in str(check.problems)
    assert len(check.problems) <= 21


def test_duplicate_keys_are_refused_where_rows_hang_on_them(contract: RequestContract) -> None:
    own, below = full()
    _again("loans")(own, below)
    last = len(below["loans"]) - 1
    assert told(contract.check(own, below, today=TODAY)) == {
        (f"tables.loans[{last}].loan", "duplicate-key")
    }
    # Rows nothing hangs on may be alike
    own, below = full()
    _again("payments")(own, below)
    assert contract.check(own, below, today=TODAY).problems == ()


def test_the_day_of_the_decision_depends_on_latest(contract: RequestContract) -> None:
    own, below = full()
    below["inquiries"][0]["month"] = 0
    assert contract.check(own, below, today=TODAY).problems == ()
    below["loans"][0]["granted"] = own["decided"]
    check = contract.check(own, below, today=TODAY)
    assert told(check) == {("tables.loans[0].granted", "future-row")}
    assert check.problems[0].expected == "a date at least 1 days before the decision"


@pytest.mark.parametrize(
    ("decided", "at", "codes"),
    [
        # The same instants as tables have them: the day before in UTC is known, the day is not.
        ("2025-06-10T01:00:00+02:00", "2025-06-08T23:00:00Z", set()),
        ("2025-06-10T01:00:00+02:00", "2025-06-09T12:00:00Z", {"future-row"}),
        ("2025-06-10T12:00:00", "2025-06-09T22:00:00-05:00", {"future-row"}),
        ("2025-06-10T12:00:00", "2025-06-10T03:00:00+09:00", set()),
    ],
)
def test_moments_are_held_against_the_decision_by_their_days_in_utc(
    decided: str, at: str, codes: set[str]
) -> None:
    moment = ColumnType.DATETIME
    entity = Contract("a", (Column("id", ColumnType.TEXT), Column("decided", moment)),
                      key="id", as_of="decided")  # fmt: skip
    calls = Contract("calls", (Column("id", ColumnType.TEXT), Column("at", moment)))
    history = History(calls, "a", "id", None, AsOf(("at",), AsOfUnit.DATE))
    dated = compile_plan(
        Relations(entity, (history,)), [Feature("since", parse("time_since(calls)"))]
    )
    request = RequestContract(dated, ["since"])

    check = request.check({"id": "x", "decided": decided}, {"calls": [{"at": at}]}, today=TODAY)

    assert {p.code for p in check.problems} == codes
    if not codes:
        assert RowEvaluator(dated).features(check.application, check.tables) == {"since": 1}


def test_unknown_table_names_the_near_one(contract: RequestContract) -> None:
    own, below = full()
    below["paymets"] = []
    (problem,) = contract.check(own, below, today=TODAY).problems
    assert problem.expected == "one of loans, inquiries, payments; did you mean payments?"


def test_columns_nobody_reads_are_ignored_whatever_they_hold(contract: RequestContract) -> None:
    own, below = full()
    below["loans"][0]["branch"] = [SENT]
    below["payments"][0]["note"] = {"a": 1}
    check = contract.check(own, below, today=TODAY)
    assert check.problems == ()
    assert "branch" not in check.tables["loans"].columns


def test_absent_is_missing_and_tables_may_be_left_out(contract: RequestContract) -> None:
    own, below = full()
    evaluator = RowEvaluator(plan())
    for row in below["loans"]:
        row.pop("amount", None)
    nulled = copy.deepcopy(below)
    for row in nulled["loans"]:
        row["amount"] = None
    one, two = (contract.check(own, tables, today=TODAY) for tables in (below, nulled))
    assert one.problems == two.problems == ()
    assert evaluator.features(one.application, one.tables) == evaluator.features(
        two.application, two.tables
    )
    none = contract.check(own, {}, today=TODAY)
    assert none.problems == ()
    assert evaluator.features(none.application, none.tables)["loans_count"] == 0


def test_the_link_to_the_application_may_be_left_out(contract: RequestContract) -> None:
    own, below = full()
    whole = contract.check(own, below, today=TODAY)
    for row in below["loans"] + below["inquiries"]:
        del row["application"]
    evaluator = RowEvaluator(plan())
    for key in (own["application"], None):
        check = contract.check({**own, "application": key}, below, today=TODAY)
        assert check.problems == ()
        assert dict(check.orphans) == {}
        assert evaluator.features(check.application, check.tables) == evaluator.features(
            whole.application, whole.tables
        )


def test_rows_of_others_are_left_out_and_counted(contract: RequestContract) -> None:
    # Given rows of another application, and payments of a loan that is not there; their dates
    # would be refused, as in whole tables nobody asks for the dates of rows that are nobody's
    own, below = full()
    before = contract.check(own, below, today=TODAY)
    below["loans"].insert(
        0, {**below["loans"][0], "application": "B", "loan": 1, "granted": "2031-01-01"}
    )
    below["payments"].append({"loan": 1, "days": 5, "due": 1.0})
    below["payments"].append({"days": None, "due": 1.0})
    # When the application is checked
    check = contract.check(own, below, today=TODAY)
    # Then they are counted, and the rest is as before
    assert check.problems == ()
    assert dict(check.orphans) == {"loans": 1, "payments": 2}
    evaluator = RowEvaluator(plan())
    assert evaluator.features(check.application, check.tables) == evaluator.features(
        before.application, before.tables
    )


def test_without_a_key_rows_must_agree_on_one(contract: RequestContract) -> None:
    own, below = full()
    del own["application"]
    assert contract.check(own, below, today=TODAY).problems == ()
    below["inquiries"][0]["application"] = "B"
    assert told(contract.check(own, below, today=TODAY)) == {("application", "missing")}


def test_today_is_the_decision_where_none_was_sent(contract: RequestContract) -> None:
    own, below = full()
    decided = date.fromisoformat(own.pop("decided"))
    check = contract.check(own, below, today=decided)
    assert check.assumed_decision == check.application["decided"] == decided.isoformat()
    late = contract.check(own, below, today=date(1990, 1, 1))
    assert {code for _, code in told(late)} == {"future-row"}


def test_no_date_is_assumed_where_none_is_needed() -> None:
    features = [Feature("n", parse("count(inquiries)"))]
    contract = RequestContract(compile_plan(RELATIONS, features), ["n", "income"])
    check = contract.check({"income": 1.0}, {"inquiries": [{"month": -1}]}, today=TODAY)
    assert check.problems == ()
    assert check.assumed_decision is None
    # And columns a model may see but does not are ignored
    more = contract.check({"income": 1.0, "age": SENT}, {}, today=TODAY)
    assert (more.problems, "age" in more.application) == ((), False)
    # And tables nothing is computed of are not taken
    assert told(contract.check({"income": 1.0}, {"loans": []}, today=TODAY)) == {
        ("tables.loans", "unknown-table")
    }


def test_unlisted_categories_are_missing_and_flagged(contract: RequestContract) -> None:
    own, below = full()
    below["loans"][0]["status"] = SENT
    check = contract.check({**own, "purpose": SENT}, below, today=TODAY)
    assert check.problems == ()
    assert check.unknown == ("purpose", "tables.loans.status")
    assert next(iter(check.tables["loans"].columns["status"])) is None


def test_texts_are_trimmed_and_whole_floats_are_integers(contract: RequestContract) -> None:
    own, below = full()
    same = contract.check(own, below, today=TODAY)
    for row in below["loans"]:
        row["status"] = f" {row['status']} " if row["status"] else ""
        row["loan"] = float(row["loan"])
        row["application"] = f" {row['application']}"
    check = contract.check(own, below, today=TODAY)
    assert (check.problems, dict(check.orphans)) == ((), {})
    assert list(check.tables["loans"].columns["status"]) == list(
        same.tables["loans"].columns["status"]
    )


def test_very_many_faults_are_cut_short(contract: RequestContract) -> None:
    own, _ = full()
    rows = [{"loan": SENT, "granted": SENT, "amount": SENT, str(i): 1} for i in range(5000)]
    check = contract.check(own, {"loans": rows, "payments": rows, "x": 1}, today=TODAY)
    assert len(check.problems) == 20


def _columns() -> st.SearchStrategy[Any]:
    odd = st.sampled_from(
        [None, True, False, 0, 1, -1, 1.0, -1.5, 0.5, 1e300, -0.0, 2**53, 2**53 + 2, 10**400,
         math.nan, math.inf, "", " ", "open", " open ", "OPEN", "1", "x" * 1001, "2020-02-30",
         "2020-02-29", "2020-02-29T10:00:00", [], {}, [1], {"a": 1}],
    )  # fmt: skip
    return st.lists(odd | st.integers() | st.floats() | st.text(max_size=5), max_size=6)


@given(values=_columns(), column=st.sampled_from(["amount", "loan", "granted", "status"]))
@settings(max_examples=400, deadline=None)
def test_the_quick_way_says_what_the_slow_way_says(values: list[Any], column: str) -> None:
    # Given any values of a column
    from scorewright.core.features.request_columns import ColumnChecker

    found = RELATIONS.history("loans").contract.column(column)
    assert found is not None
    checker = ColumnChecker(replace(found, minimum=-5.0) if column == "amount" else found)
    # When they are checked together and each alone
    whole = checker.check(values)
    alone = [checker._one_by_one([value]) for value in values]
    # Then it is the same
    assert whole.problems == tuple((i, c.problems[0][1]) for i, c in enumerate(alone) if c.problems)
    assert whole.has_unlisted == any(c.has_unlisted for c in alone)
    if isinstance(whole.values, np.ndarray):
        singles = [c.values[0] for c in alone]
        assert np.array_equal(whole.values, np.array(singles, dtype=np.float64), equal_nan=True)
    else:
        assert whole.values == [c.values[0] for c in alone]


def _json(depth: int = 3) -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
    names = st.sampled_from(["loans", "payments", "loan", "granted", "application", "x"])
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
        max_leaves=2**depth,
    )


@given(own=st.dictionaries(st.text(max_size=6), _json(), max_size=3), below=_json())
@settings(max_examples=300, deadline=None)
def test_whatever_is_sent_is_answered(own: dict[str, Any], below: Any) -> None:
    contract = RequestContract(plan(), raw().space.names)
    good, _ = application(3)
    tables = below if isinstance(below, dict) else {"loans": below}
    check = contract.check({**good, **own}, tables, today=TODAY)
    if not check.problems:
        RowEvaluator(plan()).features(check.application, check.tables)
    json.dumps([p.field + p.code + p.expected for p in check.problems])


def test_columns_the_model_must_not_see_are_taken_and_ignored(contract: RequestContract) -> None:
    own, below = full()
    plain = contract.check(own, below, today=TODAY)

    check = contract.check({**own, "sex": "f"}, below, today=TODAY)

    assert not check.problems
    assert "sex" not in check.application or "sex" in plain.application
