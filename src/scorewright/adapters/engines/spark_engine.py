"""Spark as a scheduler of idempotent tasks: one row per partition, one partition per task."""

from __future__ import annotations

import json
import re
import secrets
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from importlib.util import find_spec
from typing import Any, Final

from scorewright.adapters.engines.buckets import run_buckets
from scorewright.adapters.engines.spark_session import session, with_failures
from scorewright.adapters.engines.worker import failed, opened, perform
from scorewright.core.errors import MissingExtraError
from scorewright.flows.features.ports import BucketReceipt, BucketTask

__all__ = ["SparkEngine"]

#: Seconds between two looks at what is finished.
LOOK: Final = 0.1
_REASON = re.compile(r"^(?:Caused by: )?([\w.]*(?:Error|Exception): .+)$", re.MULTILINE)

Answers = dict[int, str]


class SparkEngine:
    """Runs tasks on Spark; keeps the port ``Engine``.

    A session that the caller has started is used and left alone; one that is started here is
    ended here, and has no web page. Answers come back with the rows; an accumulator brings them
    as soon as their task is finished, for progress and to stop at the first error.

    Args:
        master: ``local[2]``, ``spark://host:7077``, ``yarn``, ``k8s://...``; a cluster's machines
            need the package and the folder of the work.

    Raises:
        MissingExtraError: PySpark, PyArrow or pandas (which Spark looks for) is not installed.
    """

    name = "spark"

    def __init__(self, master: str) -> None:
        for package in ("pyspark", "pyarrow", "pandas"):
            if find_spec(package) is None:
                raise MissingExtraError(package, "spark")
        self._master = with_failures(master)

    def run(self, tasks: Sequence[BucketTask], done: Callable[[BucketReceipt], None]) -> None:
        """Do every bucket; see the port.

        Raises:
            UsageError: ``engine-java``.
            ScorewrightError: ``engine-unreachable``, ``engine-failed``, and what a task itself
                raises.
        """
        run_buckets(self, tasks, done)

    def each(
        self,
        program: str,
        documents: Sequence[Mapping[str, Any]],
        done: Callable[[Mapping[str, Any]], None],
    ) -> None:
        """Have every document worked on; see the port.

        Raises:
            UsageError: ``engine-java``.
            ScorewrightError: ``engine-unreachable``, ``engine-failed``, and what a task itself
                raises.
        """
        if not documents:
            return
        waiting = dict(enumerate(documents))
        with session(self._master) as spark:
            for answers in _answers(spark, program, documents):
                for number in sorted(answers.keys() & waiting.keys()):
                    document = waiting.pop(number)
                    done(opened(answers[number], document))


def _answers(
    spark: Any,  # noqa: ANN401 - a SparkSession
    program: str,
    documents: Sequence[Mapping[str, Any]],
) -> Iterator[Answers]:
    """Yield answers by number of their task as they come, in the end all of them."""
    context, group = spark.sparkContext, f"scorewright-{secrets.token_hex(6)}"
    heard = context.accumulator({}, _Union())
    work = partial(_batches, program, [json.dumps(document) for document in documents], heard)
    with warnings.catch_warnings():
        # Said of the pandas functions; only Arrow passes here.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        rows = spark.range(0, len(documents), 1, len(documents))
        answers = rows.mapInArrow(work, "task long, answer string")

    def collect() -> Answers:
        context.setJobGroup(group, "scorewright tasks", interruptOnCancel=True)
        return {row["task"]: row["answer"] for row in answers.collect()}

    thread = ThreadPoolExecutor(1)
    job = thread.submit(collect)
    try:
        while not job.done():
            wait([job], LOOK)
            yield dict(heard.value)
        yield _collected(job, len(documents))
    finally:
        if not job.done():
            context.cancelJobGroup(group)
        thread.shutdown()


def _batches(
    program: str,
    texts: Sequence[str],
    heard: Any,  # noqa: ANN401 - an Accumulator
    batches: Iterable[Any],
) -> Iterator[Any]:
    """Do the tasks whose numbers come in, in a worker; Arrow batches in, Arrow batches out."""
    import pyarrow as pa  # noqa: PLC0415 - an extra

    for batch in batches:
        answers = {n: perform(program, texts[n]) for n in batch.column("id").to_pylist()}
        heard.add(answers)
        yield pa.RecordBatch.from_pydict(
            {"task": list(answers.keys()), "answer": list(answers.values())}
        )


class _Union:
    """How an accumulator gathers answers: by number of their task. Keeps ``AccumulatorParam``."""

    def zero(self, value: Answers) -> Answers:
        """Return what a worker begins with."""
        del value
        return {}

    def addInPlace(self, value1: Answers, value2: Answers) -> Answers:  # noqa: N802 - Spark's name
        """Return both together."""
        return {**value1, **value2}


def _collected(job: Future[Answers], tasks: int) -> Answers:
    try:
        return job.result()
    except Exception as error:
        # Spark's and Py4J's errors share no base; all of them mean that the job was given up.
        reasons = _REASON.findall(str(error)) or [type(error).__name__]
        why = f"was given up by Spark: {reasons[-1][:300]}"
        raise failed({"output": f"one of {tasks} tasks"}, why, engine="spark") from error
