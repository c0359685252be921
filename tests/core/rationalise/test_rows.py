"""The working copy of rows, and steps made of it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.plans import Row, RowChange, inverse
from scorewright.core.rationalise import Idea, Need, RawRows, SetRow, TableShape, needs_of, steps_of

SHAPES = {
    "tags": TableShape(("key", "value", "run_uuid"), ("key", "run_uuid")),
    "runs": TableShape(("run_uuid", "name", "status"), ("run_uuid",)),
    "models": TableShape(("name", "workspace", "text"), ("name", "workspace")),
}
keys, runs = st.sampled_from("abc"), st.sampled_from("xyz")
values = st.one_of(st.none(), st.sampled_from("123"))
wishes = st.lists(st.tuples(keys, runs, values), max_size=12)


def held(rows: RawRows) -> list[Row]:
    return [row for run in "xyz" for row in rows.find("tags", {"run_uuid": run})]


def fresh(given: dict[tuple[str, str], str]) -> RawRows:
    rows: list[Row] = [{"key": k, "run_uuid": r, "value": v} for (k, r), v in given.items()]
    return RawRows(SHAPES, {"tags": rows})


@settings(deadline=None)
@given(st.dictionaries(st.tuples(keys, runs), st.sampled_from("123")), wishes)
def test_steps_lead_to_the_wish_and_back(
    given: dict[tuple[str, str], str], wishes: list[tuple[str, str, str | None]]
) -> None:
    ideas = [
        Idea("set", r, "Set it.", tasks=(
            SetRow("tags", {"key": k, "run_uuid": r}, None if v is None else {"value": v}),))
        for k, r, v in wishes
    ]  # fmt: skip
    # a plain dictionary gives the same
    wanted = dict(given)
    for k, r, v in wishes:
        wanted.pop((k, r), None) if v is None else wanted.update({(k, r): v})
    rows = fresh(given)
    steps, notes = steps_of(ideas, rows)
    assert not notes
    assert {(row["key"], row["run_uuid"]): row["value"] for row in held(rows)} == wanted
    # once more there is nothing to do
    assert steps_of(ideas[-1:], rows)[0] == ()
    # and backwards everything is as before
    for change in reversed([c for step in steps for c in step.changes]):
        back = inverse(change)
        assert isinstance(back, RowChange)
        rows.put(back)
    assert {(row["key"], row["run_uuid"]): row["value"] for row in held(rows)} == given


def test_only_what_differs_is_changed_and_stamped() -> None:
    rows = RawRows(SHAPES, {"runs": [{"run_uuid": "x", "name": "a", "status": "OK"}]})
    task = SetRow("runs", {"run_uuid": "x"}, {"name": "a", "unknown": 1}, stamps={"status": "NEW"})
    assert steps_of([Idea("o", "s", "t", tasks=(task,))], rows) == ((), ())
    other = SetRow("runs", {"run_uuid": "x"}, {"name": "b"}, stamps={"status": "NEW", "z": 1})
    ((step,), _) = steps_of([Idea("o", "s", "t", tasks=(other,))], rows)
    assert step.changes == (
        RowChange("runs", {"run_uuid": "x"}, {"name": "a", "status": "OK"},
                  {"name": "b", "status": "NEW"}),
    )  # fmt: skip


def test_what_a_schema_cannot_say_is_told_and_nothing_of_it_is_done() -> None:
    rows = RawRows(SHAPES, {"runs": [{"run_uuid": "x", "name": "a", "status": "OK"}]})
    tasks = (SetRow("runs", {"run_uuid": "x"}, {"name": "b"}), SetRow("aliases", {"a": 1}, {}))
    steps, notes = steps_of([Idea("o", "run x", "t", tasks=tasks)], rows)
    assert steps == ()
    assert notes == ("Left as it is: run x: its schema has no table 'aliases'.",)
    assert rows.find("runs", {"run_uuid": "x"})[0]["name"] == "a"


def test_one_name_in_two_workspaces_is_left() -> None:
    rows = RawRows(
        SHAPES, {"models": [{"name": "m", "workspace": w, "text": ""} for w in ("a", "b")]}
    )
    idea = Idea("o", "model m", "t", tasks=(SetRow("models", {"name": "m"}, {"text": "x"}),))
    assert "several workspaces" in steps_of([idea], rows)[1][0]


def test_needs_are_asked_once() -> None:
    task = SetRow("tags", {"key": "a", "run_uuid": "x"}, None)
    idea = Idea("o", "s", "t", tasks=(task, task))
    assert needs_of([idea], SHAPES) == (Need("tags", "run_uuid", "x"),)
