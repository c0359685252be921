"""The folder of a build: what is in it, what survives, and what is refused."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from tests.fakes.histories import MemoryRows

from scorewright.adapters.histories import DiskWorkspace
from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.errors import FindingsError, IntegrityError, ScorewrightError, UsageError
from scorewright.core.features import (
    ENTITY,
    Feature,
    FeaturePlan,
    History,
    PartFile,
    Relations,
    compile_plan,
    compute,
    parse,
)
from scorewright.flows.features.ports import BucketReceipt, BucketTask, Partitioned
from scorewright.flows.ports import TableFile

WHOLE, TEXT = ColumnType.INTEGER, ColumnType.TEXT
NAMES = ("applications", "loans", "months")
TABLES = {name: TableFile(name, ()) for name in NAMES}
BUCKETS = 3


def relations() -> Relations:
    applications = Contract(
        "applications",
        (Column("id", WHOLE, nullable=False), Column("bad", WHOLE)),
        key="id",
        target="bad",
        bad_value="1",
    )
    loans = Contract("loans", (Column("loan", TEXT), Column("id", WHOLE), Column("x", WHOLE)))
    months = Contract("months", (Column("loan", TEXT), Column("y", WHOLE)))
    return Relations(
        applications,
        (History(loans, "applications", "id", "loan"), History(months, "loans", "loan")),
    )


def plan() -> FeaturePlan:
    declared = {"a": "sum(loans, x)", "b": "max(months, y)", "c": "count(months)"}
    return compile_plan(relations(), [Feature(n, parse(e)) for n, e in declared.items()])


def frames(applications: int = 40) -> dict[str, pl.DataFrame]:
    keys = list(range(100, 100 + applications))
    loans = [(f"L{n}", key + n % 3, n) for n, key in enumerate([*keys, *keys])]
    months = [(f"L{n // 3}", n) for n in range(9 * applications)]
    return {
        "applications": pl.DataFrame({"id": keys, "bad": [0] * applications}),
        "loans": pl.DataFrame(loans, schema=["loan", "id", "x"], orient="row"),
        "months": pl.DataFrame(months, schema=["loan", "y"], orient="row"),
    }


def silent(_table: str, _rows: int) -> None:
    return


def split(folder: Path, rows: MemoryRows | None = None, buckets: int = BUCKETS) -> Partitioned:
    space = DiskWorkspace(folder, rows or MemoryRows(frames(), 16))
    return space.partition(plan(), TABLES, buckets, silent)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted((folder / "rows").rglob("*"))
        if path.is_file()
    }


def test_every_table_has_a_file_per_bucket(tmp_path: Path) -> None:
    heard: list[tuple[str, int]] = []
    space = DiskWorkspace(tmp_path, MemoryRows(frames(), 16))
    parts = space.partition(plan(), TABLES, BUCKETS, lambda *heard_of: heard.append(heard_of))

    assert [sorted(files) for files in parts.buckets] == [sorted(NAMES)] * BUCKETS
    months = pl.concat(pl.read_parquet(files["months"]) for files in parts.buckets)
    assert months.columns == ["loan", "y", ENTITY]
    assert months.schema[ENTITY] == pl.Int64
    assert parts.rows == {"applications": 40, "loans": 78, "months": 3 * 78}
    # Two loans are of nobody, and so are their months; 40 loans with months are not there at all.
    assert parts.orphans == {"applications": 0, "loans": 2, "months": 360 - 3 * 78}
    assert sum(rows for table, rows in heard if table == "months") == 360


def test_an_applicant_is_in_one_bucket_with_the_rows_in_order(tmp_path: Path) -> None:
    parts = split(tmp_path)
    owners = [set(pl.read_parquet(files["applications"])["id"]) for files in parts.buckets]

    assert set.union(*owners) == set(range(100, 140))
    assert sum(map(len, owners)) == 40
    for own, files in zip(owners, parts.buckets, strict=True):
        assert len(own) > 4
        for name in ("loans", "months"):
            frame = pl.read_parquet(files[name])
            assert set(frame[ENTITY]) <= own
            assert frame[{"loans": "x", "months": "y"}[name]].is_sorted()


def test_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    split(tmp_path / "a")
    split(tmp_path / "b")

    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_keys_of_another_width_find_their_applicant(tmp_path: Path) -> None:
    made = frames()
    made["loans"] = made["loans"].with_columns(pl.col("id").cast(pl.Int32))
    parts = split(tmp_path, MemoryRows(made))

    assert parts.rows == split(tmp_path / "plain").rows
    found = pl.concat(
        compute(plan(), {n: pl.read_parquet(f) for n, f in files.items()})
        for files in parts.buckets
    )
    assert found.sort("id").equals(compute(plan(), frames()).sort("id"))


def test_no_rows_at_all(tmp_path: Path) -> None:
    empty = MemoryRows({name: frame.clear() for name, frame in frames().items()})
    parts = split(tmp_path, empty)

    assert set(parts.rows.values()) == {0}
    assert pl.read_parquet(parts.buckets[2]["months"]).shape == (0, 3)


def test_what_is_split_is_not_split_again(tmp_path: Path) -> None:
    first = split(tmp_path)
    again = MemoryRows(frames())

    assert split(tmp_path, again) == first
    assert again.reads == []


def test_lost_files_are_made_anew(tmp_path: Path) -> None:
    parts = split(tmp_path)
    before = content(tmp_path)
    parts.buckets[1]["loans"].unlink()
    parts.buckets[0]["months"].write_bytes(b"PAR1")
    rows = MemoryRows(frames(), 16)
    split(tmp_path, rows)

    assert content(tmp_path) == before
    # The keys of the applications and of the loans are read, and then what was damaged.
    assert rows.reads == ["applications", "loans", "loans", "months"]


@pytest.mark.parametrize("table", ["applications", "loans"])
def test_a_repeated_key_is_refused(tmp_path: Path, table: str) -> None:
    made = frames()
    made[table] = pl.concat([made[table], made[table][:2]])

    with pytest.raises(FindingsError) as caught:
        split(tmp_path, MemoryRows(made))
    assert caught.value.code == "features-duplicate-key"
    assert caught.value.details["values"] == 2
    assert f"'{table}'" in caught.value.message


def test_an_error_of_the_source_leaves_nothing_half_done(tmp_path: Path) -> None:
    made = frames()
    made["months"] = made["months"].drop("y")

    with pytest.raises(UsageError, match="no column 'y'"):
        split(tmp_path, MemoryRows(made))
    assert sorted(path.name for path in (tmp_path / "rows" / "3").iterdir()) == [
        "applications",
        "loans",
    ]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse longer files, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_said_and_gone_on_from(tmp_path: Path) -> None:
    made = MemoryRows(frames(4000), 1000)
    with files_of_at_most(20_000), pytest.raises(ScorewrightError) as caught:
        split(tmp_path / "a", made)

    assert caught.value.code == "write-failed"
    assert str(tmp_path) in caught.value.message
    left = sorted(path.name for path in (tmp_path / "a" / "rows" / "3").iterdir())
    assert left == ["applications"]
    split(tmp_path / "a", MemoryRows(frames(4000), 1000))
    split(tmp_path / "b", MemoryRows(frames(4000), 1000))
    assert content(tmp_path / "a") == content(tmp_path / "b")


class Killed(BaseException):
    """The process is gone."""


class Reaper:
    """Kills at the n-th call of what touches the disk; afterwards nothing works any more.

    Threads that other tests have left at work are none of its business.
    """

    def __init__(self, patch: pytest.MonkeyPatch, steps: int) -> None:
        self.left = steps
        self.thread = threading.get_ident()
        for owner, name in (
            (os, "fsync"),
            (Path, "rename"),
            (Path, "replace"),
            (Path, "unlink"),
            (Path, "mkdir"),
            (shutil, "rmtree"),
            (pq.ParquetWriter, "write_table"),
        ):
            patch.setattr(owner, name, self.counted(getattr(owner, name)))

    def counted(self, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            if threading.get_ident() == self.thread:
                self.left -= 1
                if self.left < 0:
                    raise Killed
            return real(*args, **options)

        return call


def test_killed_anywhere_a_rerun_does_what_is_left(tmp_path: Path) -> None:
    split(tmp_path / "whole")
    expected = content(tmp_path / "whole")
    step = 0
    while True:
        folder = tmp_path / f"killed-{step}"
        with pytest.MonkeyPatch.context() as patch:
            Reaper(patch, step)
            try:
                split(folder)
            except Killed:
                pass
            else:
                break
        done = {p.parent.name for p in folder.glob("rows/3/[a-z]*/receipt.json")}
        rows = MemoryRows(frames(), 16)
        split(folder, rows)
        assert content(folder) == expected
        # A finished table is read for its keys at most, and the last one has none.
        assert rows.reads.count("applications") <= 1 + ("applications" not in done)
        assert rows.reads.count("months") == int("months" not in done)
        step += 1
    assert step > 30


def test_two_processes_at_once_give_what_one_gives(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from tests.adapters.histories.test_workspace import split; "
        "split(pathlib.Path(sys.argv[1]))"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "shared")]
    root = Path(__file__).parents[3]
    both = [subprocess.Popen(command, cwd=root) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]

    split(tmp_path / "alone")
    assert content(tmp_path / "shared") == content(tmp_path / "alone")


def test_other_numbers_of_buckets_share_no_file(tmp_path: Path) -> None:
    space = DiskWorkspace(tmp_path, MemoryRows(frames(), 16))
    first = space.partition(plan(), TABLES, BUCKETS, silent)
    before = content(tmp_path)
    other = space.partition(plan(), TABLES, 5, silent)

    after = content(tmp_path)
    assert {name: after[name] for name in before} == before
    files = [{*bucket.values()} for bucket in (*first.buckets, *other.buckets)]
    assert len(set.union(*files)) == (BUCKETS + 5) * len(NAMES)
    outputs = [{task.output for task in space.tasks(plan(), parts)} for parts in (first, other)]
    assert not outputs[0] & outputs[1]


def task(folder: Path) -> tuple[DiskWorkspace, BucketTask]:
    space = DiskWorkspace(folder, MemoryRows(frames()))
    parts = space.partition(plan(), TABLES, BUCKETS, silent)
    return space, space.tasks(plan(), parts)[1]


def finish(one: BucketTask) -> BucketReceipt:
    """Leave what a worker leaves."""
    receipt = BucketReceipt(one.index, 13, 0.5, 1 << 20, (), ())
    one.output.write_bytes(b"features")
    document = {
        **receipt.to_dict(),
        "plan_digest": plan().digest,
        "input_bytes": {name: path.stat().st_size for name, path in one.inputs.items()},
        "output_bytes": one.output.stat().st_size,
    }
    one.output.with_suffix(".json").write_text(json.dumps(document))
    return receipt


def test_tasks_name_what_a_worker_needs(tmp_path: Path) -> None:
    _, one = task(tmp_path)

    assert FeaturePlan.from_dict(json.loads(one.plan.read_bytes())) == plan()
    assert one.index == 1
    assert one.output == tmp_path / "parts" / "3" / "part-0001.parquet"
    assert one.output.parent.is_dir()
    assert one.inputs["loans"] == tmp_path / "rows" / "3" / "loans" / "bucket-0001.parquet"


def test_a_receipt_stands_with_its_output_only(tmp_path: Path) -> None:
    space, one = task(tmp_path)
    assert space.receipt(one) is None
    receipt = finish(one)

    assert space.receipt(one) == receipt
    one.output.write_bytes(b"feat")
    assert space.receipt(one) is None
    one.output.unlink()
    assert space.receipt(one) is None


def test_a_receipt_of_another_plan_or_of_other_rows_is_none(tmp_path: Path) -> None:
    space, one = task(tmp_path)
    finish(one)
    longer = [*plan().features, replace(plan().features[0], name="d")]
    other = compile_plan(relations(), [Feature(f.name, f.expression) for f in longer])
    parts = space.partition(other, TABLES, BUCKETS, silent)

    assert space.receipt(space.tasks(other, parts)[1]) is None
    assert space.receipt(space.tasks(plan(), parts)[1]) is not None
    one.inputs["loans"].write_bytes(b"")
    assert space.receipt(one) is None


def test_a_damaged_receipt_is_none(tmp_path: Path) -> None:
    space, one = task(tmp_path)
    finish(one)
    one.output.with_suffix(".json").write_text('{"index": ')

    assert space.receipt(one) is None


def test_a_finished_bucket_is_a_part_of_its_layout(tmp_path: Path) -> None:
    space, one = task(tmp_path)
    receipt = finish(one)

    assert space.part(one, receipt) == PartFile("3/part-0001.parquet", 13, 8)
    one.output.unlink()
    with pytest.raises(IntegrityError) as caught:
        space.part(one, receipt)
    assert caught.value.code == "bucket-damaged"
