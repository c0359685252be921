"""A source is known again by its file; a folder by what it is, not by what it was called."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.adapters.store_editing.small import Small

from scorewright.adapters.store_editing import reference_of, seen_again, source_reference_of
from scorewright.adapters.store_editing.places import RealFolders


def rename(file: Path, name: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE experiments SET name = ? WHERE experiment_id = 1", (name,))


def test_a_file_that_is_the_same_to_the_byte_is_not_digested_again(small: Small) -> None:
    location = str(small.database)
    planned = source_reference_of(location)
    assert replace(planned, files="") == reference_of(location)
    assert planned.files == hashlib.sha256(small.database.read_bytes()).hexdigest()
    known = replace(planned, rows="said")
    assert seen_again(known, location) is known


def test_another_file_is_held_against_its_rows(small: Small) -> None:
    location = str(small.database)
    planned = source_reference_of(location)
    rename(small.database, "other")
    assert seen_again(planned, location).rows != planned.rows
    rename(small.database, "scoring_1")
    with closing(sqlite3.connect(small.database)) as connection:
        connection.execute("VACUUM")
    assert hashlib.sha256(small.database.read_bytes()).hexdigest() != planned.files
    assert seen_again(planned, location).rows == planned.rows


def test_rows_that_wait_beside_the_file_count(small: Small) -> None:
    location = str(small.database)
    with closing(sqlite3.connect(small.database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    planned = source_reference_of(location)
    assert planned.files
    with closing(sqlite3.connect(small.database)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        with connection:
            connection.execute("UPDATE experiments SET name = 'other' WHERE experiment_id = 1")
        assert hashlib.sha256(small.database.read_bytes()).hexdigest() == planned.files
        assert seen_again(planned, location).rows != planned.rows
        assert not source_reference_of(location).files


def test_a_tree_has_no_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "meta.yaml").write_text("x")
    assert source_reference_of(str(tmp_path)) == reference_of(str(tmp_path))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    place = tmp_path / "outside"
    place.mkdir()
    return place


def test_a_folder_that_became_a_link_is_followed(tmp_path: Path, outside: Path) -> None:
    reals = RealFolders()
    folder = tmp_path / "store" / "1"
    folder.mkdir(parents=True)
    for _ in range(2):
        assert reals.of(str(folder)) == os.path.realpath(folder)
    folder.rmdir()
    folder.symlink_to(outside)
    assert reals.of(str(folder)) == str(outside)
    assert reals.of(str(folder / "new" / "deep")) == str(outside / "new" / "deep")
    outside.rmdir()  # the link leads to nothing, and where it leads counts all the same
    assert reals.of(str(folder / "new")) == str(outside / "new")


def test_no_more_folders_are_kept_than_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scorewright.adapters.store_editing.places._KNOWN", 2)
    reals = RealFolders()
    for _ in range(2):
        for number in range(5):
            folder = tmp_path / str(number)
            folder.mkdir(exist_ok=True)
            assert reals.of(str(folder)) == os.path.realpath(folder)
