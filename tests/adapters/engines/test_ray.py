"""Ray: two real workers on this machine."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.adapters.engines import promises
from tests.adapters.engines.conftest import ROOT
from tests.adapters.engines.portfolio import Portfolio
from tests.adapters.engines.programs import HERE

from scorewright.adapters.engines.ray_engine import STARTS, RayEngine
from scorewright.core.errors import ScorewrightError

pytestmark = [
    pytest.mark.xdist_group("ray"),
    pytest.mark.timeout(240),
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed"),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[RayEngine]:
    """An engine on a Ray that it has started itself, once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        made = RayEngine(None, 2)
        with made._connected():
            yield made
        assert not _is_running()


def _is_running() -> bool:
    import ray

    return ray.is_initialized()


def test_result_is_the_local_one(engine: RayEngine, build: Path) -> None:
    promises.result_is_the_local_one(engine, build)
    # A Ray that runs already is left running.
    assert _is_running()


def test_killed_worker_is_recovered(engine: RayEngine, build: Path) -> None:
    promises.killed_worker_is_recovered(engine, build)


def test_hopeless_task_is_given_up(engine: RayEngine) -> None:
    promises.hopeless_task_is_given_up(engine)


def test_error_of_a_task_comes_back_whole(engine: RayEngine) -> None:
    promises.error_of_a_task_comes_back_whole(engine)


def test_workers_are_other_processes_of_one_thread(engine: RayEngine) -> None:
    promises.workers_are_other_processes_of_one_thread(engine)


def test_workers_stand_where_this_process_stands(engine: RayEngine) -> None:
    # Below ``uv run``, where these tests are run, Ray would copy the folder for them.
    heard: list[Any] = []
    engine.each(f"{HERE}:echo", [{"output": "0"}], heard.append)
    assert [receipt["folder"] for receipt in heard] == [str(Path.cwd())]


def test_answers_are_heard_as_they_come(engine: RayEngine, tmp_path: Path) -> None:
    heard: list[float] = []
    work = [
        {"output": "0", "began": ""},
        {"output": "1", "began": str(tmp_path / "began")},
    ]

    def stop(receipt: object) -> None:
        heard.append(time.monotonic())
        raise KeyboardInterrupt

    before = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        engine.each(f"{HERE}:first_quick_then_sleep", work, stop)
    assert len(heard) == 1
    assert time.monotonic() - before < 40


class Reluctant(SimpleNamespace):
    """A Ray that does not start the first few times."""

    def __init__(self, failures: int, error: type[Exception] = TimeoutError) -> None:
        super().__init__(calls=[], failures=failures, error=error, ends=0)

    def init(self, **given: Any) -> None:
        self.calls.append(given)
        if len(self.calls) <= self.failures:
            raise self.error("node did not start within 30 seconds")

    def shutdown(self) -> None:
        self.ends += 1


@pytest.mark.parametrize("error", [TimeoutError, RuntimeError, Exception])
def test_slow_start_is_tried_again(error: type[Exception]) -> None:
    slow = Reluctant(STARTS - 1, error)
    RayEngine(None, 2)._start(slow)
    assert len(slow.calls) == STARTS
    assert slow.calls[0]["num_cpus"] == 2
    assert not slow.calls[0]["include_dashboard"]


def test_ray_that_never_starts_is_unreachable() -> None:
    slow = Reluctant(STARTS)
    with pytest.raises(ScorewrightError, match="on this machine") as caught:
        RayEngine(None, 2)._start(slow)
    assert caught.value.code == "engine-unreachable"
    assert slow.ends == STARTS


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_address_where_nobody_listens_is_refused_at_once(scheme: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"{scheme}127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ScorewrightError, match=address) as caught:
            RayEngine(address, 2)._start(Reluctant(0))
    assert caught.value.code == "engine-unreachable"


def test_cluster_that_listens_is_asked_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as head:
        address = f"127.0.0.1:{head.getsockname()[1]}"
        cluster = Reluctant(0)
        RayEngine(address, 2)._start(cluster)
    assert [call["address"] for call in cluster.calls] == [address]


def test_folder_is_scored_as_each_file_alone(engine: RayEngine, portfolio: Portfolio) -> None:
    portfolio.engine = engine
    promises.folder_is_scored_as_each_file_alone(portfolio)


def test_nothing_to_do_starts_nothing() -> None:
    promises.nothing_to_do_starts_nothing(RayEngine("nowhere:1", 1))
