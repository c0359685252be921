"""Runs of a tree: ``<experiment>/<run id>``."""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from pathlib import Path

from scorewright.adapters.file_stores.datasets import read_inputs, read_outputs
from scorewright.adapters.file_stores.experiments import RUN_PARTS, Experiment, is_of_run
from scorewright.adapters.file_stores.meta import META, Meta, read_meta
from scorewright.adapters.file_stores.points import Points, read_points
from scorewright.adapters.file_stores.reading import Reading, stage
from scorewright.adapters.file_stores.rows import last_of

__all__ = ["RunReader", "metric_points"]

#: `mlflow.entities.RunStatus` and `SourceType`.
STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
SOURCES = {1: "NOTEBOOK", 2: "JOB", 3: "PROJECT", 4: "LOCAL", 5: "UNKNOWN"}
_NAME = "mlflow.runName"
_NEEDED = ("artifact_uri", "experiment_id", "status")
_KNOWN = RUN_PARTS | {"artifacts"}


class RunReader:
    """Reads the runs of a tree, each id once.

    Args:
        experiments: All of them.
        reading: Where the rows go.
    """

    def __init__(self, experiments: list[Experiment], reading: Reading) -> None:
        self._reading = reading
        self._read: dict[str, str] = {}
        self._first = self._firsts(experiments)

    def read(self, one: Experiment) -> int:
        """Read the runs of an experiment; return how many there are."""
        return sum(self._run(entry, one) for entry in one.runs)

    def _run(self, entry: os.DirEntry[str], one: Experiment) -> bool:
        reading = self._reading
        parts = {part.name: part for part in reading.folders.entries(entry.path)}
        if not parts.keys() & RUN_PARTS:
            message = "The folder is no run: it has no meta.yaml, parameters, metrics or tags."
            reading.damage.homeless(entry.path, message, has_artifacts="artifacts" in parts)
            return False
        reading.others["entries not understood"] += len(parts.keys() - _KNOWN)
        name = reading.folders.name(entry)
        meta = None
        if META in parts:
            meta = read_meta(reading.folders, parts[META].path, _NEEDED)
            reading.understood += meta is not None and meta.is_whole
        else:
            message = "The run has no meta.yaml; its parameters, metrics and tags were read."
            reading.damage.homeless(entry.path, message, severity="error", run_id=name)
        run_id = (meta and meta.text("run_id", "run_uuid")) or name
        if self._is_twin(entry, run_id):
            return False
        self._read[run_id] = entry.path
        self._check_place(entry.path, name, run_id, one, meta)
        self._write(run_id, one, meta, parts)
        return True

    def _write(
        self, run_id: str, one: Experiment, meta: Meta | None, parts: dict[str, os.DirEntry[str]]
    ) -> None:
        reading = self._reading
        tags = dict(reading.folders.texts(parts["tags"].path)) if "tags" in parts else {}
        for key, value in tags.items():
            reading.rows.add("tags", run_id, key, value)
        if "params" in parts:
            for key, value in reading.folders.texts(parts["params"].path):
                reading.rows.add("params", run_id, key, value)
        if "metrics" in parts:
            self._metrics(parts["metrics"].path, run_id)
        if "inputs" in parts:
            read_inputs(parts["inputs"].path, run_id, one.experiment_id, reading)
        if "outputs" in parts:
            reading.seen(3)
            read_outputs(parts["outputs"].path, run_id, reading)
        row: dict[str, object] = {"run_id": run_id, "experiment_id": one.experiment_id}
        row |= _unknown(run_id, one, tags) if meta is None else _known(meta, tags)
        if row["artifact_uri"] is None:
            row["artifact_uri"] = _place(run_id, one)
        reading.rows.add_named("runs", row)

    def _metrics(self, folder: str, run_id: str) -> None:
        reading = self._reading
        for key, path in reading.folders.files(folder):
            points = metric_points(path, reading)
            if points is None:
                continue
            reading.rows.add("metrics", run_id, key, *last_of(points), len(points.steps))
            if reading.history is not None:
                reading.history.add(run_id, key, points)

    def _check_place(
        self, path: str, name: str, run_id: str, one: Experiment, meta: Meta | None
    ) -> None:
        """Keep what MLflow refuses to show: a run whose folder is not where its file says."""
        said = None if meta is None else meta.text("experiment_id")
        if said is not None and said not in (one.experiment_id, one.said_id()):
            message = f"The run says that it belongs to experiment {said}; MLflow hides it."
            self._reading.damage.homeless(path, message, says=said, lies_in=one.experiment_id)
        if run_id != name:
            message = f"The folder holds run {run_id}; MLflow shows none whose folder differs."
            self._reading.damage.homeless(path, message, run_id=run_id)

    def _firsts(self, experiments: list[Experiment]) -> dict[str, str]:
        """Say which folder is the run where several have its name: where the file says it is."""
        places: dict[str, list[tuple[os.DirEntry[str], Experiment]]] = defaultdict(list)
        for one in experiments:
            for entry in one.runs:
                places[entry.name].append((entry, one))
        firsts: dict[str, str] = {}
        for name, several in places.items():
            if len(several) == 1:
                continue
            folders = self._reading.folders
            found = [(entry, one) for entry, one in several if is_of_run(folders, entry.path)]
            if len(found) > 1:
                home = [entry for entry, one in found if self._is_home(entry, one)]
                firsts[name] = (home or [found[0][0]])[0].path
        return firsts

    def _is_home(self, entry: os.DirEntry[str], one: Experiment) -> bool:
        text = self._reading.folders.contents(f"{entry.path}/{META}") or b""
        folder = Path(one.path).name
        line = rf"(?m)^experiment_id: '?{re.escape(folder)}'?\s*$"
        return folder == one.said_id() and re.search(line.encode(), text) is not None

    def _is_twin(self, entry: os.DirEntry[str], run_id: str) -> bool:
        """Keep a second folder of a run; its rows would mix with those of the first."""
        first = self._first.get(entry.name, entry.path)
        if first == entry.path:
            first = self._read.get(run_id, entry.path)
        if first == entry.path:
            return False
        same = self._digest(first) == self._digest(entry.path)
        words = "with the same content" if same else "with other content, which was not read"
        message = f"Run {run_id} is here a second time, {words}."
        self._reading.damage.twin(
            entry.path, message, id=run_id, first=first, kind="run", identical=same
        )
        return True

    def _digest(self, folder: str) -> str:
        """Digest parameters, metrics and tags."""
        digest = hashlib.sha256()
        for part in ("metrics", "params", "tags"):
            path = f"{folder}/{part}"
            if not Path(path).is_dir():
                continue
            for key, file in self._reading.folders.files(path):
                content = self._reading.folders.contents(file) or b""
                digest.update(f"{part}/{key}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()


def metric_points(path: str, reading: Reading, *, of_model: bool = False) -> Points | None:
    """Read a metric's file; None where it holds no value.

    Args:
        path: The file.
        reading: Told of its damage.
        of_model: Of a logged model, whose lines name the run.
    """
    data = reading.folders.contents(path)
    if data is None:
        return None
    if not data:
        reading.damage.no_lines(path)
        return None
    points = read_points(data, of_model=of_model)
    if points.rejected or points.doubtful:
        reading.damage.lines(path, points.rejected, points.doubtful)
    if points.repeated:
        reading.damage.repeated(path, points.repeated)
    return points if points.steps else None


def _known(meta: Meta, tags: dict[str, str]) -> dict[str, object]:
    return {
        "name": meta.text("run_name") or meta.text("name") or tags.get(_NAME),
        "user_id": meta.text("user_id"),
        "status": meta.word("status", STATUS, "RUNNING"),
        "start_time": meta.whole("start_time"),
        "end_time": meta.whole("end_time"),
        "deleted_time": meta.whole("deleted_time"),
        "lifecycle_stage": stage(meta.text("lifecycle_stage")),
        "artifact_uri": meta.text("artifact_uri"),
        "source_type": meta.word("source_type", SOURCES, ""),
        "source_name": meta.text("source_name"),
        "source_version": meta.text("source_version"),
        "entry_point_name": meta.text("entry_point_name"),
    }


def _unknown(run_id: str, one: Experiment, tags: dict[str, str]) -> dict[str, object]:
    return {
        "name": tags.get(_NAME),
        "status": "",
        "lifecycle_stage": stage(None, is_in_trash=one.is_in_trash),
        "artifact_uri": _place(run_id, one),
    }


def _place(run_id: str, one: Experiment) -> str | None:
    """Return where MLflow puts the artifacts of a run whose file does not say it."""
    location = one.location()
    return None if location is None else f"{location.rstrip('/')}/{run_id}/artifacts"
