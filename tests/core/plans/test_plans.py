"""Plans are documents: they can be saved, read back, taken back, and not quietly changed."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.plans import (
    Balance,
    Change,
    FileChange,
    LinkChange,
    MoveChange,
    Plan,
    Receipt,
    RowChange,
    RowsChange,
    Step,
    StoreChange,
    StoreRef,
    balance_table,
    inverse,
    inverse_plan,
    plan_text,
    read_plan,
    read_receipt,
    unbalanced,
)

_TEXT = st.text(max_size=5)
_SHA = st.sampled_from(["a" * 64, "b" * 64])
_SCALAR = _TEXT | st.integers(-9, 9) | st.none() | st.booleans() | st.floats(-1, 1)
_ROW = st.dictionaries(_TEXT, _SCALAR, max_size=3)
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(RowChange, _TEXT, _ROW, st.none() | _ROW, st.none() | _ROW),
    st.builds(RowsChange, _TEXT, _TEXT, st.integers(0, 9), _SHA, st.booleans()),
    st.builds(FileChange, _TEXT, st.none() | _SHA, st.none() | _SHA, st.integers(0, 9), _TEXT),
    st.builds(MoveChange, _TEXT, _TEXT, _SHA),
    st.builds(LinkChange, _TEXT, _TEXT, _SHA, st.integers(0, 9), st.booleans()),
    st.builds(
        StoreChange, _TEXT, _TEXT, st.booleans(), st.none() | st.integers(0, 9), st.none() | _ROW
    ),
)


def _plan(*changes: Change) -> Plan:
    steps = tuple(Step("rename_run", "run 1", "Call it x.", (c,), "CONV-001") for c in changes)
    return Plan(
        kind="fix",
        target=StoreRef("sqlite:///a.db", "r", "f"),
        sources=(),
        steps=steps,
        balance=(Balance("runs", 3, copied=2, left=1),),
        made_at="2026-11-21T00:00:00+00:00",
        made_by="me",
    )


@given(CHANGES)
def test_taking_back_twice_is_nothing(change: Change) -> None:
    assert inverse(inverse(change)) == change


@given(st.lists(CHANGES, max_size=3))
def test_documents_come_back_as_they_were(changes: list[Change]) -> None:
    plan = _plan(*changes)
    whole = asdict(plan)
    for change in (change for step in whole["steps"] for change in step["changes"]):
        if change.get("default", ...) is None:
            del change["default"]
    assert plan.to_json() == {"id": plan.id, **whole}
    document = json.loads(json.dumps(plan.to_json()))
    assert read_plan(document, "p.json") == plan
    receipt = Receipt(plan, "", "me", "t0", "t1", plan.target, plan.target, "b", "bin", ("x",))
    assert receipt.to_json() == {**asdict(receipt), "plan": plan.to_json()}
    assert read_receipt(json.loads(json.dumps(receipt.to_json())), "r.json") == receipt


def test_the_id_is_that_of_the_content() -> None:
    plan = _plan(RowChange("runs", {"id": 1}, {"name": "a"}, {"name": "b"}))
    assert plan.id == _plan(*plan.steps[0].changes).id
    assert replace(plan, made_by="you").id != plan.id
    document = plan.to_json()
    document["steps"][0]["changes"][0]["after"]["name"] = "c"
    assert plan.to_json()["steps"][0]["changes"][0]["after"] == {"name": "b"}


def test_a_plan_of_before_there_were_columns_of_default_is_read() -> None:
    # Given a plan as an older release wrote it, with its id
    document = _plan(StoreChange("sqlite:///n.db", "/m", created=7)).to_json()
    (change,) = document["steps"][0]["changes"]
    assert change == {
        "location": "sqlite:///n.db",
        "artifact_root": "/m",
        "is_there": True,
        "created": 7,
        "kind": "store",
    }
    assert document["id"] == "b5a389058cb11e89f2b4e5b23d1becc297565c73d8c0e99985c0e84e2c5fa9b0"

    # When, then
    plan = read_plan(json.loads(json.dumps(document)), "p.json")
    assert plan.steps[0].changes == (StoreChange("sqlite:///n.db", "/m", created=7),)


def test_the_inverse_runs_backwards() -> None:
    first = RowChange("tags", {"key": "a"}, None, {"value": "1"})
    second = RowChange("tags", {"key": "b"}, {"value": "1"}, {"value": "2"})
    plan = _plan(first, second)
    after = StoreRef("sqlite:///a.db", "r2", "f2")
    receipt = Receipt(plan, "", "me", "t0", "t1", plan.target, after, "b", "bin")
    back = inverse_plan(receipt, "t2", "you")
    assert back.target == after
    assert back.inverse_of == plan.id
    assert [step.changes[0] for step in back.steps] == [inverse(second), inverse(first)]


def test_a_changed_plan_is_refused() -> None:
    document = _plan(RowChange("tags", {"key": "a"}, None, {"value": "1"})).to_json()
    document["steps"][0]["changes"][0]["after"]["value"] = "2"
    with pytest.raises(IntegrityError) as caught:
        read_plan(document, "p.json")
    assert caught.value.code == "plan-changed"


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"schema_version": 2}, {"schema_version": 1, "kind": "fix"}, "x"],
)
def test_what_is_no_plan_is_refused(document: object) -> None:
    with pytest.raises(UsageError) as caught:
        read_plan(document, "p.json")
    assert caught.value.code == "plan-invalid"
    with pytest.raises(UsageError) as caught:
        read_receipt(document, "r.json")
    assert caught.value.code in ("receipt-invalid", "plan-invalid")


def test_balances_add_up() -> None:
    fine = Balance("runs", 5, 1, 1, 1, 1, 1)
    assert unbalanced([fine, replace(fine, found=7)]) == (replace(fine, found=7),)


def test_a_plan_in_words() -> None:
    text = plan_text(
        _plan(
            RowChange("tags", {"key": "a"}, None, {"value": "1"}),
            RowsChange("runs", "experiment 1", 1200, "d"),
            FileChange("/a/x", "c" * 64, None, 3),
            MoveChange("/a", "/b", "d"),
            LinkChange("/a", "/b", "d", 3),
            StoreChange("sqlite:///n.db", "/m"),
        )
    )
    assert text.operations == (("rename_run", 6),)
    lines = [line for _, changes in text.steps for line in changes]
    assert lines == [
        "tags (key a): nothing -> value='1'",
        "runs: 1,200 rows in (experiment 1)",
        "/a/x: cccccccccccc -> nothing",
        "/a -> /b",
        "/a shares its bytes with /b",
        "store sqlite:///n.db is made",
    ]


def test_a_balance_shows_only_what_it_tells() -> None:
    lines = (Balance("runs", 1200, copied=1200), Balance("tags", 3, copied=1, left=2))
    assert balance_table(lines) == (
        ("of", "found", "copied", "left"),
        (("runs", "1,200", "1,200", "0"), ("tags", "3", "1", "2")),
    )
    columns, rows = balance_table((Balance("runs", 5, copied=2),))
    assert (columns[-1], rows[0][-1]) == ("missing", "3")
