"""A small store at the newest schema, and a plan that does a bit of everything."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.stores.database import DatabaseRun, write_database_experiment, write_database_run

from scorewright.adapters.store_editing import (
    UNIT,
    Workshops,
    folder_digest,
    payload_digest,
    reference_of,
)
from scorewright.core.plans import (
    Change,
    FileChange,
    LinkChange,
    MoveChange,
    Plan,
    Row,
    RowChange,
    RowsChange,
    Step,
    StoreRef,
)
from scorewright.flows.events import Event, StepDone
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.editing import Workshop

__all__ = [
    "Small",
    "clock",
    "fill",
    "fingerprint",
    "full_plan",
    "rows_of_units",
    "sha",
    "simple_plan",
    "small_at",
    "stop_after_a_step",
]

UNITS = 3
RUNS = 4


def clock() -> datetime:
    """The time; each receipt has its own."""
    return datetime.now(UTC)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def run_id(number: int) -> str:
    return f"{number:032x}"


def fill(database: Path, artifacts: Path) -> None:
    """Put two experiments and three runs into a fresh store."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for experiment in (1, 2):
            place = str(artifacts / str(experiment))
            write_database_experiment(connection, experiment, f"scoring_{experiment}", place)
        for number in range(3):
            run = DatabaseRun(
                run_id=run_id(number),
                experiment_id=1,
                name=f"bold-ant-{number}",
                artifact_uri=str(artifacts / "1" / run_id(number) / "artifacts"),
                start=1_709_287_200_000 + number,
                end=1_709_287_300_000,
                params={"depth": str(number), "text": "Grüße, 東京"},
                tags={"stage": "test"},
                metrics={"gini": [(1, 0.5, 0), (2, 0.1 + 0.2, 1)]},
            )
            write_database_run(connection, run)


@dataclass(frozen=True, slots=True)
class Small:
    """A store of its own folder.

    Attributes:
        folder: With `mlflow.db` and `mlruns`.
        source: A folder elsewhere, with files to copy.
        payload: Rows of `full_plan`.
    """

    folder: Path
    source: Path
    payload: Path

    @property
    def database(self) -> Path:
        return self.folder / "mlflow.db"

    @property
    def artifacts(self) -> Path:
        return self.folder / "mlruns"

    def workshops(self) -> Workshops:
        """Without the proof by MLflow, which takes seconds."""
        return Workshops(str(self.database), (), opens=lambda uri: f"left out: {bool(uri)}")

    def open(self, plan: Plan) -> Workshop:
        return self.workshops().open(plan, self.payload if plan.payload else None)


def small_at(folder: Path, template: Path) -> Small:
    """Make the store from a fresh one."""
    small = Small(folder / "store", folder / "source", folder / "payload.db")
    small.folder.mkdir(parents=True)
    shutil.copyfile(template, small.database)
    fill(small.database, small.artifacts)
    contents = {
        "1/a/model.bin": b"model" * 1000,
        "1/b/model.bin": b"model" * 1000,
        "1/a/notes.txt": b"old notes",
        "1/c/gone.txt": b"to be removed",
        "1/d/deep/x.txt": b"moved",
        "1/d/y.txt": b"moved too",
    }
    for name, content in contents.items():
        place = small.artifacts / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    small.source.mkdir()
    for number in range(6):
        (small.source / f"{number}.bin").write_bytes(os.urandom(10) + bytes([number]) * 5000)
    _write_payload(small)
    return small


def _write_payload(small: Small) -> None:
    with closing(sqlite3.connect(small.payload)) as connection, connection:
        connection.execute("ATTACH ? AS store", (str(small.database),))
        for table in ("runs", "params", "metrics", "tags"):
            connection.execute(
                f"CREATE TABLE {table} AS SELECT *, '' AS {UNIT} FROM store.{table} LIMIT 0"  # noqa: S608
            )
        for unit in range(UNITS):
            for number in range(RUNS):
                new = run_id(1000 + unit * 100 + number)
                for table in ("runs", "params", "metrics", "tags"):
                    names = [
                        row[1]
                        for row in connection.execute(f"PRAGMA store.table_info({table})")
                        if row[1] != "run_uuid"
                    ]
                    listed = ", ".join(names)
                    connection.execute(
                        f"INSERT INTO {table} (run_uuid, {UNIT}, {listed}) "  # noqa: S608
                        f"SELECT ?, ?, {listed} FROM store.{table} WHERE run_uuid = ?",
                        (new, f"u{unit}", run_id(number % 3)),
                    )
        connection.execute("CREATE TABLE _files (name TEXT, content BLOB)")
        connection.execute("INSERT INTO _files VALUES ('notes', ?)", (b"new notes",))


