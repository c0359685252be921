"""The local pool: other processes, one thread each, which may die and be stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.engines.conftest import bytes_of, documents, names_in, tasks_of
from tests.adapters.engines.programs import HERE
from tests.processes import is_alive

from scorewright.adapters.engines.bucket import run_bucket
from scorewright.adapters.engines.local import LocalEngine
from scorewright.core.errors import FindingsError, ScorewrightError
from scorewright.flows.features.ports import BucketReceipt, Engine

NOBODY: list[Any] = []


def wait_until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_result_is_that_of_the_bucket_function(build: Path) -> None:
    engine: Engine = LocalEngine(2)
    tasks, here = tasks_of(build), tasks_of(build, "here")
    heard: list[BucketReceipt] = []
    engine.run(tasks, heard.append)
    for task in here:
        run_bucket(task.to_dict())
    assert bytes_of(tasks) == bytes_of(here)
    assert sorted(receipt.index for receipt in heard) == [0, 1, 2, 3]


def test_worker_killed_while_it_writes_is_replaced(build: Path) -> None:
    # Given a bucket whose first worker dies with half a file written
    tasks, whole = tasks_of(build), tasks_of(build, "whole")
    LocalEngine(2).run(whole, lambda _: None)
    (build / "out").mkdir()
    tasks[2].output.with_suffix(".mark").touch()
    # When all are run
    heard: list[Any] = []
    LocalEngine(2).each(f"{HERE}:die_once_within", documents(tasks), heard.append)
    # Then each is done once, the result is equal, and nothing half-written is left
    assert sorted(receipt["index"] for receipt in heard) == [0, 1, 2, 3]
    assert bytes_of(tasks) == bytes_of(whole)
    assert [name for name in names_in(build / "out") if name.startswith(".")] == []


def test_task_that_kills_every_worker_is_given_up_with_its_name_and_the_signal() -> None:
    with pytest.raises(ScorewrightError, match=r"part-7.*SIGKILL 4 times") as caught:
        LocalEngine(1).each(f"{HERE}:die", [{"output": "part-7"}], NOBODY.append)
    assert caught.value.code == "engine-failed"
    assert caught.value.details == {"output": "part-7", "ended": "SIGKILL"}


def test_workers_compute_on_one_thread_in_processes_of_their_own() -> None:
    heard: list[Any] = []
    LocalEngine(2).each(f"{HERE}:echo", [{"output": str(i)} for i in range(6)], heard.append)
    assert {receipt["threads"] for receipt in heard} == {"1"}
    assert os.getpid() not in {receipt["pid"] for receipt in heard}
    assert sorted(receipt["output"] for receipt in heard) == list("012345")


def test_single_task_is_not_done_here_either() -> None:
    heard: list[Any] = []
    LocalEngine(1).each(f"{HERE}:echo", [{"output": "0"}], heard.append)
    assert heard[0]["pid"] != os.getpid()


def test_nothing_to_do_starts_nothing() -> None:
    LocalEngine(2).each(f"{HERE}:die", [], NOBODY.append)
    assert NOBODY == []


def test_what_libraries_print_is_no_answer() -> None:
    heard: list[Any] = []
    LocalEngine(1).each(f"{HERE}:talk", [{"output": "ü"}], heard.append)
    assert heard == [{"output": "ü"}]


def test_error_of_a_task_is_raised_here_as_it_was_there() -> None:
    with pytest.raises(FindingsError, match="wrong rows") as caught:
        LocalEngine(1).each(f"{HERE}:refuse", [{"output": "0"}], NOBODY.append)
    assert (caught.value.code, caught.value.remedy) == ("score-findings", "mend")
    assert caught.value.details == {"rows": 3}


def test_error_of_nobodys_names_the_task_and_keeps_its_trace() -> None:
    with pytest.raises(ScorewrightError, match=r"part-3.*LookupError") as caught:
        LocalEngine(1).each(f"{HERE}:stumble", [{"output": "part-3"}], NOBODY.append)
    assert caught.value.code == "engine-failed"
    assert "in stumble" in caught.value.details["trace"]


def test_error_where_receipts_are_heard_stops_the_others(tmp_path: Path) -> None:
    began = tmp_path / "began"

    def stop(receipt: object) -> None:
        wait_until(began.exists)
        raise KeyboardInterrupt

    # Given one quick task and one that takes a minute
    work = [{"output": "0", "began": str(began)}, {"output": "1", "began": str(began)}]
    before = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        LocalEngine(2).each(f"{HERE}:first_quick_then_sleep", work, stop)
    # Then an interrupt ends it at once, and its worker too
    assert time.monotonic() - before < 20
    assert not is_alive(int(began.read_text(encoding="ascii")))


PARENT = f"""
import sys
from scorewright.adapters.engines.local import LocalEngine
LocalEngine(1).each({f"{HERE}:sleep"!r}, [{{"output": "0", "began": sys.argv[1]}}], print)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_end_of_the_parent_is_the_end_of_the_pool(tmp_path: Path, number: signal.Signals) -> None:
    # Given a program whose worker sleeps for a minute
    began = tmp_path / "began"
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(began)], stderr=subprocess.PIPE, text=True
    ) as parent:
        wait_until(lambda: began.exists() and bool(began.read_text(encoding="ascii")))
        worker = int(began.read_text(encoding="ascii"))
        # When it is ended from outside
        parent.send_signal(number)
        parent.communicate(timeout=20)
    # Then so is its worker, even where it had no time to end it
    assert parent.returncode == -number
    wait_until(lambda: not is_alive(worker), seconds=20)
