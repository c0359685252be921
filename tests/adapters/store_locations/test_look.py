"""What a location means."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stores.fixtures import unpacked
from tests.stores.story import build_story

from scorewright.adapters.store_locations import PlaceKind, look, masked, other_stores
from scorewright.core.errors import ScorewrightError, UsageError


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_every_spelling_of_a_real_store_is_understood(kind: str, tmp_path: Path) -> None:
    made = unpacked("2.22.2", kind, tmp_path)
    wanted = PlaceKind.TREE if kind == "file" else PlaceKind.SQLITE
    name = made.path.name
    prefix = "file:" if kind == "file" else "sqlite:///"
    for spelling in (str(made.path), name, f"./{name}", made.address, f"{prefix}{name}", "."):
        place = look(spelling, tmp_path)
        assert (place.kind, place.path) == (wanted, made.path), spelling


def test_servers_are_known_by_their_scheme(tmp_path: Path) -> None:
    uri = "postgresql+psycopg://me:secret@host/db"
    place = look(uri, tmp_path)
    assert place.kind is PlaceKind.DATABASE
    assert place.uri == uri
    assert "secret" not in place.shown
    assert look("mysql://h/db", tmp_path).kind is PlaceKind.DATABASE
    assert look("https://mlflow.example/", tmp_path).uri == "https://mlflow.example"


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://host/a@b", "http://host/a@b"),
        ("http://me:pa@ss@host/x", "http://me:***@host/x"),
        ("postgresql://h/db?user=me&password=pw", "postgresql://h/db?user=me&password=***"),
        ("x.db", "x.db"),
    ],
)
def test_passwords_are_masked(uri: str, shown: str) -> None:
    assert masked(uri) == shown


@pytest.mark.parametrize("uri", ["", " ", "databricks://p", "mssql://h/db", "sqlite://",
                                 "sqlite:///:memory:", "file:///C:/Users/ana/mlruns"])  # fmt: skip
def test_what_is_no_address_is_a_usage_error(uri: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        look(uri, tmp_path)
    assert caught.value.code == "store-uri"


def test_what_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    (tmp_path / "text.db").write_text("nothing of SQLite's")
    (tmp_path / "folder").mkdir()
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "mlflow.db").touch()
    for name in ("empty.db", "text.db", "folder", "half", "nowhere"):
        with pytest.raises(ScorewrightError, match=name) as caught:
            look(name, tmp_path)
        assert caught.value.code == "store-invalid"
    assert (tmp_path / "empty.db").stat().st_size == 0


def test_a_folder_with_two_stores_is_not_guessed_at(tmp_path: Path) -> None:
    tree = unpacked("2.22.2", "file", tmp_path / "tree")
    database = unpacked("2.22.2", "sqlite", tmp_path / "db")
    (tree.path / "mlflow.db").write_bytes(database.path.read_bytes())
    with pytest.raises(UsageError) as caught:
        look(str(tree.path), tmp_path)
    assert caught.value.code == "store-ambiguous"
    assert look(str(tree.path / "mlflow.db"), tmp_path).kind is PlaceKind.SQLITE
    for name in ("a.db", "b.sqlite"):
        (tmp_path / name).write_bytes(database.path.read_bytes())
    with pytest.raises(UsageError) as caught:
        look(".", tmp_path)
    assert caught.value.code == "store-ambiguous"


def test_recipes_of_packages_are_no_experiments(tmp_path: Path) -> None:
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe" / "meta.yaml").write_text("package:\n  name: credit\n")
    with pytest.raises(ScorewrightError) as caught:
        look(".", tmp_path)
    assert caught.value.code == "store-invalid"
    # A damaged one counts where its folder is called as MLflow calls them.
    (tmp_path / "12").mkdir()
    (tmp_path / "12" / "meta.yaml").touch()
    assert look(".", tmp_path).kind is PlaceKind.TREE


def test_experiments_may_have_lost_their_files(tmp_path: Path) -> None:
    made = unpacked("2.22.2", "file", tmp_path)
    for meta in made.path.glob("*/meta.yaml"):
        meta.unlink()
    for meta in [*made.path.glob(".trash/*/meta.yaml"), *made.path.glob("models/*/meta.yaml")]:
        meta.unlink()
    assert look("mlruns", tmp_path).kind is PlaceKind.TREE


def test_other_stores_of_a_project_are_found(tmp_path: Path) -> None:
    story = build_story(tmp_path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "mlflow.db").write_bytes(story.database.read_bytes())
    assert other_stores(tmp_path, story.database) == (str(story.notebooks),)
    assert other_stores(tmp_path, None) == (str(story.database), str(story.notebooks))
    assert other_stores(tmp_path / "nowhere", None) == ()
