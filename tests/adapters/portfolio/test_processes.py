"""Several processes: the same answers in the same order, clear errors, no orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scorewright.adapters.portfolio import ProcessRunner, default_processes
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.generate import GenerateResult, PartRecord

Make = Callable[..., GenerateResult]

PROGRAM = textwrap.dedent("""
    import sys
    from pathlib import Path
    from scorewright.adapters.machine import SystemClock
    from scorewright.adapters.portfolio import ParquetPortfolioStore, ProcessRunner
    from scorewright.core.portfolio import PortfolioSpec
    from scorewright.flows.generate import generate

    if __name__ == "__main__":
        spec = PortfolioSpec(4_000, seed=8, chunk_size=200)
        store, runner = ParquetPortfolioStore(Path(sys.argv[1])), ProcessRunner(int(sys.argv[2]))
        generate(spec, store, runner, SystemClock(), lambda event: print(event, flush=True))
""")


def _square(index: int) -> PartRecord:
    time.sleep(0.05 * (index % 3))
    return PartRecord(index, index * index, 0, {})


def _fail_at_two(index: int) -> PartRecord:
    if index == 2:
        raise UsageError("Two.", remedy="Not two.", code="two", details={"index": 2})
    return PartRecord(index, 0, 0, {})


def _die_at_one(index: int) -> PartRecord:
    if index == 1:
        os._exit(9)
    return PartRecord(index, 0, 0, {})


def test_answers_come_in_order() -> None:
    answers = list(ProcessRunner(2).run(_square, range(7)))
    assert [(answer.index, answer.labelled) for answer in answers] == [
        (index, index * index) for index in range(7)
    ]


def test_an_error_keeps_its_kind_code_and_remedy_on_its_way() -> None:
    with pytest.raises(UsageError) as failed:
        list(ProcessRunner(2).run(_fail_at_two, range(5)))
    assert (failed.value.message, failed.value.remedy) == ("Two.", "Not two.")
    assert (failed.value.code, failed.value.details) == ("two", {"index": 2})


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(ScorewrightError) as died:
        list(ProcessRunner(2).run(_die_at_one, range(4)))
    assert died.value.code == "portfolio-worker-died"


def test_the_number_of_threads_is_put_back() -> None:
    before = os.environ.get("POLARS_MAX_THREADS")
    list(ProcessRunner(2).run(_square, range(2)))
    assert os.environ.get("POLARS_MAX_THREADS") == before


@pytest.mark.parametrize("processes", [0, -1, 257])
def test_a_senseless_number_of_processes_is_refused(processes: int) -> None:
    with pytest.raises(UsageError) as refused:
        ProcessRunner(processes)
    assert refused.value.code == "portfolio-spec"


def test_there_is_a_processor() -> None:
    assert default_processes() >= 1


def test_the_number_of_processes_changes_nothing(make: Make, tmp_path: Path) -> None:
    assert make(tmp_path / "one", 1).manifest == make(tmp_path / "two", 2).manifest


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_killed_half_way_is_completed_by_the_next(tmp_path: Path, processes: int) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    folder = tmp_path / "book"
    command = [sys.executable, str(program), str(folder), str(processes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if "done=4" in line:
                run.send_signal(signal.SIGKILL)
                break
    assert not (folder / "portfolio.json").exists()
    _wait_until_still(folder)
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    made = again.stdout.count("StepDone")
    assert 0 < made <= 16
    other = tmp_path / "other"
    subprocess.run([*command[:2], str(other), "1"], capture_output=True, check=True)
    for file in other.rglob("*.parquet"):
        assert (folder / file.relative_to(other)).read_bytes() == file.read_bytes()
    assert (folder / "portfolio.json").read_bytes() == (other / "portfolio.json").read_bytes()
    assert not list(folder.rglob("*.part"))


def _wait_until_still(folder: Path) -> None:
    """Wait until nobody writes any more: a worker ends by itself once its parent is gone."""
    deadline = time.monotonic() + 30
    before = -1
    while time.monotonic() < deadline:
        count = sum(1 for _ in folder.rglob("*"))
        if count == before:
            return
        before = count
        time.sleep(1.0)
    pytest.fail("a worker outlived its parent")
