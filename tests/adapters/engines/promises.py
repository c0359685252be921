"""What every engine that is not ours promises, once for all of them."""

from __future__ import annotations

import os
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.adapters.engines.conftest import bytes_of, documents, names_in, tasks_of
from tests.adapters.engines.portfolio import NAMES, Portfolio
from tests.adapters.engines.programs import HERE

from scorewright.adapters.engines.local import LocalEngine
from scorewright.core.errors import FindingsError, ScorewrightError
from scorewright.flows.features.ports import BucketReceipt, Engine


def result_is_the_local_one(engine: Engine, build: Path) -> None:
    """Every file is equal to the local pool's, byte for byte, and every receipt is heard once."""
    tasks, local = tasks_of(build), tasks_of(build, "local")
    heard: list[BucketReceipt] = []
    engine.run(tasks, heard.append)
    LocalEngine(2).run(local, lambda _: None)
    assert bytes_of(tasks) == bytes_of(local)
    assert sorted(receipt.index for receipt in heard) == [0, 1, 2, 3]


def killed_worker_is_recovered(engine: Engine, build: Path) -> None:
    """A worker killed while it writes is replaced, and the result is the local one."""
    tasks, local = tasks_of(build), tasks_of(build, "local")
    LocalEngine(2).run(local, lambda _: None)
    (build / "out").mkdir()
    mark = tasks[2].output.with_suffix(".mark")
    mark.touch()
    heard: list[Any] = []
    engine.each(f"{HERE}:die_once_within", documents(tasks), heard.append)
    assert not mark.exists()
    assert sorted(receipt["index"] for receipt in heard) == [0, 1, 2, 3]
    assert bytes_of(tasks) == bytes_of(local)
    assert [name for name in names_in(build / "out") if name.startswith(".")] == []


def hopeless_task_is_given_up(engine: Engine) -> None:
    """A task that kills every worker ends in an error that says so."""
    with pytest.raises(ScorewrightError, match="given up") as caught:
        engine.each(f"{HERE}:die", [{"output": "part-7"}], lambda _: None)
    assert caught.value.code == "engine-failed"
    assert caught.value.details["engine"] == engine.name


def error_of_a_task_comes_back_whole(engine: Engine) -> None:
    """Our errors are raised as they were raised in the worker."""
    with pytest.raises(FindingsError, match="wrong rows") as caught:
        engine.each(f"{HERE}:refuse", [{"output": "0"}], lambda _: None)
    assert (caught.value.code, caught.value.details) == ("score-findings", {"rows": 3})


def workers_are_other_processes_of_one_thread(engine: Engine) -> None:
    """Workers are not this process but run the same Python, and Polars has one thread in them."""
    heard: list[Any] = []
    engine.each(f"{HERE}:echo", [{"output": str(i)} for i in range(5)], heard.append)
    assert sorted(receipt["output"] for receipt in heard) == list("01234")
    assert {receipt["threads"] for receipt in heard} == {"1"}
    assert os.getpid() not in {receipt["pid"] for receipt in heard}
    assert {receipt["python"] for receipt in heard} == {sys.executable}


def nothing_to_do_starts_nothing(engine: Engine) -> None:
    """No tasks, no cluster."""
    engine.each(f"{HERE}:die", [], lambda _: None)


def folder_is_scored_as_each_file_alone(portfolio: Portfolio) -> None:
    """PDs are those of one file at a time, and a second run has nothing to do."""
    result = portfolio.score()
    assert (result.files, result.found, result.rows) == (3, 0, 120)
    for name in NAMES:
        scored = pl.read_parquet(portfolio.home / "out" / name)
        alone = pl.read_parquet(BytesIO(portfolio.alone(name)))
        assert scored.drop("pd").equals(alone.drop("pd"))
        assert np.abs(scored["pd"].to_numpy() - alone["pd"].to_numpy()).max() <= 1e-12
    assert portfolio.score().found == 3
