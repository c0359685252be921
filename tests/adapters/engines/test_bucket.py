"""The bucket function: proof first, features, receipt; again, at once; or nothing at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from tests.adapters.engines.conftest import (
    bytes_of,
    documents,
    names_in,
    plan,
    tasks_of,
    write_buckets,
)

from scorewright.adapters.engines.bucket import receipt_file, run_bucket
from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.core.features import compute, profile
from scorewright.flows.features.ports import BucketReceipt


def test_features_of_a_bucket_are_those_of_the_rows_in_their_order(build: Path) -> None:
    task = tasks_of(build)[1]
    receipt = BucketReceipt.from_dict(run_bucket(task.to_dict()))
    tables = {name: pl.read_parquet(path) for name, path in task.inputs.items()}
    expected = compute(plan(), tables)
    written = pl.read_parquet(task.output)
    assert written.equals(expected)
    assert written["id"].to_list() == tables["applications"]["id"].to_list()
    assert receipt.rows == expected.height
    assert receipt.profiles == profile(expected, plan().names)
    assert all(proof.is_clean for proof in receipt.proofs)
    assert receipt.cpu_seconds > 0
    assert receipt.peak_bytes > 10_000_000


def test_receipt_lies_beside_the_result_and_tells_the_plan(build: Path) -> None:
    task = tasks_of(build)[0]
    returned = run_bucket(task.to_dict())
    saved = json.loads(receipt_file(task.output).read_text(encoding="utf-8"))
    assert saved == returned
    assert saved["plan_digest"] == plan().digest
    assert receipt_file(task.output).name == "part-0000.json"


def test_done_already_nothing_is_done(build: Path) -> None:
    task = tasks_of(build)[0]
    first = run_bucket(task.to_dict())
    before = task.output.stat().st_mtime_ns
    assert run_bucket(task.to_dict()) == first
    assert task.output.stat().st_mtime_ns == before


@pytest.mark.parametrize("harm", ["cut output", "no output", "cut receipt", "other rows"])
def test_what_does_not_match_is_done_again(build: Path, harm: str) -> None:
    # Given a finished bucket of which a part was lost or exchanged
    task, other = tasks_of(build)[:2]
    run_bucket(task.to_dict())
    whole = task.output.read_bytes()
    match harm:
        case "cut output":
            task.output.write_bytes(whole[:100])
        case "no output":
            task.output.unlink()
        case "cut receipt":
            receipt_file(task.output).write_text("{", encoding="utf-8")
        case _:
            for name, path in task.inputs.items():
                shutil.copyfile(other.inputs[name], path)
            whole = b""
    # When it is run again, then it is whole again
    run_bucket(task.to_dict())
    if whole:
        assert task.output.read_bytes() == whole
    else:
        run_bucket(other.to_dict())
        assert task.output.read_bytes() == other.output.read_bytes()


def test_rows_of_the_future_leave_a_receipt_and_no_features(tmp_path: Path) -> None:
    write_buckets(tmp_path, future=2)
    task = tasks_of(tmp_path)[0]
    receipt = BucketReceipt.from_dict(run_bucket(task.to_dict()))
    assert [proof.future for proof in receipt.proofs] == [2]
    assert receipt.profiles == ()
    assert not task.output.exists()
    assert receipt_file(task.output).exists()


def test_damaged_input_is_named(build: Path) -> None:
    first, second, third, _ = tasks_of(build)
    cut = first.inputs["loans"]
    cut.write_bytes(cut.read_bytes()[:200])
    second.inputs["loans"].unlink()
    for task, word in ((first, "loans-0"), (second, "loans-1")):
        with pytest.raises(IntegrityError, match=word) as caught:
            run_bucket(task.to_dict())
        assert caught.value.code == "bucket-damaged"
        assert not task.output.exists()
    (build / "plan.json").write_text("", encoding="utf-8")
    with pytest.raises(IntegrityError, match=r"plan\.json"):
        run_bucket(third.to_dict())


def test_leavings_of_a_killed_attempt_are_cleared_away(build: Path) -> None:
    task = tasks_of(build)[0]
    task.output.parent.mkdir()
    left = task.output.with_name(f".{task.output.name}.abc.part")
    left.write_bytes(b"PAR1")
    run_bucket(task.to_dict())
    assert names_in(task.output.parent) == ["part-0000.json", "part-0000.parquet"]


def test_folder_that_cannot_be_written_is_told(build: Path) -> None:
    (build / "out").write_text("a file where the folder should be", encoding="ascii")
    with pytest.raises(ScorewrightError) as caught:
        run_bucket(tasks_of(build)[0].to_dict())
    assert caught.value.code == "write-failed"


FULL = """
import json, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from scorewright.adapters.engines.bucket import run_bucket
from scorewright.core.errors import ScorewrightError
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
try:
    run_bucket(json.loads(sys.argv[1]))
except ScorewrightError as error:
    print(error.code)
"""


def test_full_disk_leaves_nothing_and_a_rerun_completes(build: Path) -> None:
    # Given a disk that takes two thousand bytes of a file (a limit stands for it)
    task = tasks_of(build)[0]
    command = [sys.executable, "-c", FULL, json.dumps(task.to_dict())]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    # Then that is said, and no part of a file is left
    assert done.stdout.strip() == "write-failed"
    assert names_in(task.output.parent) == []
    # And with space again it is made
    run_bucket(task.to_dict())
    assert set(bytes_of([task])) == {"part-0000.parquet"}
    assert documents([task]) == [task.to_dict()]
