"""The empty store of MLflow is made once, and a copy is as good as another one made."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from scorewright.adapters.store_editing import DatabaseEditor, Template
from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import Row, StoreChange
from scorewright.flows.events import ignore
from scorewright.flows.store.editing import State

HEAD = "SELECT version_num FROM alembic_version"


def dump(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE experiments SET creation_time = 1, last_update_time = 1")
        return list(connection.iterdump())


def head_of(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute(HEAD).fetchone()[0])


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, template: Path) -> list[str]:
    """Folders whose stores were not copied; what stands for MLflow there is quicker than it."""
    asked: list[str] = []

    def child(_: str, uri: str, artifact_root: str) -> str:
        asked.append(Path(artifact_root).parent.name)
        file = uri.removeprefix("sqlite:///")
        shutil.copyfile(template, file)
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("UPDATE experiments SET artifact_location = ?", (artifact_root,))
        return ""

    monkeypatch.setattr("scorewright.adapters.store_editing.founding.run_child", child)
    return asked


def make(folder: Path, template: Template, created: int | None = None) -> Path:
    folder.mkdir()
    file = folder / "mlflow.db"
    change = StoreChange(str(file), str(folder / "mlruns"), created=created)
    DatabaseEditor(str(file), template=template).commit((change,), ignore)
    return file


def test_a_copy_is_what_mlflow_would_make(tmp_path: Path, template: Path, made: list[str]) -> None:
    # Given a kept store, which MLflow made for another folder
    kept = Template(tmp_path / "kept" / "store.db", head_of(template))
    kept.keep(template)
    assert str(template.parent).encode() not in kept.file.read_bytes()

    # When
    copied = make(tmp_path / "new ü", kept)

    # Then
    assert made == []
    lines = [line.replace(str(copied.parent), str(template.parent)) for line in dump(copied)]
    reference = tmp_path / "reference.db"
    shutil.copyfile(template, reference)
    assert lines == dump(reference)
    assert [path.name for path in copied.parent.iterdir()] == ["mlflow.db"]
    assert [path.name for path in kept.file.parent.iterdir()] == ["store.db"]


def test_the_experiment_default_is_as_old_as_the_plan_says(
    tmp_path: Path, template: Path, made: list[str]
) -> None:
    kept = Template(tmp_path / "kept" / "store.db", head_of(template))
    stores = [make(tmp_path / name, kept, created) for name, created in (("a", 7), ("b", 8))]
    now = make(tmp_path / "c", kept)
    assert made == ["a"]
    times = []
    for store in (*stores, now):
        with closing(sqlite3.connect(store)) as connection:
            times += connection.execute("SELECT creation_time FROM experiments").fetchall()
        assert [path.name for path in store.parent.iterdir()] == ["mlflow.db"]
    assert times[:2] == [(7,), (8,)]
    assert times[2][0] > 1_700_000_000_000


def test_the_experiment_default_is_what_the_plan_says(
    tmp_path: Path, template: Path, made: list[str]
) -> None:
    # Given
    kept = Template(tmp_path / "kept" / "store.db", head_of(template))
    rows = "SELECT lifecycle_stage, creation_time, last_update_time FROM experiments"
    for name in ("made", "copied"):
        file = tmp_path / name / "mlflow.db"
        default: Row = {
            "lifecycle_stage": "deleted", "creation_time": None, "last_update_time": 9,
        }  # fmt: skip
        change = StoreChange(str(file), str(tmp_path / "mlruns"), default=default)
        editor = DatabaseEditor(str(file), template=kept)

        # When
        editor.commit((change,), ignore)

        # Then
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute(rows).fetchall() == [("deleted", None, 9)]
        assert editor.state(change) is State.AFTER
        assert editor.state(replace(change, is_there=False)) is State.BEFORE
        untold = StoreChange(str(file), str(tmp_path / "mlruns"), is_there=False)
        assert editor.state(untold) is State.NEITHER
    assert len(made) == 1
    lines = editor.check()
    assert any("opened with MLflow: 1 experiment" in line for line in lines)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute(rows).fetchall() == [("deleted", None, 9)]
    editor.commit((replace(change, is_there=False),), ignore)
    assert not file.exists()


def test_no_plan_gives_default_another_column(
    tmp_path: Path, template: Path, made: list[str]
) -> None:
    file = tmp_path / "mlflow.db"
    change = StoreChange(str(file), str(tmp_path), default={"workspace": "x"})
    editor = DatabaseEditor(str(file), template=Template(tmp_path / "no.db", head_of(template)))
    with pytest.raises(ScorewrightError, match="no plan gives 'Default' a workspace") as caught:
        editor.commit((change,), ignore)
    assert caught.value.code == "store-invalid"
    assert made == []
    assert not file.exists()


@pytest.mark.parametrize("harm", ["none", "cut", "empty", "foreign", "used", "older", "folder"])
def test_what_cannot_be_relied_on_is_made_anew_and_replaced(
    tmp_path: Path, template: Path, made: list[str], harm: str
) -> None:
    # Given
    kept = Template(tmp_path / "kept" / "store.db", head_of(template))
    if harm == "folder":
        kept.file.mkdir(parents=True)
    elif harm != "none":
        kept.keep(template)
        content = kept.file.read_bytes()
        changed = {"cut": content[:300_000], "empty": b"", "foreign": b"no database" * 99}
        kept.file.write_bytes(changed.get(harm, content))
    statements = {
        "used": "INSERT INTO registered_models (name) VALUES ('m')",
        "older": "UPDATE alembic_version SET version_num = 'old'",
    }
    if harm in statements:
        with closing(sqlite3.connect(kept.file)) as connection, connection:
            connection.execute(statements[harm])

    # When
    make(tmp_path / "first", kept)
    second = make(tmp_path / "second", kept)

    # Then
    assert made == (["first", "second"] if harm == "folder" else ["first"])
    assert head_of(second) == head_of(template)


def test_an_address_of_another_kind_is_left_to_mlflow(tmp_path: Path, template: Path) -> None:
    kept = Template(tmp_path / "store.db", head_of(template))
    kept.keep(template)
    for root in ("s3://bucket/mlruns", "mlruns", "file:///data/mlruns"):
        assert not kept.copy(tmp_path / "new.db", root)
    assert not (tmp_path / "new.db").exists()
