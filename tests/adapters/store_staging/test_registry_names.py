"""Models and prompts whose names and numbers the target has already, and all that names them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.adapters.store_staging.world import consolidated, note_with, planned, rows_of
from tests.stores.database import DatabaseRun, write_database_experiment, write_database_run
from tests.stores.schema import create_database, insert

Fill = Callable[[sqlite3.Connection], object]
PROMPT, EXPERIMENTS = "mlflow.prompt.is_prompt", "_mlflow_experiment_ids"
LINKED = "mlflow.linkedPrompts"
RUN, TRACE, MODEL = "a" * 32, "tr-1", "m-1"


def store(folder: Path, *fills: Fill) -> Path:
    """Make a store without runs."""
    path = folder / "mlflow.db"
    with closing(create_database(path)) as connection, connection:
        write_database_experiment(connection, 0, "Default", f"{folder}/mlruns/0")
        for fill in fills:
            fill(connection)
    return path


def model(name: str, made: int, **tags: str) -> Fill:
    """A registered model; ``made`` is when."""

    def fill(connection: sqlite3.Connection) -> None:
        row = {"name": name, "workspace": "default"}
        insert(connection, "registered_models", **row, creation_time=made)
        for key, value in tags.items():
            insert(connection, "registered_model_tags", **row, key=key, value=value)

    return fill


def prompt(name: str, made: int, **tags: str) -> Fill:
    """A registered prompt."""
    return model(name, made, **{PROMPT: "true", **tags})


def version(name: str, number: int, made: int, **fields: object) -> Fill:
    """A version, with a tag that tells what it says."""

    def fill(connection: sqlite3.Connection) -> None:
        key = {"name": name, "version": number, "workspace": "default"}
        values = {"source": "dummy-source", "current_stage": "None", **fields}
        insert(connection, "model_versions", **key, creation_time=made, **values)
        text = {"key": "mlflow.prompt.text", "value": f"{name} {made}"}
        insert(connection, "model_version_tags", **key, **text)

    return fill


def deleted(name: str, number: int, made: int) -> Fill:
    """A version as MLflow deletes it."""
    redacted = {"source": "REDACTED-SOURCE-PATH", "run_id": "REDACTED-RUN-ID"}
    return version(name, number, made, current_stage="Deleted_Internal", **redacted)


def alias(name: str, called: str, number: int) -> Fill:
    """An alias."""
    row = {"name": name, "alias": called, "version": number, "workspace": "default"}
    return lambda connection: insert(connection, "registered_model_aliases", **row)


def naming(name: str, number: int) -> Fill:
    """A run, a trace and a logged model that name a version."""
    linked = json.dumps([{"name": name, "version": str(number)}])

    def fill(connection: sqlite3.Connection) -> None:
        write_database_run(
            connection,
            DatabaseRun(RUN, 0, name="one", start=5, end=9, artifact_uri=f"/old/0/{RUN}/artifacts"),
        )
        insert(connection, "tags", run_uuid=RUN, key=LINKED, value=linked)
        insert(
            connection,
            "trace_info",
            request_id=TRACE,
            experiment_id=0,
            timestamp_ms=1,
            execution_time_ms=1,
            status="OK",
        )
        insert(connection, "trace_tags", request_id=TRACE, key=LINKED, value=linked)
        insert(
            connection,
            "entity_associations",
            association_id="1",
            source_type="trace",
            source_id=TRACE,
            destination_type="prompt_version",
            destination_id=f"{name}/{number}",
            created_time=1,
        )
        insert(
            connection,
            "logged_models",
            model_id=MODEL,
            experiment_id=0,
            name="model",
            artifact_location=f"/old/0/models/{MODEL}/artifacts",
            creation_timestamp_ms=1,
            last_updated_timestamp_ms=1,
            status=2,
            lifecycle_stage="active",
        )
        insert(
            connection,
            "logged_model_tags",
            model_id=MODEL,
            experiment_id=0,
            tag_key="mlflow.modelVersions",
            tag_value=linked,
        )

    return fill


def named(target: Path) -> set[str]:
    """Return every version that is named, as ``name/number``."""
    texts = rows_of(
        target,
        "SELECT value FROM tags WHERE key = 'mlflow.linkedPrompts' "
        "UNION ALL SELECT value FROM trace_tags WHERE key = 'mlflow.linkedPrompts' "
        "UNION ALL SELECT tag_value FROM logged_model_tags",
    )
    assert len(texts) == 3
    (found,) = rows_of(target, "SELECT destination_id FROM entity_associations")
    pairs = [one for (text,) in texts for one in json.loads(text)]
    return {f"{one['name']}/{one['version']}" for one in pairs} | {found[0]}


def test_prompts_have_no_files_that_could_be_missing(tmp_path: Path) -> None:
    source = store(
        tmp_path / "a",
        prompt("p", 1),
        version("p", 1, 11),
        model("m", 2),
        version("m", 1, 12, source="s3://away/model"),
    )
    change = consolidated([source], tmp_path / "new" / "mlflow.db")
    told = note_with(change.plan.notes, "version", "artifacts in another system")
    assert "m/1" in told
    assert "p/1" not in " ".join(change.plan.notes)


def test_a_model_and_a_prompt_of_one_name_stay_two(tmp_path: Path) -> None:
    # Given a model and a prompt of one name, and what names the prompt
    first = store(
        tmp_path / "a", model("x", 1), version("x", 1, 1, source="s3://a"), alias("x", "best", 1)
    )
    second = store(
        tmp_path / "b",
        prompt("x", 2),
        version("x", 1, 2),
        version("x", 2, 3, source="models:/x/1"),
        alias("x", "best", 1),
        naming("x", 1),
    )
    target = tmp_path / "new" / "m.db"
    # When
    plan = consolidated([first, second], target).plan
    # Then the model is a model still, and the prompt goes by a name that MLflow takes
    assert rows_of(target, "SELECT name, key FROM registered_model_tags") == [("x-b", PROMPT)]
    assert rows_of(target, "SELECT name, version, source FROM model_versions ORDER BY 1, 2") == [
        ("x", 1, "s3://a"),
        ("x-b", 1, "dummy-source"),
        ("x-b", 2, "models:/x-b/1"),
    ]
    assert rows_of(target, "SELECT name, version, value FROM model_version_tags ORDER BY 1, 2") == [
        ("x", 1, "x 1"),
        ("x-b", 1, "x 2"),
        ("x-b", 2, "x 3"),
    ]
    assert rows_of(
        target, "SELECT name, alias, version FROM registered_model_aliases ORDER BY 1"
    ) == [("x", "best", 1), ("x-b", "best", 1)]
    # And everything that named it follows, and the plan tells
    assert named(target) == {"x-b/1"}
    assert note_with(plan.notes, "'x-b'") == (
        "b: The name 'x' is that of a model in the target: the prompt of b is called 'x-b' there."
    )
    # And once more is nothing, in any order
    assert planned([first, second], target).plan.steps == ()
    assert planned([second, first], target).plan.steps == ()


def test_a_model_that_meets_a_prompt_of_the_target_keeps_its_files(tmp_path: Path) -> None:
    # Given a target with a prompt
    target = tmp_path / "new" / "m.db"
    consolidated([store(tmp_path / "a", prompt("x", 1), version("x", 1, 1))], target)
    # And a model of its name with files of its own
    files = tmp_path / "b" / "kept"
    files.mkdir(parents=True)
    (files / "model.txt").write_text("mine")
    places = {"source": str(files), "storage_location": str(files)}
    source = store(tmp_path / "b", model("x", 2), version("x", 1, 2, **places))
    # When
    consolidated([source], target)
    # Then its files lie under its new name
    ((place,),) = rows_of(target, "SELECT source FROM model_versions WHERE name = 'x-b'")
    assert place.endswith("/versions/x-b/1")
    assert Path(place, "model.txt").read_text() == "mine"
    assert rows_of(target, "SELECT name FROM registered_model_tags") == [("x",)]
    assert planned([source], target).plan.steps == ()


def test_what_names_a_deleted_version_names_no_other(tmp_path: Path) -> None:
    # Given two stores with a prompt of one name; version 2 of one was used, and then deleted
    first = store(tmp_path / "a", prompt("p", 1), version("p", 1, 1), version("p", 2, 2))
    second = store(
        tmp_path / "b", prompt("p", 3), version("p", 1, 3), deleted("p", 2, 4), naming("p", 2)
    )
    target = tmp_path / "new" / "m.db"
    # When
    plan = consolidated([first, second], target).plan
    # Then it is deleted still, under a number of its own, and what named it names it
    assert rows_of(target, "SELECT version, current_stage FROM model_versions ORDER BY 1") == [
        (1, "None"),
        (2, "None"),
        (3, "None"),
        (4, "Deleted_Internal"),
    ]
    assert named(target) == {"p/4"}
    assert note_with(plan.notes, "new numbers").endswith("1 -> 3, 2 -> 4 (deleted).")
    # And it comes once
    assert planned([first, second], target).plan.steps == ()


def test_a_version_that_a_copy_deleted_is_told_with_its_number(tmp_path: Path) -> None:
    first = store(tmp_path / "a", prompt("p", 1), version("p", 1, 1))
    second = store(tmp_path / "b", prompt("p", 1), deleted("p", 1, 1), naming("p", 1))
    target = tmp_path / "new" / "m.db"
    plan = consolidated([first, second], target).plan
    assert rows_of(target, "SELECT version, current_stage FROM model_versions") == [(1, "None")]
    assert named(target) == {"p/1"}
    assert note_with(plan.notes, "version 1 of 'p'") == (
        "b: version 1 of 'p' was deleted there, is version 1 in the target, and is left."
    )


def test_a_version_without_a_row_is_told_where_another_takes_its_place(tmp_path: Path) -> None:
    # Given a run that names a version of which nothing is left
    first = store(tmp_path / "a", prompt("p", 1), version("p", 1, 1), version("p", 2, 2))
    second = store(tmp_path / "b", prompt("p", 3), version("p", 1, 3), naming("p", 2))
    # When
    plan = planned([first, second], tmp_path / "new" / "m.db").plan
    # Then
    assert note_with(plan.notes, "does not have") == (
        "b: runs, traces or models name versions of 'p' that the source does not have: those of "
        "the target with these numbers are meant now (2)."
    )
    # And where the target has none either, nothing comes to mean another thing
    alone = planned([second], tmp_path / "other" / "m.db").plan
    assert not [note for note in alone.notes if "does not have" in note]


def test_where_one_version_is_elsewhere_in_the_source_is_told(tmp_path: Path) -> None:
    # Given a store and a copy of it, whose version was moved to another bucket
    old = {"source": "s3://old/x", "storage_location": "s3://old/x"}
    new = {"source": "s3://new/x", "storage_location": "s3://new/x", "run_link": "http://k/1"}
    first = store(tmp_path / "a", model("m", 1), version("m", 1, 1, **old))
    second = store(tmp_path / "b", model("m", 1), version("m", 1, 1, **new))
    target = tmp_path / "new" / "m.db"
    # When
    plan = consolidated([first, second], target).plan
    # Then the target keeps what it has, and the plan has both
    assert rows_of(target, "SELECT source, run_link FROM model_versions") == [("s3://old/x", None)]
    assert note_with(plan.notes, "s3://new/x") == (
        "b: version 1 of 'm' keeps its source and storage_location of the target, s3://old/x; "
        "the source says: s3://new/x"
    )
    assert note_with(plan.notes, "run_link") == (
        "b: version 1 of 'm' keeps its run_link of the target, none; the source says: http://k/1"
    )


def test_what_moved_with_its_run_is_not_told(tmp_path: Path) -> None:
    # Given a store and a copy of it, each with the addresses of its own folder
    def run(folder: str) -> Fill:
        place = f"{folder}/0/{RUN}/artifacts"
        made = DatabaseRun(RUN, 0, name="one", start=5, end=9, artifact_uri=place)
        return lambda connection: write_database_run(connection, made)

    stores = []
    for name in ("a", "b"):
        folder = str(tmp_path / name / "mlruns")
        source = f"{folder}/0/{RUN}/artifacts/model"
        fills = (model("m", 1), version("m", 1, 1, run_id=RUN, source=source))
        stores.append(store(tmp_path / name, run(folder), *fills))
    # When
    plan = planned(stores, tmp_path / "new" / "m.db").plan
    # Then
    assert not [note for note in plan.notes if "keeps its" in note]


def test_a_prompt_is_listed_by_its_own_experiments_alone(tmp_path: Path) -> None:
    # Given a prompt of experiment 0, and of experiment 1, which is gone
    def other(connection: sqlite3.Connection) -> None:
        write_database_experiment(connection, 1, "x", f"{tmp_path}/a/mlruns/1")

    first = store(tmp_path / "a", other)
    second = store(tmp_path / "b", prompt("p", 1, **{EXPERIMENTS: ",1,0,"}))
    target = tmp_path / "new" / "m.db"
    # When
    consolidated([first, second], target)
    # Then it is not listed by the experiment 1 of another store
    sql = "SELECT value FROM registered_model_tags WHERE key = ?"
    assert rows_of(target, sql, EXPERIMENTS) == [(",0,",)]
