"""One run id in two stores: identical, a continuation, behind, or a conflict; nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.consolidation import POLICIES, Content, Verdict, judge

RUNS = POLICIES["runs"]
_KEYS = st.text("abc", min_size=1, max_size=2)
_PARAMS = st.dictionaries(_KEYS.map(lambda key: (key,)), _KEYS.map(lambda v: (v,)), max_size=4)
_POINTS = st.sets(st.tuples(_KEYS, st.integers(0, 3), st.floats(0, 1)), max_size=6)


def content(
    params: dict[Any, Any] | None = None,
    points: set[Any] | None = None,
    *,
    status: str = "FINISHED",
    end: int | None = 10,
    **row: Any,
) -> Content:
    """A run."""
    points = points or set()
    last: dict[Any, Any] = {}
    for key, step, value in sorted(points):
        last[(key,)] = (value, step)
    base: dict[str, Any] = {
        "name": "a",
        "start_time": 1,
        "lifecycle_stage": "active",
        "experiment_id": 1,
    }
    return Content(
        {**base, "status": status, "end_time": end, **row},
        {"params": params or {}, "metrics": dict.fromkeys(points, ())},
        {"latest_metrics": last},
    )


@st.composite
def contents(draw: st.DrawFn) -> Content:
    """Any run."""
    is_running = draw(st.booleans())
    return content(
        draw(_PARAMS),
        draw(_POINTS),
        status="RUNNING" if is_running else "FINISHED",
        end=None if is_running else draw(st.integers(5, 7)),
        name=draw(st.sampled_from(["a", "b", None])),
    )


@given(contents())
def test_a_run_is_identical_to_itself(one: Content) -> None:
    assert judge(one, one, RUNS).verdict is Verdict.IDENTICAL


_OPPOSITE = {
    Verdict.IDENTICAL: Verdict.IDENTICAL,
    Verdict.CONTINUES: Verdict.BEHIND,
    Verdict.BEHIND: Verdict.CONTINUES,
    Verdict.CONFLICT: Verdict.CONFLICT,
}


@given(contents(), contents())
def test_the_other_way_round_the_verdict_turns(one: Content, other: Content) -> None:
    forth, back = judge(one, other, RUNS).verdict, judge(other, one, RUNS).verdict
    assert back is _OPPOSITE[forth]


def _merged(here: Content, there: Content) -> Content:
    judgement = judge(here, there, RUNS)
    parts = {
        table: {**rows, **{k: there.parts[table][k] for k in judgement.added[table]}}
        for table, rows in here.parts.items()
    }
    last = {
        table: {
            **rows,
            **{
                key: there.last[table][key]
                for key in judgement.added[table] | judgement.changed[table]
            },
        }
        for table, rows in here.last.items()
    }
    return Content({**here.row, **judgement.row}, parts, last)


@given(contents(), contents())
def test_a_continuation_arrives_whole_and_is_then_identical(here: Content, there: Content) -> None:
    if judge(here, there, RUNS).verdict is Verdict.CONTINUES:
        merged = _merged(here, there)
        assert judge(merged, there, RUNS).verdict is Verdict.IDENTICAL
        assert merged.parts == there.parts


@given(_PARAMS, _POINTS, _PARAMS, _POINTS)
def test_a_longer_run_with_equal_beginnings_continues(
    params: dict[Any, Any], points: set[Any], more: dict[Any, Any], further: set[Any]
) -> None:
    here = content(params, points, status="RUNNING", end=None)
    there = content({**more, **params}, points | further)
    assert judge(here, there, RUNS).verdict is Verdict.CONTINUES
    merged = _merged(here, there)
    assert judge(merged, there, RUNS).verdict is Verdict.IDENTICAL
    assert merged.parts == there.parts


@given(_PARAMS, _POINTS)
def test_another_value_of_one_parameter_is_a_conflict(
    params: dict[Any, Any], points: set[Any]
) -> None:
    here = content({**params, ("x",): ("1",)}, points)
    there = content({**params, ("x",): ("2",), ("y",): ("3",)}, points)
    judgement = judge(here, there, RUNS)
    assert judgement.verdict is Verdict.CONFLICT
    found = [d for d in judgement.differences if d.field == "params.x"]
    assert [(d.here, d.there) for d in found] == [("1", "2")]


@given(_PARAMS, _POINTS)
def test_each_with_something_of_its_own_is_a_conflict(
    params: dict[Any, Any], points: set[Any]
) -> None:
    here = content({**params, ("x",): ("1",)}, points)
    there = content(params, points | {("z", 9, 0.5)})
    judgement = judge(here, there, RUNS)
    assert judgement.verdict is Verdict.CONFLICT
    assert {d.field for d in judgement.differences} == {"params.x", "metrics.z/9/0.5"}


@pytest.mark.parametrize(
    ("here", "there", "verdict"),
    [
        ({"status": "RUNNING", "end": None}, {"status": "FINISHED", "end": 5}, Verdict.CONTINUES),
        ({"status": "FINISHED", "end": 5}, {"status": "RUNNING", "end": None}, Verdict.BEHIND),
        ({"status": "FAILED", "end": 5}, {"status": "FINISHED", "end": 7}, Verdict.CONTINUES),
        ({"status": "FAILED", "end": 5}, {"status": "FINISHED", "end": 5}, Verdict.CONFLICT),
        ({"lifecycle_stage": "deleted"}, {"lifecycle_stage": "active"}, Verdict.CONFLICT),
        ({"experiment_id": 1}, {"experiment_id": 2}, Verdict.CONFLICT),
        ({"name": None}, {"name": "a"}, Verdict.CONTINUES),
        ({"name": "b"}, {"name": "a"}, Verdict.CONFLICT),
    ],
)
def test_columns_of_a_run(here: dict[str, Any], there: dict[str, Any], verdict: Verdict) -> None:
    assert judge(content(**here), content(**there), RUNS).verdict is verdict


def test_a_run_taken_up_again_continues_although_it_runs() -> None:
    here = content({}, {("a", 0, 0.5)})
    there = content({}, {("a", 0, 0.5), ("a", 1, 0.6)}, status="RUNNING", end=None)
    judgement = judge(here, there, RUNS)
    assert judgement.verdict is Verdict.CONTINUES
    assert judgement.row == {"status": "RUNNING", "end_time": None}
    assert judgement.changed["latest_metrics"] == {("a",)}


def test_traces_never_grow() -> None:
    here = content({("a",): ("1",)})
    there = replace(here, parts={"params": {("a",): ("1",), ("b",): ("2",)}, "metrics": {}})
    judgement = judge(here, there, POLICIES["trace_info"])
    assert judgement.verdict is Verdict.CONFLICT
    assert [d.field for d in judgement.differences] == ["params.b"]
