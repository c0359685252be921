"""Changes of a merge are as lists of them would be, and cost what there is of them."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.store_staging.world import planned
from tests.stores.database import DatabaseRun, write_database_experiment, write_database_run
from tests.stores.schema import create_database

import scorewright.adapters.store_staging
from scorewright.adapters.store_staging.changes import Changes
from scorewright.core.plans import Row, RowChange, net_changes

_ROOM = str(Path(scorewright.adapters.store_staging.__file__).parent)
_KEYS = 5

_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["runs:1/more", "runs:2/more"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["auc", "ks"]),
        st.sampled_from(["value", "step"]),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=30,
)


@given(steps=_STEPS)
def test_changes_are_those_of_plain_lists(
    steps: list[tuple[str, str, str, str, int, bool]],
) -> None:
    """A change of a row that has one is joined with it, and stands last."""
    found, lists = Changes(), dict[str, list[RowChange]]()
    for unit, run, metric, column, value, is_put in steps:
        key: Row = {"key": metric, "run_uuid": run}
        new = RowChange("latest_metrics", key, {column: value}, {column: value + 1})
        old = lists.setdefault(unit, [])
        earlier = [one for one in old if one.key == key]
        others = [one for one in old if one.key != key]
        assert found.earlier(unit, "latest_metrics", key) == (earlier[0] if earlier else None)
        if is_put and not found.of_owner("latest_metrics", run):
            found.put(unit, new)
            lists[unit] = [*others, new]
        else:
            found.add(unit, new, run)
            lists[unit] = [*others, *net_changes([*earlier, new])]
    assert {unit: list(found.of_unit(unit)) for unit in found.units()} == lists


@given(steps=_STEPS)
def test_changes_are_found_by_owner(steps: list[tuple[str, str, str, str, int, bool]]) -> None:
    found = Changes()
    for unit, run, metric, column, value, _ in steps:
        key: Row = {"key": metric, "run_uuid": run}
        found.add(unit, RowChange("latest_metrics", key, {column: 0}, {column: value}), run)
    changes = [one for unit in found.units() for one in found.of_unit(unit)]
    for run in ("a", "b"):
        mine = [one for one in changes if one.key["run_uuid"] == run]
        assert sorted(map(repr, found.of_owner("latest_metrics", run))) == sorted(map(repr, mine))
        assert not list(found.of_owner("runs", run))


def _store(folder: Path, runs: int, points: int) -> Path:
    folder.mkdir(parents=True)
    path = folder / "mlflow.db"
    with closing(create_database(path)) as connection:
        write_database_experiment(connection, 0, "Default", f"{folder}/mlruns/0")
        write_database_experiment(connection, 1, "x", f"{folder}/mlruns/1")
        for number in range(runs):
            uri = f"{folder}/mlruns/1/{number}/artifacts"
            metrics = {f"m{key}": [(n, n / 10, n) for n in range(points)] for key in range(_KEYS)}
            one = DatabaseRun(
                f"{number:032x}", 1, "a", uri, 5, 9 + points, params={"p": "1"}, metrics=metrics
            )
            write_database_run(connection, one)
        connection.commit()
    return path


def _steps_of(work: Callable[[], object]) -> int:
    """Count the instructions of Python that the room carries out: exact, whatever else runs."""
    count = 0

    def local(_: FrameType, event: str, __: Any) -> Callable[..., Any]:
        nonlocal count
        count += event == "opcode"
        return local

    def trace(frame: FrameType, _: str, __: Any) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(_ROOM):
            return None
        frame.f_trace_opcodes = True
        return local

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def test_twice_the_runs_that_go_on_are_twice_the_work(tmp_path: Path) -> None:
    """Every run of the target goes on in two sources, one after the other."""
    counts = {}
    for runs in (6, 12, 24):
        target, *sources = (
            _store(tmp_path / f"{runs}-{points}", runs, points) for points in (1, 2, 3)
        )

        def work(sources: list[Path] = sources, target: Path = target) -> None:
            change = planned(sources, target)
            (more,) = [step for step in change.plan.steps if "Change" in step.sentence]
            changed = [one for one in more.changes if isinstance(one, RowChange)]
            assert len(changed) == len({str(one.key) for one in changed})
            last = [one.after for one in changed if one.table == "latest_metrics"]
            assert last == [{"value": 0.2, "timestamp": 2, "step": 2}] * len(last)
            assert len(changed) == runs * (_KEYS + 1)  # noqa: B023 - called at once

        counts[runs] = _steps_of(work)
    # What does not depend on the runs is the same in all three.
    assert counts[24] - counts[12] < 2.1 * (counts[12] - counts[6])


def test_what_an_earlier_source_added_is_found_without_reading_the_payload(tmp_path: Path) -> None:
    """The payload has no index of owners: a run's rows lie where they were written."""
    target, *sources = (_store(tmp_path / str(points), 3, points) for points in (1, 2, 4))
    change = planned([*sources, sources[0]], target)
    with closing(sqlite3.connect(change.payload)) as connection:
        found = connection.execute(
            "SELECT key, run_uuid, step, COUNT(*) FROM metrics GROUP BY 1, 2, 3"
        ).fetchall()
        assert len(found) == 3 * _KEYS * 3
        assert {count for *_, count in found} == {1}
    line = {one.what: one for one in change.plan.balance}
    assert line["runs"].merged == 6
    assert line["runs"].duplicate == 3
    assert not [note for note in change.plan.notes if "aside" in note]
