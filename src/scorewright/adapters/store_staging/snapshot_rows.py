"""The rows of a database for what a tree or a server holds."""

from __future__ import annotations

import hashlib
import math
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from scorewright.adapters.store_staging.careful import write_rows
from scorewright.core.consolidation import carried
from scorewright.core.counting import counted
from scorewright.core.snapshot import Snapshot

__all__ = ["WrittenSnapshot", "experiment_numbers", "write_snapshot"]

_STATUS: Final = {"UNSPECIFIED": 0, "PENDING": 1, "READY": 2, "FAILED": 3}
#: What the schema allows; a run whose file says anything else has ended, and nobody knows how.
_RUN_STATUS: Final = frozenset({"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"})
_RUN_SOURCES: Final = frozenset({"NOTEBOOK", "JOB", "PROJECT", "LOCAL", "UNKNOWN"})
_UNKNOWN: Final = "FAILED"
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTEXT: Final = "mlflow.data.context"
_CHUNK: Final = 5000
_WORKSPACE: Final = "default"


@dataclass(frozen=True, slots=True)
class WrittenSnapshot:
    """What became of the rows of a snapshot.

    Attributes:
        notes: Names that had to be made unique, values that had to be replaced, rows that are left.
        left: Line of the balance -> rows that no database of the newest schema takes.
    """

    notes: tuple[str, ...]
    left: Mapping[str, int]


