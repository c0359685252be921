"""Data sets of experiments, and what runs read and made."""

from __future__ import annotations

import hashlib

from scorewright.adapters.file_stores.experiments import Experiment
from scorewright.adapters.file_stores.meta import META, Meta, read_meta
from scorewright.adapters.file_stores.reading import Reading

__all__ = ["read_datasets", "read_inputs", "read_outputs"]

_CONTEXT = "mlflow.data.context"


def read_datasets(one: Experiment, reading: Reading) -> None:
    """Read ``<experiment>/datasets/<id>``."""
    if "datasets" not in one.entries:
        return
    for entry in reading.folders.folders(one.entries["datasets"].path):
        meta = read_meta(reading.folders, f"{entry.path}/{META}")
        if meta is None:
            continue
        reading.rows.add(
            "datasets",
            _dataset_id(one.experiment_id, reading.folders.name(entry)),
            one.experiment_id,
            meta.text("name"),
            meta.text("digest"),
            meta.text("source_type"),
            meta.text("source"),
            meta.text("schema"),
            meta.text("profile"),
        )


def read_inputs(folder: str, run_id: str, experiment_id: str, reading: Reading) -> None:
    """Read ``<run>/inputs``: data sets with their roles, and models."""
    for meta in _links(folder, reading):
        source = meta.text("source_id")
        match meta.text("source_type"):
            case "DATASET" if source:
                tags = meta.mapping("tags")
                dataset = _dataset_id(experiment_id, source)
                reading.rows.add("inputs", run_id, dataset, tags.pop(_CONTEXT, ""))
                for key, value in tags.items():
                    reading.rows.add("input_tags", run_id, dataset, key, value)
            case "MODEL" if source:
                reading.rows.add("run_models", run_id, source, "input", meta.whole("step") or 0)
            case kind:
                reason = f"it links a run to {kind or 'nothing'!r}"
                reading.damage.unreadable(meta.path, reason)


def read_outputs(folder: str, run_id: str, reading: Reading) -> None:
    """Read ``<run>/outputs``: the models that it made."""
    for meta in _links(folder, reading):
        model = meta.text("destination_id", "source_id")
        if meta.text("destination_type") == "MODEL_OUTPUT" and model:
            reading.rows.add("run_models", run_id, model, "output", meta.whole("step") or 0)
        else:
            reason = f"a run made {meta.text('destination_type') or 'nothing'!r}"
            reading.damage.unreadable(meta.path, reason)


def _links(folder: str, reading: Reading) -> list[Meta]:
    found = (
        read_meta(reading.folders, f"{entry.path}/{META}")
        for entry in reading.folders.folders(folder)
    )
    return [meta for meta in found if meta is not None]


def _dataset_id(experiment_id: str, folder: str) -> str:
    """Return an id that no other data set of the tree has.

    MLflow derives the folder's name from name and digest alone, so that one data set has the same
    in every experiment; databases have one id per experiment and data set.
    """
    text = f"{experiment_id}/{folder}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
