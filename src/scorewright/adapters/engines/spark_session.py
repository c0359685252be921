"""A Spark session: the caller's, or one of our own while it is needed."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from scorewright.adapters.children import ONE_THREAD
from scorewright.adapters.engines.fit import OLDEST_JAVA, java_version
from scorewright.core.errors import ScorewrightError, UsageError

__all__ = ["FAILURES", "session", "with_failures"]

#: How often a task may fail before Spark gives the job up: its own default on a cluster, while a
#: local master would give up at the first death of a worker.
FAILURES: Final = 4
_LOCAL = re.compile(r"local\[(\d+|\*)\]")
_SETTINGS: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "FATAL",  # what goes wrong is raised
    "spark.task.maxFailures": str(FAILURES),
    **{f"spark.executorEnv.{name}": value for name, value in ONE_THREAD.items()},
}
_LOOPBACK: Final = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


def with_failures(master: str) -> str:
    """Return a master under which a killed worker's task is done again.

    Args:
        master: As the user names it; ``local[2]`` becomes ``local[2,4]``, others stay.
    """
    return _LOCAL.sub(rf"local[\1,{FAILURES}]", master)


@contextmanager
def session(master: str) -> Iterator[Any]:
    """Give the caller's Spark session, or one that ends with the ``with`` block.

    Args:
        master: Where a new one runs.

    Raises:
        UsageError: ``engine-java``.
        ScorewrightError: ``engine-unreachable``.
    """
    from pyspark.errors import PySparkRuntimeError  # noqa: PLC0415 - an extra, and heavy
    from pyspark.sql import SparkSession  # noqa: PLC0415

    try:
        # Also the session of another thread: there is one context in a process.
        theirs = SparkSession.active()
    except PySparkRuntimeError:
        theirs = None
    if theirs is not None:
        yield theirs
        return
    _refuse_old_java()
    started = _start(SparkSession.builder, master)
    try:
        yield started
    finally:
        started.stop()


def _start(builder: Any, master: str) -> Any:  # noqa: ANN401 - Spark's
    builder = builder.master(master).appName("scorewright")
    is_local = master.startswith("local")
    for name, value in {**_SETTINGS, **(_LOOPBACK if is_local else {})}.items():
        builder = builder.config(name, value)
    try:
        with _same_python(is_local=is_local):
            return builder.getOrCreate()
    except Exception as error:
        # Py4J's errors share no base with anything; whatever it was, Spark is not there.
        raise ScorewrightError(
            f"Spark at {master} did not start or answer: {' '.join(str(error).split())[:300]}",
            remedy="Check the master's address; the engine 'local' needs no Spark.",
            code="engine-unreachable",
            details={"engine": "spark", "address": master},
        ) from error


@contextmanager
def _same_python(*, is_local: bool) -> Iterator[None]:
    """Let workers of a local session be this Python, unless the user has named another.

    Spark reads the variable when a session starts, and no setting of the session replaces it.
    """
    name = "PYSPARK_PYTHON"
    if name in os.environ or not is_local:
        yield
        return
    os.environ[name] = sys.executable
    try:
        yield
    finally:
        del os.environ[name]


def _refuse_old_java() -> None:
    """Refuse before Spark fails with a page of its own.

    Raises:
        UsageError: ``engine-java``.
    """
    found = java_version(os.environ)
    if found is not None and found >= OLDEST_JAVA:
        return
    what = "There is no Java" if found is None else f"Java {found} is too old"
    raise UsageError(
        f"{what}; Spark needs Java {OLDEST_JAVA} or newer.",
        remedy=f"Install Java {OLDEST_JAVA} (Debian: apt install openjdk-17-jre-headless) and set "
        "JAVA_HOME, or use the engine 'ray' or 'local'.",
        code="engine-java",
        details={"found": found, "oldest": OLDEST_JAVA},
    )
