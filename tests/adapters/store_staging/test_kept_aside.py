"""Rows that are kept aside are named, each with its reason; equal rows never are."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.adapters.store_staging.world import consolidated, note_with, planned, rows_of
from tests.stores.database import write_database_experiment
from tests.stores.schema import create_database, insert

from scorewright.core.plans import Plan

Fill = Callable[[sqlite3.Connection], object]


def store(folder: Path, fill: Fill) -> Path:
    """Make a store with the experiment "x"."""
    path = folder / "mlflow.db"
    with closing(create_database(path)) as connection:
        for number, name in enumerate(("Default", "x")):
            write_database_experiment(connection, number, name, f"{folder}/mlruns/{number}")
        fill(connection)
        connection.commit()
    return path


def work(path: Path, sql: str) -> None:
    """Somebody works on a store."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)


def aside(plan: Plan) -> list[str]:
    """Return what is said of rows that are kept aside."""
    return [note for note in plan.notes if "aside" in note]


def others(plan: Plan) -> tuple[int, int, int]:
    """Return how many rows of small tables are copied, there already and kept aside."""
    (line,) = [line for line in plan.balance if line.what == "other rows"]
    return line.copied, line.duplicate, line.quarantined


def queue(
    connection: sqlite3.Connection, queue_id: str, name: str, *, items: int = 1, asks: str = ""
) -> None:
    """A review queue with a user, items and, where wished, a question."""
    times = {"creation_time_ms": 1, "last_update_time_ms": 2}
    insert(
        connection,
        "review_queues",
        queue_id=queue_id,
        experiment_id=1,
        name=name,
        name_key=name,
        queue_type="custom",
        **times,
    )
    insert(connection, "review_queue_users", queue_id=queue_id, user_id="ana")
    for number in range(items):
        insert(
            connection,
            "review_queue_items",
            queue_id=queue_id,
            item_type="trace",
            item_id=f"tr-{number}",
            status="pending",
            **times,
        )
    if asks:
        insert(connection, "review_queue_label_schemas", queue_id=queue_id, schema_id=asks)


def scorer(connection: sqlite3.Connection, scorer_id: str) -> None:
    """A scorer of the name "polite" with one version and a setting."""
    insert(connection, "scorers", experiment_id=1, scorer_name="polite", scorer_id=scorer_id)
    insert(
        connection, "scorer_versions", scorer_id=scorer_id, scorer_version=1, serialized_scorer="{}"
    )
    insert(
        connection,
        "online_scoring_configs",
        online_scoring_config_id=f"c-{scorer_id}",
        scorer_id=scorer_id,
        sample_rate=0.5,
        experiment_id=1,
    )


def evaluation(
    connection: sqlite3.Connection, dataset_id: str, records: int = 1, name: str = "questions"
) -> None:
    """An evaluation data set."""
    insert(
        connection,
        "evaluation_datasets",
        dataset_id=dataset_id,
        name=name,
        last_update_time=2,
        workspace="default",
    )
    insert(connection, "evaluation_dataset_tags", dataset_id=dataset_id, key="k", value="v")
    insert(
        connection,
        "entity_associations",
        association_id=f"a-{dataset_id}",
        source_type="evaluation_dataset",
        source_id=dataset_id,
        destination_type="experiment",
        destination_id="1",
    )
    for number in range(records):
        record(connection, dataset_id, number)


def record(connection: sqlite3.Connection, dataset_id: str, number: int) -> None:
    """One record of an evaluation data set."""
    insert(
        connection,
        "evaluation_dataset_records",
        dataset_record_id=f"r-{dataset_id}-{number}",
        dataset_id=dataset_id,
        inputs="{}",
        input_hash=f"h{number}",
        created_time=1,
        last_update_time=2,
    )


def test_a_queue_that_was_worked_on_does_not_stop_the_next_plan(tmp_path: Path) -> None:
    # Given a queue that is in the target, and gets another time in the source
    path = store(tmp_path / "a", lambda connection: queue(connection, "q1", "daily"))
    target = tmp_path / "new" / "m.db"
    consolidated([path], target)
    work(path, "UPDATE review_queues SET last_update_time_ms = 99")

    # When
    plan = planned([path], target).plan

    # Then what hangs on it is there already.
    (note,) = aside(plan)
    assert note == (
        "a: review_queues q1 is in the target with another content and is kept aside: "
        "last_update_time_ms: 2 here, 99 there."
    )
    assert others(plan) == (0, 2, 1)


