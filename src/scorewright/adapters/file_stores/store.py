"""A tree of files as a store."""

from __future__ import annotations

import os
from pathlib import Path

from scorewright.adapters.file_stores.damage import Damage
from scorewright.adapters.file_stores.datasets import read_datasets
from scorewright.adapters.file_stores.experiments import (
    MODELS,
    TRASH,
    find_experiments,
    write_experiment,
)
from scorewright.adapters.file_stores.folders import Folders
from scorewright.adapters.file_stores.logged_models import read_logged_models, read_traces
from scorewright.adapters.file_stores.meta import META
from scorewright.adapters.file_stores.reading import Reading
from scorewright.adapters.file_stores.registry import read_registry
from scorewright.adapters.file_stores.rows import History
from scorewright.adapters.file_stores.runs import RunReader
from scorewright.core.counting import counted
from scorewright.core.errors import ScorewrightError
from scorewright.core.snapshot import Snapshot, Source, SourceKind, snapshot_of
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone

__all__ = ["FileStore"]

_STAGE = "reading the tree"
_LAYOUTS = {1: "tree of MLflow 1", 2: "tree of MLflow 2", 3: "tree of MLflow 3"}


class FileStore:
    """Reads a tree of MLflow 1 to 3, and changes nothing: not a byte, not a time.

    Whatever is damaged becomes a finding, ``STORE-025`` to ``STORE-030``, and the rest is read.

    Args:
        folder: The tree, such as ``mlruns``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    def read(self, notify: Notify, *, history: bool = False) -> Snapshot:
        """Read everything; see `scorewright.flows.store.ports.StoreReader`.

        A value that is no number has ``value`` 0 and ``is_nan``, as in MLflow's databases.
        Ids of data sets are made here, one per experiment and data set.

        Args:
            notify: Told of the experiments that were read.
            history: Read every value of every metric too.

        Raises:
            ScorewrightError: ``store-invalid``: the folder holds no experiment, run or model.
        """
        root = str(self._folder)
        _refuse_what_is_no_store(root)
        damage = Damage()
        reading = Reading(damage, Folders(damage), history=History() if history else None)
        self._experiments(root, reading, notify)
        models = read_registry(root, reading)
        if not reading.understood:
            raise _invalid(root, "none of its meta.yaml can be understood")
        for table, count in sorted(reading.others.items()):
            if count:
                reading.rows.add("others", table, count)
        frames = reading.rows.frames()
        runs = frames["runs"].height
        notify(StageDone(_STAGE, f"{counted(runs, 'run')}, {counted(models, 'registered model')}"))
        past = None if reading.history is None else reading.history.frame()
        # From 3.13 on MLflow opens no tree unless it is told to.
        source = Source(
            root, SourceKind.FILES, root, layout=_LAYOUTS[reading.generation], is_current=False
        )
        return snapshot_of(source, frames, past, damage.findings())

    @staticmethod
    def _experiments(root: str, reading: Reading, notify: Notify) -> None:
        found = find_experiments(root, reading)
        notify(StageStarted(_STAGE, len(found)))
        runs = RunReader(found, reading)
        models: dict[str, str] = {}
        for done, one in enumerate(found, start=1):
            write_experiment(one, reading)
            read_datasets(one, reading)
            count = runs.read(one)
            read_logged_models(one, reading, models)
            read_traces(one, reading)
            notify(StepDone(_STAGE, done, f"experiment {one.experiment_id}: {count} runs"))


def _refuse_what_is_no_store(root: str) -> None:
    """Refuse a folder in which no file says that it is an experiment, a run or a model."""
    try:
        with os.scandir(root) as found:
            names = sorted(entry.name for entry in found)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise _invalid(root, f"it cannot be read: {reason}") from error
    if not names:
        raise _invalid(root, "it is empty")
    homes = [f"{root}/{name}" for name in names]
    homes += _below(f"{root}/{TRASH}") + _below(f"{root}/{MODELS}")
    for home in homes:
        if _is_there(f"{home}/{META}"):
            return
    # Experiments may have lost their files: then their runs speak for them.
    for home in homes:
        if any(_is_there(f"{run}/{META}") for run in _below(home)):
            return
    raise _invalid(root, "no folder in it has a meta.yaml; it may hold artifacts alone")


def _is_there(path: str) -> bool:
    try:
        return Path(path).is_file() or Path(path).is_symlink()
    except OSError:
        return True


def _below(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as found:
            return sorted(entry.path for entry in found)
    except OSError:
        return []


def _invalid(root: str, reason: str) -> ScorewrightError:
    return ScorewrightError(
        f"The folder '{root}' is no tracking store of MLflow: {reason}.",
        remedy="Name the folder that holds the experiments (often called mlruns), or the database.",
        code="store-invalid",
        details={"location": root},
    )
