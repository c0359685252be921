"""Answers of a tracking server as rows of a snapshot."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from scorewright.core.snapshot import TABLES

__all__ = [
    "Rows",
    "add_experiment",
    "add_logged_model",
    "add_model",
    "add_run",
    "add_run_models",
    "add_version",
    "point_rows",
]

_Json = Mapping[str, Any]
_CONTEXT = "mlflow.data.context"


class Rows:
    """The tables, row by row."""

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
        self._datasets: set[str] = set()

    def add(self, table: str, /, **values: object) -> None:
        """Add a row; columns without a value are null."""
        self._rows[table].append(values)

    def add_dataset(self, dataset_id: str, **values: object) -> None:
        """Add a data set once."""
        if dataset_id not in self._datasets:
            self._datasets.add(dataset_id)
            self.add("datasets", dataset_id=dataset_id, **values)

    def count(self, table: str) -> int:
        """Return the number of rows so far."""
        return len(self._rows[table])

    def column(self, table: str, name: str) -> list[Any]:
        """Return a column so far."""
        return [row.get(name) for row in self._rows[table]]

    def frames(self) -> dict[str, pl.DataFrame]:
        """Return the tables."""
        return {
            table: pl.DataFrame(self._rows[table], schema=schema)
            for table, schema in TABLES.items()
        }


def add_experiment(rows: Rows, found: _Json) -> None:
    """Add an experiment and its tags."""
    experiment = str(found["experiment_id"])
    rows.add(
        "experiments",
        experiment_id=experiment,
        name=found.get("name"),
        artifact_location=found.get("artifact_location"),
        lifecycle_stage=found.get("lifecycle_stage"),
        creation_time=_whole(found.get("creation_time")),
        last_update_time=_whole(found.get("last_update_time")),
    )
    for key, value in _pairs(found.get("tags")):
        rows.add("experiment_tags", experiment_id=experiment, key=key, value=value)


def add_run(rows: Rows, found: _Json) -> None:
    """Add a run with all that was logged to it."""
    info, data = found["info"], found.get("data", {})
    run = str(info.get("run_id") or info["run_uuid"])
    experiment = str(info.get("experiment_id", ""))
    rows.add(
        "runs",
        run_id=run,
        experiment_id=experiment,
        name=info.get("run_name") or None,
        user_id=info.get("user_id"),
        status=info.get("status"),
        start_time=_whole(info.get("start_time")),
        end_time=_whole(info.get("end_time")),
        lifecycle_stage=info.get("lifecycle_stage"),
        artifact_uri=info.get("artifact_uri"),
    )
    for table in ("params", "tags"):
        for key, value in _pairs(data.get(table)):
            rows.add(table, run_id=run, key=key, value=value)
    for metric in data.get("metrics", ()):
        rows.add("metrics", run_id=run, key=metric.get("key"), **_point(metric))
    _add_inputs(rows, run, experiment, found)


def add_logged_model(rows: Rows, found: _Json) -> None:
    """Add a logged model with parameters, tags and metrics."""
    info, data = found["info"], found.get("data", {})
    model = str(info["model_id"])
    rows.add(
        "logged_models",
        model_id=model,
        experiment_id=str(info.get("experiment_id", "")),
        source_run_id=info.get("source_run_id") or None,
        name=info.get("name"),
        # Databases call it so.
        status=str(info.get("status", "")).removeprefix("LOGGED_MODEL_").removeprefix("UPLOAD_"),
        status_message=info.get("status_message") or None,
        model_type=info.get("model_type") or None,
        artifact_location=info.get("artifact_uri"),
        lifecycle_stage="active",
        creation_time=_whole(info.get("creation_timestamp_ms")),
        last_update_time=_whole(info.get("last_updated_timestamp_ms")),
    )
    for key, value in _pairs(info.get("tags")):
        rows.add("logged_model_tags", model_id=model, key=key, value=value)
    for key, value in _pairs(data.get("params")):
        rows.add("logged_model_params", model_id=model, key=key, value=value)
    for metric in data.get("metrics", ()):
        point = _point(metric)
        point.pop("is_nan")
        rows.add(
            "logged_model_metrics",
            model_id=model,
            run_id=metric.get("run_id") or None,
            key=metric.get("key"),
            dataset_name=metric.get("dataset_name") or None,
            dataset_digest=metric.get("dataset_digest") or None,
            **point,
        )


def add_model(rows: Rows, found: _Json) -> None:
    """Add a registered model with tags and aliases."""
    name = found.get("name")
    rows.add(
        "registered_models",
        name=name,
        description=found.get("description"),
        creation_time=_whole(found.get("creation_timestamp")),
        last_update_time=_whole(found.get("last_updated_timestamp")),
    )
    for key, value in _pairs(found.get("tags")):
        rows.add("registered_model_tags", name=name, key=key, value=value)
    for alias in found.get("aliases", ()):
        rows.add(
            "registered_model_aliases",
            name=name,
            alias=alias.get("alias"),
            version=_whole(alias.get("version")),
        )


def add_version(rows: Rows, found: _Json) -> None:
    """Add a model version with tags."""
    name, version = found.get("name"), _whole(found.get("version"))
    rows.add(
        "model_versions",
        name=name,
        version=version,
        stage=found.get("current_stage"),
        status=found.get("status"),
        status_message=found.get("status_message"),
        description=found.get("description"),
        source=found.get("source"),
        run_id=found.get("run_id") or None,
        run_link=found.get("run_link"),
        user_id=found.get("user_id"),
        creation_time=_whole(found.get("creation_timestamp")),
        last_update_time=_whole(found.get("last_updated_timestamp")),
    )
    for key, value in _pairs(found.get("tags")):
        rows.add("model_version_tags", name=name, version=version, key=key, value=value)


def _add_inputs(rows: Rows, run: str, experiment: str, found: _Json) -> None:
    for one in found.get("inputs", {}).get("dataset_inputs", ()):
        dataset = one.get("dataset", {})
        words = (experiment, dataset.get("name", ""), dataset.get("digest", ""))
        # A server keeps the ids to itself.
        key = hashlib.md5("\x1f".join(words).encode(), usedforsecurity=False).hexdigest()
        fields = ("name", "digest", "source_type", "source", "schema", "profile")
        rows.add_dataset(
            key, experiment_id=experiment, **{field: dataset.get(field) for field in fields}
        )
        tags = dict(_pairs(one.get("tags")))
        rows.add("inputs", run_id=run, dataset_id=key, context=tags.pop(_CONTEXT, ""))
        for name, value in tags.items():
            rows.add("input_tags", run_id=run, dataset_id=key, key=name, value=value)
    add_run_models(rows, run, found)


def add_run_models(
    rows: Rows, run: str, found: _Json, known: Collection[tuple[object, ...]] = ()
) -> None:
    """Add the logged models that a run read and made.

    Args:
        rows: Where to.
        run: Its id.
        found: As the server tells of it.
        known: Run, model and role of those that are there already.
    """
    inputs, outputs = found.get("inputs", {}), found.get("outputs", {})
    for role, models in (
        ("input", inputs.get("model_inputs", ())), ("output", outputs.get("model_outputs", ())),
    ):  # fmt: skip
        for model in models:
            key = model.get("model_id")
            if (run, key, role) not in known:
                step = _whole(model.get("step")) or 0
                rows.add("run_models", run_id=run, model_id=key, role=role, step=step)


def _point(metric: _Json) -> dict[str, Any]:
    """Return value, timestamp and step; no number is 0 with ``is_nan``, as in databases."""
    value = float(metric.get("value", 0.0))
    is_nan = math.isnan(value)
    return {
        "value": 0.0 if is_nan else value,
        "timestamp": _whole(metric.get("timestamp")),
        "step": _whole(metric.get("step")) or 0,
        "is_nan": is_nan,
    }


def point_rows(run: str, key: str, metrics: Iterable[_Json]) -> Iterator[dict[str, Any]]:
    """Yield rows of a history."""
    for metric in metrics:
        yield {"run_id": run, "key": key, **_point(metric)}


def _pairs(found: Iterable[_Json] | None) -> list[tuple[str, str]]:
    return [(str(one.get("key", "")), str(one.get("value", ""))) for one in found or ()]


def _whole(value: object) -> int | None:
    """Return an integer that JSON may hold as a text; None where it is none."""
    try:
        return None if value is None or value == "" else int(str(value))
    except ValueError:
        return None
