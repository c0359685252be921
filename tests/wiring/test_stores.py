"""A location is opened with the reader it needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stores.fixtures import unpacked

from scorewright.adapters.database_stores import ServerStore, SqliteStore
from scorewright.adapters.file_stores import FileStore
from scorewright.adapters.server_stores import HttpStore
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.wiring import LocationOpener, StoreRoom


def test_every_kind_has_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = unpacked("3.0.1", "sqlite", tmp_path / "a").path
    tree = unpacked("3.0.1", "file", tmp_path / "b").path
    opener = LocationOpener(tmp_path)
    assert isinstance(opener.open("a/mlflow.db").reader, SqliteStore)
    assert opener.open("a").folder == database.parent
    assert isinstance(opener.open("b/mlruns").reader, FileStore)
    assert opener.open("b/mlruns").folder == tree
    server = opener.open("postgresql://me:secret@127.0.0.1/db")
    assert isinstance(server.reader, ServerStore)
    assert server.location == "postgresql://me:***@127.0.0.1/db"
    assert server.folder is None
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abc")
    served = opener.open("http://me:secret@127.0.0.1:5000/")
    assert isinstance(served.reader, HttpStore)
    assert "secret" not in served.location


def test_without_a_project_the_folder_here_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = unpacked("1.8.0", "file", tmp_path).path
    monkeypatch.chdir(tmp_path)
    assert StoreRoom().open(None).location == str(tree)


def test_a_broken_project_file_is_no_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked("1.8.0", "file", tmp_path)
    (tmp_path / "scorewright.toml").write_text("[project\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        StoreRoom().open(None)
    assert caught.value.code == "config-syntax"
    # A store that was named needs no project.
    assert StoreRoom().open("mlruns").folder is not None


def test_a_project_without_a_store_is_told_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = '[project]\nname = "demo"\n[tables.loans]\nfiles = "loans.csv"\n'
    data = '[data]\ntable = "loans"\ntarget = "bad"\nbad_value = "1"\n'
    (tmp_path / "scorewright.toml").write_text(settings + data, "utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScorewrightError) as caught:
        StoreRoom().open(None)
    assert caught.value.code == "store-invalid"
    assert "scorewright train" in caught.value.remedy
