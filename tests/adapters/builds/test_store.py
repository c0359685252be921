"""Builds on disk: found whole or not at all, and written without halves."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from scorewright.adapters.builds import DiskBuilds
from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.core.features import AsOfProof, ColumnProfile, FeatureBuild, PartFile
from scorewright.flows.features.ports import Workspace

DIGEST = "ab" * 32


def no_workspace(folder: Path) -> Workspace:
    raise AssertionError(folder)


PART = PartFile("memory.parquet", 2, 700)


def a_build(parts: tuple[PartFile, ...] = (PART,), digest: str = DIGEST) -> FeatureBuild:
    return FeatureBuild(
        digest=digest,
        plan_digest="cd" * 32,
        inputs={"loans": "ef" * 32},
        engine="memory",
        rows={"loans": 2},
        orphans={"months": 0},
        proofs=(AsOfProof("months", 3, 0, 0, (), ("month",)),),
        profiles=(
            ColumnProfile("count", 2, 0, 0.0, 3.0),
            ColumnProfile("loan_id", 2, 1, None, None),
        ),
        parts=parts,
        seconds=1.5,
    )


def rows(*keys: int) -> pl.DataFrame:
    return pl.DataFrame({"loan_id": list(keys), "count": [1] * len(keys)})


@pytest.fixture
def builds(tmp_path: Path) -> DiskBuilds:
    return DiskBuilds(tmp_path / "builds", no_workspace)


def folder(tmp_path: Path) -> Path:
    (found,) = (tmp_path / "builds").iterdir()
    return found


def test_what_was_saved_is_found_and_read(builds: DiskBuilds, tmp_path: Path) -> None:
    assert builds.find(DIGEST) is None
    part = builds.write(DIGEST, rows(1, 2))
    # The rows alone are not yet a build
    assert builds.find(DIGEST) is None
    document = builds.save(a_build((part,)))
    assert builds.find(DIGEST) == a_build((part,))
    assert builds.read(a_build((part,))).equals(rows(1, 2))
    assert builds.read(a_build((part,)), ["count"]).columns == ["count"]
    assert document.parent == folder(tmp_path)
    assert DIGEST.startswith(document.parent.name)
    assert list(document.parent.rglob("*.part")) == []


def test_parts_are_one_result(builds: DiskBuilds, tmp_path: Path) -> None:
    part = builds.write(DIGEST, rows(1))
    second = folder(tmp_path) / "parts" / "3" / "part-0001.parquet"
    second.parent.mkdir()
    rows(2, 3).write_parquet(second)
    build = a_build((part, PartFile("3/part-0001.parquet", 2, second.stat().st_size)))
    builds.save(build)
    assert builds.read(build)["loan_id"].to_list() == [1, 2, 3]
    assert builds.find(DIGEST) == build


def test_the_rows_of_the_buckets_are_removed_when_it_is_done(
    builds: DiskBuilds, tmp_path: Path
) -> None:
    part = builds.write(DIGEST, rows(1))
    bucket = folder(tmp_path) / "rows" / "3" / "bureau" / "bucket-0000.parquet"
    bucket.parent.mkdir(parents=True)
    rows(1).write_parquet(bucket)
    builds.save(a_build((part,)))
    assert not (folder(tmp_path) / "rows").exists()


def test_a_build_whose_part_is_gone_is_none(builds: DiskBuilds, tmp_path: Path) -> None:
    part = builds.write(DIGEST, rows(1))
    builds.save(a_build((part,)))
    (folder(tmp_path) / "parts" / part.name).unlink()
    assert builds.find(DIGEST) is None
    with pytest.raises(IntegrityError) as caught:
        builds.read(a_build((part,)))
    assert caught.value.code == "features-build"
    assert str(folder(tmp_path)) in caught.value.message


def test_a_damaged_part_is_told(builds: DiskBuilds, tmp_path: Path) -> None:
    part = builds.write(DIGEST, rows(*range(1000)))
    builds.save(a_build((part,)))
    file = folder(tmp_path) / "parts" / part.name
    file.write_bytes(file.read_bytes()[:-200])
    # Its end is missing, so the build does not count and is done again
    assert builds.find(DIGEST) is None
    with pytest.raises(IntegrityError, match="damaged"):
        builds.read(a_build((part,)))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"schema_version": 1}', '{"schema_version": 99}', "\x00\xff"],
)
def test_a_document_that_cannot_be_read_is_no_build(
    builds: DiskBuilds, tmp_path: Path, text: str
) -> None:
    builds.save(a_build((builds.write(DIGEST, rows(1)),)))
    (folder(tmp_path) / "features.json").write_text(text, encoding="latin-1")
    assert builds.find(DIGEST) is None


def test_a_document_of_another_release_is_no_build(builds: DiskBuilds, tmp_path: Path) -> None:
    builds.save(a_build((builds.write(DIGEST, rows(1)),)))
    file = folder(tmp_path) / "features.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**document, "schema_version": 2}), encoding="utf-8")
    assert builds.find(DIGEST) is None


def test_digests_that_begin_alike_are_not_taken_for_each_other(builds: DiskBuilds) -> None:
    builds.save(a_build((builds.write(DIGEST, rows(1)),)))
    other = DIGEST[:16] + "0" * 48
    assert builds.find(other) is None


def test_saving_again_replaces_the_document_whole(builds: DiskBuilds) -> None:
    part = builds.write(DIGEST, rows(1))
    builds.save(a_build((part,)))
    newer = replace(a_build((part,)), seconds=9.0)
    builds.save(newer)
    assert builds.find(DIGEST) == newer


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "builds").write_text("a file where the folder should be", encoding="utf-8")
    builds = DiskBuilds(tmp_path / "builds", no_workspace)
    with pytest.raises(ScorewrightError) as caught:
        builds.write(DIGEST, rows(1))
    assert caught.value.code == "write-failed"
    assert "memory.parquet" in caught.value.message
    with pytest.raises(ScorewrightError) as caught:
        builds.save(a_build())
    assert caught.value.code == "write-failed"


def test_the_workspace_is_made_in_the_builds_own_folder(tmp_path: Path) -> None:
    asked: list[Path] = []

    def make(folder: Path) -> Workspace:
        asked.append(folder)
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        DiskBuilds(tmp_path, make).workspace(DIGEST)
    assert asked == [tmp_path / DIGEST[:16]]


def test_the_document_is_json_with_a_version(builds: DiskBuilds) -> None:
    file = builds.save(a_build((builds.write(DIGEST, rows(1)),)))
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document["schema_version"] == 1
    assert document["profiles"][1]["minimum"] is None
    assert file.read_text(encoding="utf-8").endswith("}\n")


@pytest.mark.parametrize("other", [rows(1), rows(1, 2, 3), rows(7, 8).rename({"count": "kount"})])
def test_a_build_whose_part_was_replaced_is_none(
    builds: DiskBuilds, tmp_path: Path, other: pl.DataFrame
) -> None:
    part = builds.write(DIGEST, rows(1, 2))
    builds.save(a_build((part,)))
    other.write_parquet(folder(tmp_path) / "parts" / part.name)
    assert builds.find(DIGEST) is None


def test_rows_count_where_the_bytes_are_as_many(builds: DiskBuilds) -> None:
    part = builds.write(DIGEST, rows(1, 2))
    assert (part.rows, part.name) == (2, "memory.parquet")
    builds.save(a_build((replace(part, rows=3),)))
    assert builds.find(DIGEST) is None
    builds.save(a_build((part,)))
    assert builds.find(DIGEST) is not None


DAY = 24 * 3600
NOW = 1_700_000_000


def digest_of(number: int) -> str:
    return f"{number:02x}" * 32


def finished(builds: DiskBuilds, number: int, age: int) -> Path:
    """Leave a finished build that was used so many days ago."""
    build = a_build((builds.write(digest_of(number), rows(1)),), digest_of(number))
    document = builds.save(build)
    os.utime(document, (NOW - age * DAY,) * 2)
    return document.parent


def interrupted(builds: Path, number: int, age: int) -> Path:
    """Leave an interrupted build whose newest file is so many days old."""
    left = builds / digest_of(number)[:16]
    bucket = left / "rows" / "3" / "loans" / "bucket-0000.parquet"
    bucket.parent.mkdir(parents=True)
    rows(1).write_parquet(bucket)
    for path in sorted(left.rglob("*"), reverse=True):
        os.utime(path, (NOW - (age + 5) * DAY,) * 2)
    os.utime(left, (NOW - (age + 5) * DAY,) * 2)
    os.utime(bucket, (NOW - age * DAY,) * 2)
    return left


@pytest.fixture
def at_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the document that is written a time we know, so that ages are those of the test."""
    real = Path.replace

    def replaced(self: Path, target: Path) -> Path:
        os.utime(self, (NOW, NOW))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replaced)


