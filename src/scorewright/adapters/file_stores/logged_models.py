"""Logged models and traces of MLflow 3: ``<experiment>/models`` and ``<experiment>/traces``."""

from __future__ import annotations

import os
from collections import Counter
from typing import Final

from scorewright.adapters.file_stores.experiments import INFO, MODELS, TRACES, Experiment
from scorewright.adapters.file_stores.meta import META, read_meta
from scorewright.adapters.file_stores.reading import Reading, stage
from scorewright.adapters.file_stores.runs import metric_points

__all__ = ["ASSESSMENTS", "read_logged_models", "read_traces"]

ASSESSMENTS: Final = "assessments"

#: `mlflow.entities.LoggedModelStatus`.
STATUS = {0: "UNSPECIFIED", 1: "PENDING", 2: "READY", 3: "FAILED"}


def read_logged_models(one: Experiment, reading: Reading, taken: dict[str, str]) -> None:
    """Read the logged models of an experiment.

    Args:
        one: The experiment.
        reading: Where the rows go.
        taken: Ids of models -> their folders, filled here.
    """
    if MODELS not in one.entries:
        return
    for entry in reading.folders.folders(one.entries[MODELS].path):
        _model(entry, one, reading, taken)


def _model(
    entry: os.DirEntry[str], one: Experiment, reading: Reading, taken: dict[str, str]
) -> None:
    parts = {part.name: part for part in reading.folders.entries(entry.path)}
    model_id = reading.folders.name(entry)
    row: dict[str, object] = {"experiment_id": one.experiment_id, "status": ""}
    if META not in parts:
        message = "The logged model has no meta.yaml."
        reading.damage.homeless(entry.path, message, severity="error", model_id=model_id)
    elif (meta := read_meta(reading.folders, parts[META].path)) is not None:
        model_id = meta.text("model_id") or model_id
        row |= {
            "source_run_id": meta.text("source_run_id"),
            "name": meta.text("name"),
            "status": meta.word("status", STATUS, "UNSPECIFIED"),
            "status_message": meta.text("status_message"),
            "model_type": meta.text("model_type"),
            "artifact_location": meta.text("artifact_location"),
            "creation_time": meta.whole("creation_timestamp"),
            "last_update_time": meta.whole("last_updated_timestamp"),
            "lifecycle_stage": stage(meta.text("lifecycle_stage"), is_in_trash=one.is_in_trash),
        }
    if first := taken.get(model_id):
        message = f"Logged model {model_id} is here a second time and was not read."
        reading.damage.twin(entry.path, message, id=model_id, first=first, kind="model")
        return
    taken[model_id] = entry.path
    row.setdefault("lifecycle_stage", stage(None, is_in_trash=one.is_in_trash))
    reading.rows.add_named("logged_models", row | {"model_id": model_id})
    _keys(model_id, parts, reading)


def _keys(model_id: str, parts: dict[str, os.DirEntry[str]], reading: Reading) -> None:
    for part in ("params", "tags"):
        if part in parts:
            for key, value in reading.folders.texts(parts[part].path):
                reading.rows.add(f"logged_model_{part}", model_id, key, value)
    if "metrics" not in parts:
        return
    for key, path in reading.folders.files(parts["metrics"].path):
        points = metric_points(path, reading, of_model=True)
        if points is None:
            continue
        lines = zip(points.values, points.timestamps, points.steps, strict=True)
        for run_id, data, line in zip(points.run_ids, points.data, lines, strict=True):
            named = (text or None for text in data)
            reading.rows.add("logged_model_metrics", model_id, run_id, key, *line, *named)


def read_traces(one: Experiment, reading: Reading) -> None:
    """Count the traces of an experiment by status, and their assessments."""
    if TRACES not in one.entries:
        return
    found: Counter[str] = Counter()
    for entry in reading.folders.folders(one.entries[TRACES].path):
        meta = read_meta(reading.folders, f"{entry.path}/{INFO}")
        # MLflow 2 calls it status.
        found["" if meta is None else meta.text("state", "status") or ""] += 1
        parts = {part.name: part for part in reading.folders.entries(entry.path)}
        if ASSESSMENTS in parts and reading.folders.is_folder(parts[ASSESSMENTS]):
            held = reading.folders.entries(parts[ASSESSMENTS].path)
            reading.others[ASSESSMENTS] += len(held)
    for status, count in sorted(found.items()):
        reading.rows.add("traces", one.experiment_id, status, count)