def rows_of_units(small: Small) -> tuple[Change, ...]:
    """Rows that come, unit by unit."""
    changes: list[Change] = []
    for unit in range(UNITS):
        for table in ("runs", "params", "metrics", "tags"):
            rows, digest = payload_digest(small.payload, table, f"u{unit}")
            changes.append(RowsChange(table, f"u{unit}", rows, digest))
    return tuple(changes)


def _files(small: Small) -> tuple[Change, ...]:
    root = small.artifacts
    copies = []
    for origin in sorted(small.source.iterdir()):
        content = origin.read_bytes()
        place = root / "2" / origin.stem / "data.bin"
        copies.append(FileChange(str(place), None, sha(content), len(content), origin=str(origin)))
    return (
        *copies,
        FileChange(
            str(root / "1/a/notes.txt"), sha(b"old notes"), sha(b"new notes"), 9,
            origin="payload:notes", content_before="bin",
        ),
        FileChange(
            str(root / "1/c/gone.txt"), sha(b"to be removed"), None, 13, content_before="bin"
        ),
        MoveChange(str(root / "1/d"), str(root / "2/moved/d"), folder_digest(root / "1/d")),
        LinkChange(
            str(root / "1/b/model.bin"), str(root / "1/a/model.bin"), sha(b"model" * 1000), 5000
        ),
    )  # fmt: skip


def simple_plan(small: Small, *steps: Step, payload: bool = False) -> Plan:
    """A plan for the store as it is now."""
    workshop = small.workshops().open(_plan(StoreRef(str(small.database), ""), steps, ""))
    seen = reference_of(str(small.database))
    target = StoreRef(seen.location, seen.rows, workshop.files.listing(), seen.tables)
    return _plan(target, steps, sha(small.payload.read_bytes()) if payload else "")


def _plan(target: StoreRef, steps: tuple[Step, ...], payload: str) -> Plan:
    return Plan(
        kind="consolidate",
        target=target,
        sources=(),
        steps=steps,
        balance=(),
        made_at="2026-11-21T12:00:00+00:00",
        made_by="ana",
        payload=payload,
    )


def rename(number: int, before: str, after: str) -> RowChange:
    return RowChange("runs", {"run_uuid": run_id(number)}, {"name": before}, {"name": after})


def full_plan(small: Small) -> Plan:
    """Rows and files that come, go, change, move and are shared."""
    tag: Row = {"key": "stage", "run_uuid": run_id(0)}
    steps = (
        Step(
            "rename_run",
            "run 0",
            "Name it after what it does",
            (
                rename(0, "bold-ant-0", "draft"),
                rename(0, "draft", "train_depth_0"),
                RowChange("tags", tag, {**tag, "value": "test"}, None),
                RowChange("tags", {**tag, "key": "owner"}, None, {"value": "ana"}),
            ),
        ),
        Step("copy_files", "experiment 2", "Copy its artifacts", _files(small)),
        Step("copy_runs", "experiment 1", "Copy runs", rows_of_units(small)),
        Step(
            "archive",
            "experiment 2",
            "Archive it",
            (
                RowChange(
                    "experiments",
                    {"experiment_id": 2},
                    {"name": "scoring_2", "lifecycle_stage": "active"},
                    {"name": "archived_scoring_2", "lifecycle_stage": "deleted"},
                ),
            ),
        ),
    )
    return simple_plan(small, *steps, payload=True)


def fingerprint(small: Small) -> tuple[str, dict[str, tuple[str, int]]]:
    """Every row, and every file with its content and its number of names."""
    files = {}
    for place in sorted(small.folder.rglob("*")):
        inside = place.relative_to(small.folder)
        if place.is_file() and inside.parts[0] == "mlruns":
            files[inside.as_posix()] = (sha(place.read_bytes()), 0)
        elif place.is_dir() and inside.parts[0] == "mlruns":
            files[inside.as_posix()] = ("folder", 0)
    return reference_of(str(small.database)).rows, files


def stop_after_a_step(small: Small, plan: Plan) -> None:
    """Carry a plan out, and interrupt it as a user would, after the first step."""

    def interrupt(event: Event) -> None:
        if isinstance(event, StepDone) and event.stage == "apply":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_plan(plan, small.open(plan), clock, interrupt, "ana")
