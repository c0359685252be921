"""Reads the stored predictions of a store's runs, to hold logged figures against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from scorewright.core.audit import Predictions, predictions_of
from scorewright.core.snapshot import Snapshot
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone
from scorewright.flows.store.evidence_ports import PredictionFiles

__all__ = ["read_predictions"]

_STAGE = "predictions"
_ANALYSIS = "threshold_analysis.json"
#: File names that hold predictions, the most trusted first.
_NAMES = (
    "predictions", "oof_predictions", "predictions_oof", "oof", "val_predictions",
    "valid_predictions", "validation_predictions", "predictions_val", "predictions_valid",
    "predictions_validation", "test_predictions", "predictions_test", "holdout_predictions",
    "oot_predictions", "predictions_oot", "predictions_holdout", "y_pred", "scores", "preds",
)  # fmt: skip
#: More files of one run are not read.
_MOST_FILES = 6
_SUFFIXES = (".parquet", ".csv")


def read_predictions(
    snapshot: Snapshot, files: pl.DataFrame, reader: PredictionFiles, notify: Notify
) -> dict[str, Predictions]:
    """Return the stored predictions by run id, of active runs.

    The first file that holds labels and scores stands for a run, the others come with it. Files
    behind a server have no folder on this machine, and are not read.

    Args:
        snapshot: The store.
        files: Its artifact files, columns of `scorewright.core.snapshot.FILES`.
        reader: Reads tables and documents.
        notify: Told of the progress.
    """
    alive = snapshot.runs.filter(pl.col("lifecycle_stage").fill_null("active") != "deleted")
    found = _candidates(files.join(alive, left_on="owner_id", right_on="run_id", how="semi"))
    notify(StageStarted(_STAGE, len(found)))
    read: dict[str, Predictions] = {}
    for done, (run, (folder, paths)) in enumerate(found.items(), start=1):
        stored = _first(Path(folder), paths, reader)
        if stored is not None:
            read[run] = stored
        notify(StepDone(_STAGE, done, run))
    notify(StageDone(_STAGE, f"{len(read):,} of {len(found):,} files hold labels and scores"))
    return read


def _candidates(files: pl.DataFrame) -> dict[str, tuple[str, list[str]]]:
    """Return folder and files of predictions by run id, in order of trust."""
    rows = files.filter(
        pl.col("owner") == "run",
        pl.col("folder") != "",
        pl.col("path").str.to_lowercase().str.contains(r"\.(parquet|csv)$"),
    )
    found: dict[str, tuple[str, list[tuple[int, str]]]] = {}
    for run, folder, path in rows.select("owner_id", "folder", "path").sort("owner_id").iter_rows():
        rank = _rank(path)
        if rank is not None:
            found.setdefault(run, (folder, []))[1].append((rank, path))
    return {run: (folder, [p for _, p in sorted(paths)]) for run, (folder, paths) in found.items()}


def _rank(path: str) -> int | None:
    name = PurePosixPath(path.lower())
    if name.suffix not in _SUFFIXES or name.stem not in _NAMES:
        return None
    # Of the same name the Parquet file is exact.
    return 2 * _NAMES.index(name.stem) + _SUFFIXES.index(name.suffix)


def _first(folder: Path, paths: list[str], reader: PredictionFiles) -> Predictions | None:
    found = []
    for path in paths[:_MOST_FILES]:
        frame = reader.read(folder / path)
        if frame is not None:
            analysis = reader.document((folder / path).parent / _ANALYSIS)
            stored = predictions_of(path, frame, _plain(analysis))
            if stored is not None:
                found.append(stored)
    return replace(found[0], others=tuple(found[1:])) if found else None


def _plain(document: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Keep what the rules look at: the tables of points are long."""
    wanted = ("method", "chosen", "exact_optimum", "data_role", "costs")
    return {key: document[key] for key in wanted if key in document} if document else {}