def test_what_hangs_on_a_changed_data_set_is_a_duplicate_or_named(tmp_path: Path) -> None:
    # Given an evaluation data set that got a record after it was consolidated
    path = store(tmp_path / "a", lambda connection: evaluation(connection, "d1"))
    target = tmp_path / "new" / "m.db"
    consolidated([path], target)
    work(path, "UPDATE evaluation_datasets SET last_update_time = 99")
    with closing(sqlite3.connect(path)) as connection, connection:
        record(connection, "d1", 1)

    # When
    plan = planned([path], target).plan

    # Then
    changed, new = aside(plan)
    assert changed == (
        "a: evaluation_datasets d1 is in the target with another content and is kept aside: "
        "last_update_time: 2 here, 99 there."
    )
    assert new == (
        "a: evaluation_dataset_records r-d1-1 is kept aside: it belongs to evaluation_datasets "
        "d1, which is kept aside."
    )
    assert others(plan) == (0, 3, 2)


def test_rows_whose_name_is_taken_are_named_with_all_that_is_theirs(tmp_path: Path) -> None:
    # Given two stores with a scorer and a queue of one name
    def fill(letter: str) -> Fill:
        def both(connection: sqlite3.Connection) -> None:
            scorer(connection, f"s-{letter}")
            queue(connection, f"q-{letter}", "daily")

        return both

    paths = [store(tmp_path / letter, fill(letter)) for letter in "ab"]

    # When
    plan = planned(paths, tmp_path / "new" / "m.db").plan

    # Then
    held = "is kept aside: it belongs to"
    assert aside(plan) == [
        "b: scorers s-b is kept aside: the scorer_name 'polite' of experiment 1 is taken by s-a.",
        f"b: scorer_versions s-b/1 {held} scorers s-b, which is kept aside.",
        f"b: online_scoring_configs c-s-b {held} scorers s-b, which is kept aside.",
        "b: review_queues q-b is kept aside: the name_key 'daily' of experiment 1 is taken by q-a.",
        f"b: review_queue_items q-b/tr-0 {held} review_queues q-b, which is kept aside.",
        f"b: review_queue_users q-b/ana {held} review_queues q-b, which is kept aside.",
    ]
    assert others(plan) == (6, 0, 6)


def test_very_many_rows_are_told_in_one_sentence(tmp_path: Path) -> None:
    # Given a queue with many items whose name is taken
    paths = [
        store(tmp_path / "a", lambda connection: queue(connection, "q-a", "daily", items=21)),
        store(tmp_path / "b", lambda connection: queue(connection, "q-b", "daily", items=21)),
    ]

    # When
    plan = planned(paths, tmp_path / "new" / "m.db").plan

    # Then
    assert note_with(plan.notes, "review_queue_items") == (
        "b: 21 rows of 'review_queue_items' are kept aside: 21 of what is kept aside; such as "
        "q-b/tr-0, q-b/tr-1, q-b/tr-2."
    )
    assert others(plan) == (23, 0, 23)


def test_reasons_of_very_many_rows_are_counted(tmp_path: Path) -> None:
    # Given a data set of which 11 records changed, and that got 12 others
    path = store(tmp_path / "a", lambda connection: evaluation(connection, "d1", 30))
    target = tmp_path / "new" / "m.db"
    consolidated([path], target)
    work(path, "UPDATE evaluation_dataset_records SET last_update_time = 99 WHERE rowid < 12")
    work(path, "UPDATE evaluation_datasets SET last_update_time = 99")
    with closing(sqlite3.connect(path)) as connection, connection:
        for number in range(30, 42):
            record(connection, "d1", number)

    # When
    plan = planned([path], target).plan

    # Then
    assert note_with(plan.notes, "evaluation_dataset_records") == (
        "a: 23 rows of 'evaluation_dataset_records' are kept aside: 11 in the target with another "
        "content; 12 of what is kept aside; such as r-d1-0, r-d1-1, r-d1-2."
    )
    assert rows_of(target, "SELECT COUNT(*) FROM evaluation_dataset_records") == [(30,)]
