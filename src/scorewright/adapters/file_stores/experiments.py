"""Experiments of a tree: ``<root>/<id>`` and ``<root>/.trash/<id>``."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from scorewright.adapters.file_stores.folders import Folders
from scorewright.adapters.file_stores.meta import META, Meta, read_meta
from scorewright.adapters.file_stores.reading import Reading, stage

__all__ = [
    "INFO",
    "MODELS",
    "RUN_PARTS",
    "TRACES",
    "TRASH",
    "Experiment",
    "find_experiments",
    "is_of_run",
    "write_experiment",
]

TRASH, MODELS, TRACES = ".trash", "models", "traces"
#: The file of a trace.
INFO = "trace_info.yaml"
#: Folders of an experiment that are no runs.
RESERVED = frozenset({"tags", "datasets", TRACES, MODELS})
#: What only a run's folder has; artifacts alone may be those of a database.
RUN_PARTS = frozenset({META, "metrics", "params", "tags", "inputs", "outputs"})
_NEEDED = ("artifact_location", "experiment_id", "name")
#: From MLflow 2.0 on ids are random, of 18 digits or a few less.
_RANDOM_ID = 12


@dataclass(slots=True)
class Experiment:
    """A folder that holds an experiment.

    Attributes:
        path: The folder.
        experiment_id: Unique in the tree.
        meta: Its file, None where it is missing or damaged.
        is_in_trash: Deleted.
        entries: What is in the folder, by name.
        runs: Folders that may be runs.
    """

    path: str
    experiment_id: str
    meta: Meta | None
    is_in_trash: bool
    entries: dict[str, os.DirEntry[str]] = field(default_factory=dict)
    runs: list[os.DirEntry[str]] = field(default_factory=list)

    def location(self) -> str | None:
        """Return where its runs keep their artifacts, as it was written down."""
        return None if self.meta is None else self.meta.text("artifact_location")

    def said_id(self) -> str:
        """Return the id that its file says, which its runs repeat."""
        said = None if self.meta is None else self.meta.text("experiment_id")
        return said or self.experiment_id


def find_experiments(root: str, reading: Reading) -> list[Experiment]:
    """Find the experiments of a tree, those of the trash last.

    Args:
        root: The tree.
        reading: Told of folders that are no experiments and of ids that are there twice.
    """
    folders = reading.folders
    found = [(e, False) for e in folders.folders(root) if e.name not in (TRASH, MODELS)]
    trash = f"{root}/{TRASH}"
    if Path(trash).is_dir():
        found += [(entry, True) for entry in folders.folders(trash)]
    read = [_read(entry, is_in_trash, reading) for entry, is_in_trash in found]
    return _with_ids([one for one in read if one is not None], reading)


def _read(entry: os.DirEntry[str], is_in_trash: bool, reading: Reading) -> Experiment | None:
    entries = {one.name: one for one in reading.folders.entries(entry.path)}
    runs = [
        one
        for one in entries.values()
        if one.name not in RESERVED and reading.folders.is_folder(one)
    ]
    meta = None
    if META in entries:
        meta = read_meta(reading.folders, f"{entry.path}/{META}", _NEEDED)
        reading.understood += meta is not None and meta.is_whole
    if META not in entries:
        has_runs = any(is_of_run(reading.folders, one.path) for one in runs)
        if not has_runs and not _has_traces(entries, reading.folders):
            if not entry.name.startswith("."):
                message = "The folder is no experiment: it has no meta.yaml and no runs."
                reading.damage.homeless(entry.path, message, entries=len(entries))
            return None
        message = "The experiment has no meta.yaml; its runs were read all the same."
        reading.damage.homeless(entry.path, message, severity="error", runs=len(runs))
    name = reading.folders.name(entry)
    return Experiment(entry.path, name, meta, is_in_trash, entries, runs)


def is_of_run(folders: Folders, path: str) -> bool:
    """Tell whether a folder has what only a run has."""
    return any(one.name in RUN_PARTS for one in folders.entries(path))


def _has_traces(entries: dict[str, os.DirEntry[str]], folders: Folders) -> bool:
    """Tell whether a folder has traces, as only an experiment has."""
    if TRACES not in entries or not folders.is_folder(entries[TRACES]):
        return False
    found = [folders.entries(one.path) for one in folders.folders(entries[TRACES].path)]
    return any(part.name == INFO for parts in found for part in parts)


def _with_ids(found: list[Experiment], reading: Reading) -> list[Experiment]:
    """Give each experiment an id of its own: the one its file says, if no other has it."""
    # A folder with the name of its id has the first right to it.
    taken = {one.experiment_id: one for one in found if one.said_id() == one.experiment_id}
    for one in found:
        said, name = one.said_id(), one.experiment_id
        if said == name and taken[said] is one:
            continue
        other = taken.get(said)
        if other is None:
            one.experiment_id = said
            taken[said] = one
            message = f"The folder holds experiment {said}; MLflow shows none whose folder differs."
            reading.damage.homeless(one.path, message, experiment_id=said)
            continue
        one.experiment_id = _free(name, taken)
        taken[one.experiment_id] = one
        message = f"Experiment {said} is here a second time; it is called {one.experiment_id}."
        reading.damage.twin(one.path, message, id=said, first=other.path, kind="experiment")
    return found


def _free(name: str, taken: dict[str, Experiment]) -> str:
    number = 1
    free = name
    while free in taken:
        number += 1
        free = f"{name}~{number}"
    return free


def write_experiment(one: Experiment, reading: Reading) -> None:
    """Add an experiment, its tags and its data sets to the tables.

    Args:
        one: The experiment.
        reading: Where the rows go.
    """
    meta = one.meta
    said = None if meta is None else meta.text("lifecycle_stage")
    reading.rows.add(
        "experiments",
        one.experiment_id,
        (None if meta is None else meta.text("name")) or "",
        one.location(),
        stage(said, is_in_trash=one.is_in_trash),
        None if meta is None else meta.whole("creation_time"),
        None if meta is None else meta.whole("last_update_time"),
    )
    if "tags" in one.entries:
        for key, value in reading.folders.texts(one.entries["tags"].path):
            reading.rows.add("experiment_tags", one.experiment_id, key, value)
    _note_generation(one, reading)


def _note_generation(one: Experiment, reading: Reading) -> None:
    if len(one.experiment_id) >= _RANDOM_ID and one.experiment_id.isdigit():
        reading.seen(2)
    if "datasets" in one.entries or TRACES in one.entries:
        reading.seen(2)
    if MODELS in one.entries or (one.meta is not None and "workspace" in one.meta.fields):
        reading.seen(3)
