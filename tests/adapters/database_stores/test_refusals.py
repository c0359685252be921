"""What is no whole MLflow store is refused, and nothing is made or changed."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.adapters.database_stores.reading import read, state
from tests.adapters.database_stores.small import RUN, small_store
from tests.stores.fixtures import unpacked

from scorewright.adapters.database_stores import require_database
from scorewright.core.errors import ScorewrightError


def _refused(file: Path) -> ScorewrightError:
    before = state(file.parent)
    with pytest.raises(ScorewrightError) as caught:
        read(file)
    assert state(file.parent) == before
    assert caught.value.code == "store-invalid"
    assert str(file) in caught.value.message
    assert caught.value.remedy
    return caught.value


def _required(file: Path, refused: ScorewrightError) -> None:
    """Hold that whoever asks whether there is a store at all hears the same."""
    before = state(file.parent)
    with pytest.raises(ScorewrightError) as caught:
        require_database(str(file))
    assert state(file.parent) == before
    assert (caught.value.code, caught.value.message) == (refused.code, refused.message)


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert "no such file" in _refused(tmp_path / "none.db").message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"PAR1 not a database", "not a SQLite database"),
        (b"SQLite format 3\x00", "damaged"),
        (b"SQLite format 3\x00" + b"\x07" * 5000, "damaged"),
    ],
)
def test_empty_and_foreign_files(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "x.db"
    file.write_bytes(content)
    refused = _refused(file)
    assert reason in refused.message
    _required(file, refused)


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x.db").mkdir()
    assert "not a file" in _refused(tmp_path / "x.db").message


@pytest.mark.parametrize("statement", ["CREATE TABLE runs (id INTEGER)", "VACUUM"])
def test_a_database_of_somebody_else(tmp_path: Path, statement: str) -> None:
    file = tmp_path / "x.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.execute(statement)
    refused = _refused(file)
    assert "the database holds" in refused.message
    _required(file, refused)


def test_a_database_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = tmp_path / "whole.db"
    with closing(small_store(whole)) as connection:
        connection.executemany(
            "INSERT INTO params VALUES (?, ?, ?)", [(f"p{i}", "x" * 200, RUN) for i in range(500)]
        )
        connection.commit()
    data = whole.read_bytes()
    cut = tmp_path / "cut"
    cut.mkdir()
    lengths = {*range(0, len(data), len(data) // 60), 1, 15, 16, 17, 99, 100, 4096, len(data) - 1}
    for length in sorted(lengths):
        file = cut / "x.db"
        file.write_bytes(data[:length])
        _refused(file)


def test_a_table_that_cannot_be_read_to_its_end_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    with closing(small_store(file)) as connection:
        connection.executemany(
            "INSERT INTO params VALUES (?, ?, ?)", [(f"p{i}", "x" * 200, RUN) for i in range(500)]
        )
        connection.commit()
        page = connection.execute("PRAGMA page_size").fetchone()[0]
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'params'"
        ).fetchone()
    data = bytearray(file.read_bytes())
    data[(root - 1) * page : root * page] = b"\xff" * page
    file.write_bytes(bytes(data))
    assert "damaged" in _refused(file).message


@pytest.mark.parametrize("kind", ["bytes", "block", "header"])
def test_garbage_is_read_with_a_doubt_or_refused_but_never_changed(
    tmp_path: Path, kind: str
) -> None:
    data = unpacked("2.22.2", "sqlite", tmp_path / "whole").path.read_bytes()
    file = tmp_path / "harmed" / "x.db"
    file.parent.mkdir()
    codes = set()
    for seed in range(40):
        chance = random.Random(f"{kind} {seed}")
        harmed = bytearray(data)
        if kind == "block":
            start = chance.randrange(len(data))
            harmed[start : start + 4096] = chance.randbytes(len(data[start : start + 4096]))
        else:
            places = range(18, 100) if kind == "header" else range(len(data))
            for place in chance.sample(places, 5 if kind == "header" else 200):
                harmed[place] = chance.randrange(256)
        file.write_bytes(harmed)
        try:
            read(file, history=True)
        except ScorewrightError as error:
            codes.add(error.code)
    assert codes == {"store-invalid"}


@pytest.mark.parametrize("garbage", ["DROP \udca9", "CREATE TABLE \udc8d ("])
def test_a_schema_that_is_garbage(tmp_path: Path, garbage: str) -> None:
    file = tmp_path / "x.db"
    with closing(small_store(file)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = CAST(? AS TEXT) WHERE name = 'tags'",
            (garbage.encode(errors="surrogateescape"),),
        )
        connection.commit()
    assert "damaged" in _refused(file).message


def test_a_copy_of_the_file_alone_still_opens(tmp_path: Path) -> None:
    with closing(small_store(tmp_path / "a.db")):
        pass
    (tmp_path / "b").mkdir()
    shutil.copyfile(tmp_path / "a.db", tmp_path / "b" / "sp ace #%?.db")
    assert read(tmp_path / "b" / "sp ace #%?.db").runs.height == 1
