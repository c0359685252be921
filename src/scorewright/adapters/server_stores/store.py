"""A tracking server as a store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import polars as pl

from scorewright.adapters.server_stores.client import OPTIONAL, UNKNOWN, Credentials, RestClient
from scorewright.adapters.server_stores.rows import (
    Rows,
    add_experiment,
    add_logged_model,
    add_model,
    add_run,
    add_run_models,
    add_version,
    point_rows,
)
from scorewright.adapters.server_stores.traces import search_traces
from scorewright.core.counting import counted
from scorewright.core.snapshot import HISTORY, Snapshot, Source, SourceKind, snapshot_of
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone

__all__ = ["HttpStore"]

_STAGE: Final = "reading the server"
_HISTORIES: Final = "reading metric histories"
_API: Final = "/api/2.0/mlflow"
_PAGE: Final = 1000
_MODELS: Final = 100
_POINTS: Final = 25_000
#: So many experiments are named in one question.
_EXPERIMENTS: Final = 100
_THREADS: Final = 8
_OFTEN: Final = 200
#: MLflow 3 keeps prompts with the registered models and tells of them only when asked.
_PROMPTS: Final = "tags.`mlflow.prompt.is_prompt` = 'true'"
#: Table, its name in the answer, the question, and whether it is a POST.
_WHOLE: Final = (
    ("evaluation_datasets", "datasets", "/api/3.0/mlflow/datasets/search", True),
    ("scorers", "scorers", "/api/3.0/mlflow/scorers/list", False),
    ("issues", "issues", "/api/3.0/mlflow/issues/search", True),
)
#: Asked for each experiment. Label schemas are not asked for: MLflow makes one when it is asked.
_QUEUES: Final = "/api/3.0/mlflow/review-queues/list"


class HttpStore:
    """Reads a tracking server of MLflow 1.28 or later, with questions that change nothing.

    What a server does not tell is not there: deleted logged models, and ids of data sets (they
    are made here). The number of values of a metric and the models that a run read are asked for
    with the history alone. A server answers page by page, so that what is logged meanwhile may be
    there in part.

    Args:
        uri: ``http://host:port`` or ``https://...``.
        credentials: From the environment.
    """

    def __init__(self, uri: str, credentials: Credentials | None = None) -> None:
        self._client = RestClient(uri, credentials)

    def read(self, notify: Notify, *, history: bool = False) -> Snapshot:
        """Read everything; see `scorewright.flows.store.ports.StoreReader`.

        Args:
            notify: Told of the runs that were read.
            history: Read every value of every metric too: one question for each metric of each
                run.

        Raises:
            ScorewrightError: ``store-unreachable``, ``store-refused``, ``store-invalid``.
        """
        notify(StageStarted(_STAGE))
        version = self._client.version()
        rows = Rows()
        for found in self._experiments():
            add_experiment(rows, found)
        experiments = [str(one) for one in rows.column("experiments", "experiment_id")]
        has_models = False
        for at in range(0, len(experiments), _EXPERIMENTS):
            some = experiments[at : at + _EXPERIMENTS]
            self._runs(some, rows, notify)
            has_models = self._logged_models(some, rows)
        self._traces(experiments, rows)
        self._registry(rows)
        if history and has_models:
            self._model_inputs(rows)
        if history:
            self._others(experiments, rows)
        notify(StageDone(_STAGE, counted(rows.count("runs"), "run")))
        frames = rows.frames()
        past = self._history(frames["metrics"], notify) if history else None
        if past is not None:
            keys = [pl.col(name).cast(frames["metrics"].schema[name]) for name in ("run_id", "key")]
            points = past.group_by(keys).agg(counted=pl.len().cast(pl.Int64))
            frames["metrics"] = (
                frames["metrics"]
                .join(points, on=["run_id", "key"], how="left", maintain_order="left")
                .with_columns(points=pl.col("counted"))
            )
        layout = f"server of MLflow {version}" if version else "server"
        source = Source(self._client.location, SourceKind.SERVER, layout=layout)
        return snapshot_of(source, frames, past)

    def _experiments(self) -> Iterator[dict[str, Any]]:
        body = {"max_results": _PAGE, "view_type": "ALL"}
        pages = self._client.pages(f"{_API}/experiments/search", body)
        for page in pages:
            yield from page.get("experiments", ())

    def _runs(self, experiments: list[str], rows: Rows, notify: Notify) -> None:
        body = {"experiment_ids": experiments, "run_view_type": "ALL", "max_results": _PAGE}
        for page in self._client.pages(f"{_API}/runs/search", body):
            for found in page.get("runs", ()):
                add_run(rows, found)
            done = rows.count("runs")
            notify(StepDone(_STAGE, done, f"{done:,} runs"))

    def _logged_models(self, experiments: list[str], rows: Rows) -> bool:
        """Read logged models; return whether the server knows of such."""
        body = {"experiment_ids": experiments, "max_results": _MODELS}
        is_known = False
        for page in self._client.pages(f"{_API}/logged-models/search", body, absent=UNKNOWN):
            is_known = True
            for found in page.get("models", ()):
                add_logged_model(rows, found)
        return is_known

    def _model_inputs(self, rows: Rows) -> None:
        """Ask for the models that runs read: the search tells of those that they made alone."""
        columns = (rows.column("run_models", name) for name in ("run_id", "model_id", "role"))
        known = frozenset(zip(*columns, strict=True))

        def ask(run: str) -> dict[str, Any] | None:
            return self._client.get(f"{_API}/runs/get", {"run_id": run}, absent=UNKNOWN)

        runs = rows.column("runs", "run_id")
        with ThreadPoolExecutor(_THREADS) as pool:
            for run, answer in zip(runs, pool.map(ask, runs), strict=True):
                add_run_models(rows, run, (answer or {}).get("run", {}), known)

    def _traces(self, experiments: list[str], rows: Rows) -> None:
        counts: Counter[tuple[str, str]] = Counter()
        assessments = 0
        for experiment in experiments:
            for found in search_traces(self._client, [experiment]):
                status = found.get("state") or found.get("status")
                counts[experiment, str(status or "")] += 1
                assessments += len(found.get("assessments") or ())
        for (experiment, status), count in sorted(counts.items()):
            rows.add("traces", experiment_id=experiment, status=status, traces=count)
        if assessments:
            rows.add("others", table="assessments", rows=assessments)

    def _others(self, experiments: list[str], rows: Rows) -> None:
        """Count what MLflow 3 keeps for the evaluation of answers, so that it is not overlooked."""
        counts: Counter[str] = Counter()
        for table, key, path, is_post in _WHOLE:
            for page in self._client.pages(path, {}, is_post=is_post, absent=OPTIONAL):
                counts[table] += len(page.get(key, ()))

        def ask(experiment: str) -> int:
            query = {"experiment_id": experiment}
            pages = self._client.pages(_QUEUES, query, is_post=False, absent=OPTIONAL)
            return sum(len(page.get("review_queues", ())) for page in pages)

        with ThreadPoolExecutor(_THREADS) as pool:
            counts["review_queues"] = sum(pool.map(ask, experiments))
        for table, count in sorted(counts.items()):
            if count:
                rows.add("others", table=table, rows=count)

    def _registry(self, rows: Rows) -> None:
        for filtering, absent in (({}, UNKNOWN), ({"filter": _PROMPTS}, OPTIONAL)):
            query = {"max_results": _PAGE, **filtering}
            for table, add, path in (
                ("registered_models", add_model, "registered-models/search"),
                ("model_versions", add_version, "model-versions/search"),
            ):
                known = {_key(one) for one in _keys(rows, table)}
                pages = self._client.pages(f"{_API}/{path}", query, is_post=False, absent=absent)
                for page in pages:
                    for found in page.get(table, ()):
                        # Some servers tell of prompts in any case.
                        if _key((found.get("name"), found.get("version"))) not in known:
                            add(rows, found)

    def _history(self, metrics: pl.DataFrame, notify: Notify) -> pl.DataFrame:
        wanted = list(metrics.select("run_id", "key").iter_rows())
        notify(StageStarted(_HISTORIES, len(wanted)))
        parts: list[pl.DataFrame] = []
        with ThreadPoolExecutor(_THREADS) as pool:
            for done, part in enumerate(pool.map(self._points, wanted), start=1):
                parts.append(part)
                if done % _OFTEN == 0:
                    notify(StepDone(_HISTORIES, done))
        notify(StageDone(_HISTORIES, counted(len(wanted), "metric")))
        return pl.concat(parts) if parts else pl.DataFrame(schema=HISTORY)

    def _points(self, wanted: tuple[str, str]) -> pl.DataFrame:
        run, key = wanted
        query = {"run_id": run, "metric_key": key, "max_results": _POINTS}
        pages = self._client.pages(f"{_API}/metrics/get-history", query, is_post=False)
        found = [row for page in pages for row in point_rows(run, key, page.get("metrics", ()))]
        return pl.DataFrame(found, schema=HISTORY)


def _keys(rows: Rows, table: str) -> list[tuple[Any, Any]]:
    names = rows.column(table, "name")
    numbers = rows.column(table, "version") if table == "model_versions" else [None] * len(names)
    return list(zip(names, numbers, strict=True))


def _key(pair: tuple[Any, Any]) -> tuple[str, str]:
    return str(pair[0]), "" if pair[1] is None else str(pair[1])
