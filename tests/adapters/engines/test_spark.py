"""Spark: a real local session with two workers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.engines import promises
from tests.adapters.engines.conftest import ROOT
from tests.adapters.engines.portfolio import Portfolio

from scorewright.adapters.engines import spark_session
from scorewright.adapters.engines.spark_engine import SparkEngine
from scorewright.adapters.engines.spark_session import session, with_failures
from scorewright.core.errors import ScorewrightError, UsageError

pyspark_sql = pytest.importorskip("pyspark.sql")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("Spark needs Java 17, which is not installed", allow_module_level=True)

pytestmark = [
    pytest.mark.xdist_group("spark"),
    pytest.mark.timeout(240),
    pytest.mark.slow,
    # Said by PySpark's own modules when they are imported.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[SparkEngine]:
    """An engine on a session of its own making, once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.delenv("PYSPARK_PYTHON", raising=False)
        with session(with_failures("local[2]")):
            assert "PYSPARK_PYTHON" not in os.environ
            yield SparkEngine("local[2]")
        assert pyspark_sql.SparkSession.getActiveSession() is None


def test_result_is_the_local_one(engine: SparkEngine, build: Path) -> None:
    promises.result_is_the_local_one(engine, build)
    # A session that runs already is left running.
    assert pyspark_sql.SparkSession.getActiveSession() is not None


def test_killed_worker_is_recovered(engine: SparkEngine, build: Path) -> None:
    promises.killed_worker_is_recovered(engine, build)


def test_hopeless_task_is_given_up(engine: SparkEngine) -> None:
    promises.hopeless_task_is_given_up(engine)


def test_error_of_a_task_comes_back_whole(engine: SparkEngine) -> None:
    promises.error_of_a_task_comes_back_whole(engine)


def test_workers_are_other_processes_of_one_thread(engine: SparkEngine) -> None:
    promises.workers_are_other_processes_of_one_thread(engine)


def test_folder_is_scored_as_each_file_alone(engine: SparkEngine, portfolio: Portfolio) -> None:
    portfolio.engine = engine
    promises.folder_is_scored_as_each_file_alone(portfolio)


def test_nothing_to_do_starts_nothing() -> None:
    promises.nothing_to_do_starts_nothing(SparkEngine("spark://nowhere:1"))


@pytest.mark.parametrize(
    ("master", "given"),
    [
        ("local[2]", "local[2,4]"),
        ("local[*]", "local[*,4]"),
        ("local[2,7]", "local[2,7]"),
        ("spark://host:7077", "spark://host:7077"),
    ],
)
def test_local_masters_do_not_give_up_at_the_first_death(master: str, given: str) -> None:
    assert with_failures(master) == given


@pytest.mark.parametrize(("java", "word"), [(None, "no Java"), (11, "Java 11 is too old")])
def test_java_is_asked_for_first(
    java: int | None, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark_session, "java_version", lambda _: java)
    monkeypatch.setattr(pyspark_sql.SparkSession, "active", lambda: None)
    with pytest.raises(UsageError, match=word) as caught, session("local[2]"):
        pass
    assert caught.value.code == "engine-java"


def test_session_that_does_not_start_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    class Builder:
        def __getattr__(self, name: str) -> object:
            return lambda *_: self

        def getOrCreate(self) -> None:  # noqa: N802 - Spark's name
            raise RuntimeError("connection refused")

    with pytest.raises(ScorewrightError, match=r"spark://host:7077.*refused") as caught:
        spark_session._start(Builder(), "spark://host:7077")
    assert caught.value.code == "engine-unreachable"
