"""Stores on disk for backfills: planned, carried out, looked at again."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.fakes.audited_stores import conventions
from tests.fakes.machine import NoCharts
from tests.fakes.training import World
from tests.stores.database import DatabaseRun, write_database_experiment, write_database_run
from tests.stores.schema import REVISION, create_database, insert

from scorewright.adapters.artifact_files import LocalArtifacts
from scorewright.adapters.audit_rules import PredictionTables
from scorewright.adapters.database_stores import SqliteStore
from scorewright.adapters.file_contents import LocalContents
from scorewright.adapters.learners import Learners
from scorewright.adapters.store_editing import Workshops, reference_of
from scorewright.core.audit import AuditInput
from scorewright.core.plans import Plan, Receipt
from scorewright.core.snapshot import Snapshot
from scorewright.flows.events import ignore
from scorewright.flows.ports import ChartRenderer
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.backfill_ports import BackfillTools
from scorewright.flows.store.editing import Workshop
from scorewright.flows.store.evidence import read_predictions
from scorewright.flows.store.plan_backfill import PlannedBackfill, plan_backfill
from scorewright.flows.store.plan_making import PlanDraft
from scorewright.flows.store.undo_receipt import undo_receipt

__all__ = ["NOW", "Bench", "of_training"]

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
START = 1_767_000_000_000


@dataclass
class Bench:
    """A database with its artifacts."""

    database: Path
    payload: Path = field(init=False)

    def __post_init__(self) -> None:
        self.payload = self.database.parent.parent / "payload.db"

    @classmethod
    def new(cls, folder: Path) -> Bench:
        """Make a database with one experiment."""
        place = folder / "mlruns"
        place.mkdir(parents=True)
        with closing(create_database(place / "mlflow.db")) as connection, connection:
            write_database_experiment(
                connection, 1, "demo_model_selection", (place / "1").as_posix()
            )
        return cls(place / "mlflow.db")

    def artifacts(self, run: str) -> Path:
        return self.database.parent / "1" / run / "artifacts"

    def add(self, run: str, files: dict[str, bytes], **fields: Any) -> None:
        """Add a run with files."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            told = {"name": "exp01_cv_domain_none", "start": START, "end": START + 1000, **fields}
            write_database_run(
                connection,
                DatabaseRun(
                    run_id=run,
                    experiment_id=1,
                    artifact_uri=self.artifacts(run).as_posix(),
                    **told,
                ),
            )
        for name, content in files.items():
            place = self.artifacts(run) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    def add_input(
        self,
        run: str,
        name: str,
        digest: str,
        role: str,
        profile: str,
        source: dict[str, str] | None = None,
    ) -> None:
        """Say which data a run read."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            insert(
                connection, "datasets", dataset_uuid=f"d{run}", experiment_id=1, name=name,
                digest=digest, dataset_source_type="local",
                dataset_source=json.dumps(source or {}),
                dataset_profile=profile,
            )  # fmt: skip
            insert(
                connection, "inputs", input_uuid=f"i{run}", source_type="DATASET",
                source_id=f"d{run}", destination_type="RUN", destination_id=run,
            )  # fmt: skip
            insert(
                connection, "input_tags", input_uuid=f"i{run}", name="mlflow.data.context",
                value=role,
            )  # fmt: skip

    def read(self) -> Snapshot:
        return SqliteStore(self.database, REVISION).read(ignore)

    def given(self) -> AuditInput:
        snapshot = self.read()
        inventory = LocalArtifacts(self.database.parent).inventory(snapshot, ignore)
        stored = read_predictions(snapshot, inventory.files, PredictionTables(), ignore)
        return AuditInput(
            snapshot,
            conventions(),
            NOW,
            files=inventory.files,
            missing=inventory.missing,
            roots=inventory.rules,
            predictions=stored,
        )

    def plan(self, charts: ChartRenderer | None = None) -> PlannedBackfill:
        tools = BackfillTools(LocalContents(), charts or NoCharts(), Learners())
        made = plan_backfill(self.given(), reference_of(str(self.database)), tools, "ana")
        return replace(made, draft=self._written(made.draft)) if made.draft.contents else made

    def _written(self, draft: PlanDraft) -> PlanDraft:
        """Put the files of a plan into its payload."""
        self.payload.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.payload)) as connection, connection:
            connection.execute("CREATE TABLE _files (name TEXT PRIMARY KEY, content BLOB)")
            rows = sorted(draft.contents.items())
            connection.executemany("INSERT INTO _files VALUES (?, ?)", rows)
        digest = hashlib.sha256(self.payload.read_bytes()).hexdigest()
        return replace(draft, plan=draft.with_payload(digest))

    def open(self, plan: Plan) -> Workshop:
        shops = Workshops(str(self.database), (), opens=lambda _: "left out")
        return shops.open(plan, self.payload if plan.payload else None)

    def apply(self, plan: Plan) -> Receipt:
        return apply_plan(plan, self.open(plan), lambda: datetime.now(UTC), ignore, "ana")

    def undo(self, receipt: Receipt) -> Receipt:
        return undo_receipt(receipt, self.open, lambda: datetime.now(UTC), ignore, "ana")

    def files(self) -> dict[str, bytes]:
        """All artifacts by path below the folder of the experiment."""
        root = self.database.parent / "1"
        return {p.relative_to(root).as_posix(): p.read_bytes()
                for p in root.rglob("*") if p.is_file()}  # fmt: skip

    def rows(self, table: str) -> set[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return set(connection.execute(f"SELECT * FROM {table}"))  # noqa: S608 - names of tests


def of_training(
    world: World, bench: Bench, *, without: frozenset[str], files: frozenset[str]
) -> str:
    """Put the run of a training into a database.

    Args:
        world: Has trained.
        bench: The database.
        without: Metrics and params that are left out.
        files: Artifacts that are kept.
    """
    run, own = world.run, "a" * 32
    points = {name: [(START, value, 0)] for name, value in run.metrics.items()}
    for name, values in run.histories.items():
        points[name] = [(START, value, step) for step, value in enumerate(values)]
    model = next(iter(world.bundles.files.values()))[1]
    kept = {name: content for name, content in run.files.items() if name in files}
    bench.add(
        own,
        {**kept, **{f"bundle/{name}": data for name, data in model.items()}},
        name=run.start.name,
        params={k: str(v) for k, v in run.params.items() if k not in without},
        tags={**run.all_tags(), "mlflow.runName": run.start.name},
        metrics={k: v for k, v in points.items() if k not in without},
    )
    data = run.inputs[0]
    bench.add_input(own, data.name, data.digest, data.role, '{"num_rows": 500}')
    return own
