"""Tags of logged models that name versions follow the versions to their new numbers."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from tests.adapters.store_staging.world import consolidated, planned, rows_of
from tests.stores.database import write_database_experiment
from tests.stores.schema import create_database, insert

TAG = "mlflow.modelVersions"


def store(folder: Path, model_id: str, tags: dict[str, str]) -> Path:
    """A store with one logged model, which is version 1 of ``clf``."""
    path = folder / "mlflow.db"
    with closing(create_database(path)) as connection, connection:
        write_database_experiment(connection, 0, "Default", f"{folder}/mlruns/0")
        insert(
            connection,
            "logged_models",
            model_id=model_id,
            experiment_id=0,
            name="model",
            artifact_location=f"{folder}/mlruns/0/models/{model_id}/artifacts",
            creation_timestamp_ms=1,
            last_updated_timestamp_ms=1,
            status=2,
            lifecycle_stage="active",
        )
        for key, value in tags.items():
            insert(
                connection,
                "logged_model_tags",
                model_id=model_id,
                experiment_id=0,
                tag_key=key,
                tag_value=value,
            )
        insert(connection, "registered_models", name="clf", workspace="default")
        insert(
            connection,
            "model_versions",
            name="clf",
            version=1,
            workspace="default",
            creation_time=len(model_id),
            source=f"models:/{model_id}",
            current_stage="None",
        )
    return path


def named(target: Path, model_id: str) -> dict[str, str]:
    """Return the tags of a logged model."""
    sql = "SELECT tag_key, tag_value FROM logged_model_tags WHERE model_id = ?"
    return dict(rows_of(target, sql, model_id))


def test_the_tag_names_the_new_number_and_keeps_its_type(tmp_path: Path) -> None:
    # Given two stores with a version 1 of one name, each made of a logged model of its own
    old = '[{"name":"clf","version":1}]'
    other = json.dumps([{"name": "clf", "version": 1}])
    both = [{"name": "clf", "version": 1}, {"name": "clf", "version": "1"}]
    first = store(tmp_path / "a", "m-1", {TAG: old})
    second = store(tmp_path / "b", "m-22", {TAG: json.dumps(both), "mine": other})
    target = tmp_path / "new" / "m.db"
    # When
    consolidated([first, second], target)
    # Then the second version is number 2, and the tag says so; no other text changes
    assert rows_of(target, "SELECT version, source FROM model_versions ORDER BY 1") == [
        (1, "models:/m-1"),
        (2, "models:/m-22"),
    ]
    assert named(target, "m-1") == {TAG: old}
    new = [{"name": "clf", "version": 2}, {"name": "clf", "version": "2"}]
    assert named(target, "m-22") == {TAG: json.dumps(new), "mine": other}
    # And what is there already is known by its new number
    assert planned([first, second], target).plan.steps == ()


def test_a_tag_that_is_no_list_of_versions_is_kept(tmp_path: Path) -> None:
    first = store(tmp_path / "a", "m-1", {})
    second = store(tmp_path / "b", "m-22", {TAG: '[ {"name": "clf", "version": 1}'})
    target = tmp_path / "new" / "m.db"
    consolidated([first, second], target)
    assert rows_of(target, "SELECT count(*) FROM model_versions") == [(2,)]
    assert named(target, "m-22") == {TAG: '[ {"name": "clf", "version": 1}'}