@pytest.mark.usefixtures("at_now")
def test_the_five_builds_used_last_are_kept(builds: DiskBuilds) -> None:
    made = [finished(builds, number, age=20 - number) for number in range(5)]
    assert all(path.exists() for path in made)
    # The oldest is used again, so that it is the second's turn to go
    assert builds.find(digest_of(0)) is not None
    made.append(finished(builds, 5, age=0))
    assert [path.exists() for path in made] == [True, False, True, True, True, True]
    made.append(finished(builds, 6, age=0))
    assert [path.exists() for path in made] == [True, False, False, True, True, True, True]
    assert builds.find(digest_of(6)) is not None


@pytest.mark.usefixtures("at_now")
def test_abandoned_builds_go_after_a_week_and_nothing_else_does(
    builds: DiskBuilds, tmp_path: Path
) -> None:
    home = tmp_path / "builds"
    old, young = interrupted(home, 1, age=8), interrupted(home, 2, age=6)
    foreign = home / "notes"
    foreign.mkdir()
    (home / ".going-0").mkdir()
    elsewhere = interrupted(tmp_path / "elsewhere", 3, age=80)
    link = home / elsewhere.name
    link.symlink_to(elsewhere)
    for path in (foreign, elsewhere):
        os.utime(path, (0, 0))
    kept = finished(builds, 9, age=0)
    assert not old.exists()
    assert sorted(home.iterdir()) == sorted([young, foreign, link, kept])
    assert list(elsewhere.rglob("*.parquet"))


def test_a_build_is_removed_with_all_it_has(builds: DiskBuilds, tmp_path: Path) -> None:
    builds.save(a_build((builds.write(DIGEST, rows(1)),)))
    builds.remove(DIGEST)
    assert list((tmp_path / "builds").iterdir()) == []
    builds.remove(DIGEST)
    assert builds.find(DIGEST) is None


def test_a_build_in_a_folder_that_is_only_read_is_found(
    builds: DiskBuilds, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds.save(a_build((builds.write(DIGEST, rows(1)),)))

    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "utime", refused)
    assert builds.find(DIGEST) is not None
