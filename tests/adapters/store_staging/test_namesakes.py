"""Evaluation data sets of one name arrive both, and the plan says what that means."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.adapters.store_staging.test_kept_aside import evaluation, store
from tests.adapters.store_staging.world import consolidated, note_with, planned, rows_of


def sets(letter: str, number: int = 1) -> Callable[[sqlite3.Connection], None]:
    """Evaluation data sets of the same names in every store."""

    def fill(connection: sqlite3.Connection) -> None:
        for one in range(number):
            evaluation(connection, f"d-{letter}-{one}", name=f"questions {one}")

    return fill


def namesakes(notes: tuple[str, ...]) -> list[str]:
    """Return what is said of evaluation data sets of one name."""
    return [note for note in notes if "get_dataset" in note]


def test_evaluation_data_sets_of_one_name_are_named_with_both_ids(tmp_path: Path) -> None:
    # Given
    paths = [store(tmp_path / x, sets(x)) for x in "abc"]
    target = tmp_path / "new" / "m.db"

    # When
    plan = consolidated(paths, target).plan

    # Then
    assert rows_of(target, "SELECT dataset_id, name FROM evaluation_datasets ORDER BY 1") == [
        (f"d-{x}-0", "questions 0") for x in "abc"
    ]
    second, third = namesakes(plan.notes)
    refused = "MLflow's get_dataset(name=...) refuses that name from now on; ask by dataset_id."
    assert second == (
        "b: the evaluation data set d-b-0 has the name 'questions 0' of d-a-0 in the target: all "
        f"are kept. {refused}"
    )
    assert third == (
        "c: the evaluation data set d-c-0 has the name 'questions 0' of d-a-0, d-b-0 in the "
        f"target: all are kept. {refused}"
    )
    assert namesakes(planned(paths, target).plan.notes) == []


def test_two_of_one_name_in_one_store_are_no_doing_of_the_plan(tmp_path: Path) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        evaluation(connection, "d1")
        evaluation(connection, "d2")

    plan = planned([store(tmp_path / "a", fill)], tmp_path / "new" / "m.db").plan
    assert namesakes(plan.notes) == []


def test_very_many_are_told_in_one_sentence(tmp_path: Path) -> None:
    paths = [store(tmp_path / x, sets(x, 21)) for x in "ab"]
    plan = planned(paths, tmp_path / "new" / "m.db").plan
    assert note_with(plan.notes, "get_dataset") == (
        "b: 21 evaluation data sets have names that others in the target have, such as "
        "'questions 0', 'questions 1', 'questions 2': both are kept. MLflow's "
        "get_dataset(name=...) refuses those names from now on; ask by dataset_id."
    )
