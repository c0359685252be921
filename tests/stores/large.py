"""Large stores at the schema of MLflow 3.17, written fast, for benchmarks and memory tests."""

from __future__ import annotations

import itertools
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from tests.stores.database import write_database_experiment
from tests.stores.schema import create_database

__all__ = ["build_large", "large_run_id"]

_BEGIN = 1_709_287_200_000
_PARAMS = ("n_estimators", "learning_rate", "num_leaves", "subsample", "random_state")
_EXPERIMENTS = 10
_BATCH = 500
_Row = tuple[object, ...]


def large_run_id(number: int, seed: int = 0) -> str:
    """The id of a run of `build_large` by its number."""
    return f"{random.Random(f'{seed}-{number}').getrandbits(128):032x}"


def build_large(
    path: Path,
    runs: int,
    metrics_per_run: int = 10,
    history: int = 1,
    seed: int = 0,
    artifacts: int = 0,
) -> int:
    """Write a SQLite store; return the number of its metric rows.

    The runs are spread over 10 experiments; run `i` has 5 params, 5 tags and `metrics_per_run`
    metrics of `history` points each. Every 20th run is deleted, every 50th is RUNNING, every 10th
    is the child of the run before it. Memory does not grow with `runs`; about 60,000 metric rows
    a second.

    Args:
        path: The database; artifacts go to the folder `mlruns` beside it.
        runs: Number of runs.
        metrics_per_run: Metrics of each run.
        history: Points of each metric.
        seed: Of ids and values.
        artifacts: Small files of each run (300 bytes; the second and later ones are the same in
            all runs).
    """
    root = path.parent / "mlruns"
    with closing(create_database(path)) as connection:
        # A crash here loses a test's input only.
        for pragma in ("synchronous = OFF", "journal_mode = MEMORY", "cache_size = -65536"):
            connection.execute(f"PRAGMA {pragma}")
        write_database_experiment(connection, 0, "Default", f"{root}/0")
        for number in range(1, _EXPERIMENTS + 1):
            name = f"credit_scoring_study_{number:02d}"
            write_database_experiment(connection, number, name, f"{root}/{number}")
        for first in range(0, runs, _BATCH):
            numbers = range(first, min(first + _BATCH, runs))
            _write(connection, numbers, (metrics_per_run, history, seed), root)
        connection.commit()
    for number in range(runs if artifacts else 0):
        _write_files(root, number, seed, artifacts)
    return runs * metrics_per_run * history


def _write(
    connection: sqlite3.Connection, numbers: range, shape: tuple[int, int, int], root: Path
) -> None:
    metrics_per_run, history, seed = shape
    ids = {number: large_run_id(number, seed) for number in numbers}

    def rows(make: Callable[[int, str], Iterator[_Row]]) -> Iterator[_Row]:
        return itertools.chain.from_iterable(make(n, run) for n, run in ids.items())

    connection.executemany(
        "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time,"
        " lifecycle_stage, artifact_uri, experiment_id, deleted_time)"
        " VALUES (?, ?, 'LOCAL', 'ana', ?, ?, ?, ?, ?, ?, ?)",
        rows(lambda n, run: _run(n, run, root)),
    )
    connection.executemany(
        "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
        rows(lambda n, run: ((key, str(n % 97), run) for key in _PARAMS)),
    )
    connection.executemany(
        "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)",
        rows(lambda n, run: _tags(n, run, seed)),
    )
    connection.executemany(
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " VALUES (?, ?, ?, ?, ?, 0)",
        rows(lambda n, run: _points(n, run, (metrics_per_run, 0, history), seed)),
    )
    connection.executemany(
        "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " VALUES (?, ?, ?, ?, ?, 0)",
        rows(lambda n, run: _points(n, run, (metrics_per_run, history - 1, history), seed)),
    )


def _experiment(number: int) -> int:
    return 1 + number % _EXPERIMENTS


def _start(number: int) -> int:
    return _BEGIN + number * 60_000


def _run(number: int, run: str, root: Path) -> Iterator[_Row]:
    is_running, is_deleted = number % 50 == 49, number % 20 == 19
    start = _start(number)
    yield (
        run,
        f"exp{number:05d}_cv_domain_none",
        "RUNNING" if is_running else "FINISHED",
        start,
        None if is_running else start + 30_000,
        "deleted" if is_deleted else "active",
        f"{root}/{_experiment(number)}/{run}/artifacts",
        _experiment(number),
        start + 60_000 if is_deleted else None,
    )


def _tags(number: int, run: str, seed: int) -> Iterator[_Row]:
    yield ("mlflow.runName", f"exp{number:05d}_cv_domain_none", run)
    yield ("mlflow.user", "ana", run)
    yield ("project", "credit_scoring", run)
    yield ("stage", "development", run)
    if number % 10 == 9:
        yield ("mlflow.parentRunId", large_run_id(number - 1, seed), run)
    else:
        yield ("model_type", "lgbm", run)


def _points(number: int, run: str, shape: tuple[int, int, int], seed: int) -> Iterator[_Row]:
    metrics_per_run, first, last = shape
    start = _start(number)
    for metric in range(metrics_per_run):
        for step in range(first, last):
            value = ((number * 31 + metric * 17 + step * 7 + seed) % 9973) / 9973
            yield (f"metric_{metric:02d}", value, start + step, run, step)


def _write_files(root: Path, number: int, seed: int, artifacts: int) -> None:
    run = large_run_id(number, seed)
    folder = root / str(_experiment(number)) / run / "artifacts"
    folder.mkdir(parents=True)
    (folder / "file_00.json").write_text(f'{{"run": "{run}"}}'.ljust(300))
    for file in range(1, artifacts):
        (folder / f"file_{file:02d}.json").write_text(f'{{"file": {file}}}'.ljust(300))
