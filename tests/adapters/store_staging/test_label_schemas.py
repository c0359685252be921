"""Questions of review queues: the same one under another id is one, and no queue asks nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.adapters.store_staging.test_kept_aside import aside, queue, store, work
from tests.adapters.store_staging.world import consolidated, note_with, planned, rows_of
from tests.stores.schema import create_database, insert

from scorewright.adapters.store_editing.checks import check_store
from scorewright.adapters.store_editing.database import Database
from scorewright.core.errors import IntegrityError

ASKED = "SELECT queue_id, schema_id FROM review_queue_label_schemas ORDER BY 1"


def asking(letter: str, instruction: str, time: int) -> Callable[[sqlite3.Connection], None]:
    """A queue with the question that MLflow makes in every experiment."""

    def fill(connection: sqlite3.Connection) -> None:
        insert(
            connection,
            "label_schemas",
            schema_id=f"ls-{letter}",
            experiment_id=1,
            name="Feedback",
            type="feedback",
            instruction=instruction,
            enable_comment=0,
            input_type="text",
            input_config="{}",
            created_time=time,
            last_update_time=time,
            is_default=1,
        )
        queue(connection, f"q-{letter}", f"queue {letter}", asks=f"ls-{letter}")

    return fill


def test_the_same_question_under_another_id_is_asked_by_both_queues(tmp_path: Path) -> None:
    # Given
    paths = [store(tmp_path / x, asking(x, "Say it.", n)) for n, x in enumerate("ab", start=1)]
    target = tmp_path / "new" / "m.db"

    # When
    plan = consolidated(paths, target).plan

    # Then
    assert rows_of(target, "SELECT schema_id, created_time FROM label_schemas") == [("ls-a", 1)]
    assert rows_of(target, ASKED) == [("q-a", "ls-a"), ("q-b", "ls-a")]
    assert aside(plan) == []
    assert note_with(plan.notes, "label schema") == (
        "b: the target has 1 label schema of the same name and content under another id already: "
        "review queues ask that one."
    )
    assert planned(paths, target).plan.steps == ()


def test_another_question_of_the_same_name_is_kept_aside_with_its_queues(tmp_path: Path) -> None:
    # Given
    paths = [store(tmp_path / x, asking(x, f"Say {x}.", 1)) for x in "ab"]
    target = tmp_path / "new" / "m.db"

    # When
    plan = consolidated(paths, target).plan

    # Then the queue arrives, and asks nothing that is not there.
    assert rows_of(target, "SELECT queue_id FROM review_queues ORDER BY 1") == [("q-a",), ("q-b",)]
    assert rows_of(target, ASKED) == [("q-a", "ls-a")]
    schema, asked = aside(plan)
    assert schema == (
        "b: label_schemas ls-b is kept aside: the name 'Feedback' of experiment 1 is taken by "
        "ls-a; asked by 1 review queue ('queue b'): instruction: 'Say a.' here, 'Say b.' there."
    )
    assert asked == (
        "b: review_queue_label_schemas q-b/ls-b is kept aside: it belongs to label_schemas ls-b, "
        "which is kept aside."
    )


def test_a_question_that_was_changed_is_kept_aside_with_its_queues(tmp_path: Path) -> None:
    # Given
    path = store(tmp_path / "a", asking("a", "Say it.", 1))
    target = tmp_path / "new" / "m.db"
    consolidated([path], target)
    work(path, "UPDATE label_schemas SET instruction = 'Say more.'")
    with closing(sqlite3.connect(path)) as connection, connection:
        queue(connection, "q-c", "queue c", asks="ls-a")

    # When
    plan = consolidated([path], target).plan

    # Then
    assert rows_of(target, ASKED) == [("q-a", "ls-a")]
    schema, asked = aside(plan)
    assert schema == (
        "a: label_schemas ls-a is kept aside: it is in the target with another content; asked by "
        "2 review queues ('queue a', 'queue c'): instruction: 'Say it.' here, 'Say more.' there."
    )
    assert "review_queue_label_schemas q-c/ls-a is kept aside" in asked


def test_a_question_that_was_deleted_is_left_and_counted(tmp_path: Path) -> None:
    path = store(tmp_path / "a", lambda connection: queue(connection, "q", "daily", asks="gone"))
    target = tmp_path / "new" / "m.db"
    plan = consolidated([path], target).plan
    assert rows_of(target, ASKED) == []
    assert note_with(plan.notes, "review_queue_label_schemas") == (
        "a: 1 rows of 'review_queue_label_schemas' point at nothing and are left."
    )


def test_what_a_plan_wrote_must_ask_something_that_is_there(tmp_path: Path) -> None:
    # Given a queue whose question is not there, in a store and in the rows of its plan
    path = store(tmp_path / "a", lambda connection: queue(connection, "q", "daily", asks="gone"))
    payload = store(tmp_path / "p", lambda one: queue(one, "q", "daily", asks="gone"))
    with closing(create_database(tmp_path / "before.db")) as connection:
        connection.commit()

    def proved(*, is_fresh: bool, earlier: Path) -> tuple[str, ...]:
        database, here = Database(str(path)), [str(earlier)]
        return check_store(database, here, "", lambda uri: uri, payload, is_fresh=is_fresh)

    # When, Then: no plan may do that
    with pytest.raises(IntegrityError, match=r"review_queue_label_schemas\.schema_id: gone"):
        proved(is_fresh=True, earlier=tmp_path / "before.db")

    # Then MLflow may: it deletes questions and leaves what asked them.
    assert "references: each new one leads somewhere" in proved(
        is_fresh=False, earlier=tmp_path / "before.db"
    )
    assert any("1 led nowhere before" in one for one in proved(is_fresh=True, earlier=path))


def test_a_queue_without_an_experiment_or_an_owner_is_found(tmp_path: Path) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        insert(connection, "review_queue_users", queue_id="none", user_id="ana")
        insert(
            connection,
            "scorer_versions",
            scorer_id="none",
            scorer_version=1,
            serialized_scorer="{}",
        )

    path = store(tmp_path / "a", fill)
    with pytest.raises(IntegrityError, match="review_queue_users") as caught:
        check_store(Database(str(path)), [], "", lambda uri: uri)
    assert "scorer_versions.scorer_id: none" in str(caught.value)