def write_snapshot(snapshot: Snapshot, path: Path) -> WrittenSnapshot:
    """Write a snapshot into an empty database at the newest schema.

    Args:
        snapshot: With history.
        path: The database.

    Returns:
        What a reader should know, and how many rows could not be written.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        rows = _Rows(snapshot, connection)
        rows.experiments()
        rows.runs()
        rows.datasets()
        rows.models()
        rows.registry()
        connection.commit()
    return WrittenSnapshot(tuple(rows.notes), rows.left)


class _Rows:
    """Writes table by table.

    Args:
        snapshot: What is written.
        connection: Where to.
    """

    def __init__(self, snapshot: Snapshot, connection: sqlite3.Connection) -> None:
        self.snapshot = snapshot
        self.notes: list[str] = []
        self.left: dict[str, int] = {}
        self._nan = 0
        self._connection = connection
        self._numbers = experiment_numbers(snapshot.experiments["experiment_id"].to_list())
        self._homes = dict(snapshot.logged_models.select("model_id", "experiment_id").iter_rows())

    def experiments(self) -> None:
        """Write experiments and their tags; a database has each name once."""
        frame = self.snapshot.experiments
        names: set[str] = set()
        rows = []
        for one in frame.iter_rows(named=True):
            name = one["name"] or f"experiment {one['experiment_id']}"
            if name in names:
                while name in names:
                    name = f"{name} ({one['experiment_id']})"
                self.notes.append(f"The name of experiment {one['name']!r} comes twice: {name!r}.")
            names.add(name)
            rows.append(
                (
                    self._number(one["experiment_id"]),
                    name,
                    one["artifact_location"],
                    one["lifecycle_stage"],
                    one["creation_time"],
                    one["last_update_time"],
                    _WORKSPACE,
                )
            )
        self._write(
            "experiments",
            "experiment_id name artifact_location lifecycle_stage creation_time last_update_time "
            "workspace",
            rows,
        )
        tags = self._of("experiment_tags", "experiment_id key value")
        self._write(
            "experiment_tags", "experiment_id key value", ((self._number(e), *r) for e, *r in tags)
        )

    def runs(self) -> None:
        """Write runs, their parameters and tags, and every point of their metrics."""
        columns = (
            "run_id experiment_id status source_type name user_id start_time end_time deleted_time "
            "lifecycle_stage artifact_uri source_name source_version entry_point_name"
        )
        self._write(
            "runs",
            columns.replace("run_id", "run_uuid"),
            (
                (
                    run,
                    self._number(experiment),
                    status if status in _RUN_STATUS else _UNKNOWN,
                    source if source in _RUN_SOURCES else None,
                    *rest,
                )
                for run, experiment, status, source, *rest in self._of("runs", columns)
            ),
        )
        self._note_statuses()
        for table in ("params", "tags"):
            self._write(table, "run_uuid key value", self._of(table, "run_id key value"))
        points = "key value timestamp step is_nan"
        self._write("latest_metrics", f"run_uuid {points}", self._of("metrics", f"run_id {points}"))
        history = self.snapshot.history
        if history is None:
            history = self.snapshot.metrics
        self._write("metrics", f"run_uuid {points}", _rows(history, f"run_id {points}"))

    def _note_statuses(self) -> None:
        found: dict[str, list[str]] = {}
        for run, status in self._of("runs", "run_id status"):
            if status not in _RUN_STATUS:
                found.setdefault(status or "", []).append(run)
        for status, runs in sorted(found.items()):
            had = f"with the status '{status}'" if status else "without a status that is understood"
            self.notes.append(
                f"{counted(len(runs), 'run')} {had}, carried as {_UNKNOWN}: {', '.join(runs)}."
            )

    def datasets(self) -> None:
        """Write data sets, and which run read which."""
        found = self._of(
            "datasets", "dataset_id experiment_id name digest source_type source schema profile"
        )
        self._write(
            "datasets",
            "dataset_uuid experiment_id name digest dataset_source_type dataset_source "
            "dataset_schema dataset_profile",
            (
                (one[0], self._number(one[1]), *(text or "" for text in one[2:6]), *one[6:])
                for one in found
            ),
        )
        inputs = list(self._of("inputs", "run_id dataset_id context"))
        links = [("DATASET", dataset, "RUN", run, 0) for run, dataset, _ in inputs]
        kinds = {"input": ("RUN_INPUT", "MODEL_INPUT"), "output": ("RUN_OUTPUT", "MODEL_OUTPUT")}
        for run, model, role, step in self._of("run_models", "run_id model_id role step"):
            source, destination = kinds[role]
            links.append((source, run, destination, model, step or 0))
        self._write(
            "inputs",
            "input_uuid source_type source_id destination_type destination_id step",
            ((_id(*link[:4]), *link) for link in links),
        )
        tags = [(run, dataset, _CONTEXT, context) for run, dataset, context in inputs if context]
        tags += self._of("input_tags", "run_id dataset_id key value")
        self._write(
            "input_tags",
            "input_uuid name value",
            ((_id("DATASET", dataset, "RUN", run), *tag) for run, dataset, *tag in tags),
        )

    def models(self) -> None:
        """Write logged models with their parameters, tags and metrics."""
        found = self._of(
            "logged_models",
            "model_id experiment_id name artifact_location creation_time last_update_time status "
            "lifecycle_stage model_type source_run_id status_message",
        )
        self._write(
            "logged_models",
            "model_id experiment_id name artifact_location creation_timestamp_ms "
            "last_updated_timestamp_ms status lifecycle_stage model_type source_run_id "
            "status_message",
            (
                (
                    one[0],
                    self._number(one[1]),
                    one[2] or "",
                    one[3] or "",
                    one[4] or 0,
                    one[5] or one[4] or 0,
                    _STATUS.get(one[6] or "", 0),
                    *one[7:],
                )
                for one in found
            ),
        )
        for table, prefix in (("logged_model_params", "param"), ("logged_model_tags", "tag")):
            self._write(
                table,
                f"model_id experiment_id {prefix}_key {prefix}_value",
                ((m, self._home(m), k, v) for m, k, v in self._of(table, "model_id key value")),
            )
        self._model_metrics()

    def _model_metrics(self) -> None:
        """Write the metrics of logged models, with the data sets they were measured on."""
        known = self._of("datasets", "experiment_id name digest dataset_id")
        places = {tuple(words): one for *words, one in known if words[1] is not None}
        found = self._of(
            "logged_model_metrics",
            "model_id run_id key value timestamp step dataset_name dataset_digest",
        )
        self._write(
            "logged_model_metrics",
            "model_id experiment_id run_id metric_name metric_value metric_timestamp_ms "
            "metric_step dataset_name dataset_digest dataset_uuid",
            (
                (m, self._home(m), run or "", key, self._plain(value), *rest,
                 places.get((self._homes.get(m), *rest[-2:])))
                for m, run, key, value, *rest in found
            ),
        )  # fmt: skip
        if self._nan:
            values = counted(self._nan, "value")
            self.notes.append(f"{values} of logged models' metrics: NaN is 0, as MLflow keeps it.")

    def _plain(self, value: float | None) -> float | None:
        """Return a value as MLflow keeps it for logged models: its server fails on NaN there."""
        if value is None or not math.isnan(value):
            return value
        self._nan += 1
        return 0.0

    def registry(self) -> None:
        """Write registered models with their versions and aliases."""
        self._registered("registered_models", "name description creation_time last_update_time")
        self._registered("registered_model_tags", "name key value")
        self._registered("registered_model_aliases", "name alias version")
        self._registered(
            "model_versions",
            "name version stage status status_message description source storage_location run_id "
            "run_link user_id creation_time last_update_time",
        )
        self._registered("model_version_tags", "name version key value")

    def _registered(self, table: str, columns: str) -> None:
        written = columns.replace("last_update_time", "last_updated_time").split()
        written = ["current_stage" if name == "stage" else name for name in written]
        self._write(
            table,
            " ".join([*written, "workspace"]),
            ((*row, _WORKSPACE) for row in self._of(table, columns)),
        )

    def _of(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        return _rows(self.snapshot.tables()[table], columns)

    def _number(self, experiment: str | None) -> int | None:
        return None if experiment is None else self._numbers.get(experiment)

    def _home(self, model: str) -> int:
        """Return the experiment of a model; that of a model that is not there does not matter."""
        number = self._number(self._homes.get(model))
        return -1 if number is None else number

    def _write(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows; what a database does not take is left, counted and named."""
        refused = write_rows(self._connection, table, columns.split(), rows)
        self.notes += refused.notes
        if refused.rows:
            line = carried(table).what
            self.left[line] = self.left.get(line, 0) + refused.rows


def _rows(frame: pl.DataFrame, columns: str) -> Iterator[tuple[Any, ...]]:
    return frame.select(columns.split()).iter_rows(buffer_size=_CHUNK)


def experiment_numbers(ids: Iterable[str]) -> dict[str, int]:
    """Give every experiment a number: its own, or a free one where it is none.

    Args:
        ids: As the tree has them.
    """
    known = list(ids)
    # "07" is not 7: each would have the other's runs.
    numbers = {one: int(one) for one in known if _NUMBER.fullmatch(one) and int(one) < 1 << 63}
    taken = set(numbers.values())
    following = 1
    for one in known:
        if one in numbers:
            continue
        while following in taken:
            following += 1
        numbers[one] = following
        taken.add(following)
    return numbers


def _id(*parts: str) -> str:
    text = "\n".join(parts)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
