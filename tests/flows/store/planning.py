"""Plans for real databases: read, judged, planned, carried out and taken back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.fakes.audited_stores import conventions, rule_book
from tests.stores.schema import REVISION
from tests.stores.story import NOW

from scorewright.adapters.artifact_files import LocalArtifacts
from scorewright.adapters.database_stores import SqliteStore
from scorewright.adapters.store_editing import DatabaseEditor, DatabaseRows, Workshops, reference_of
from scorewright.core.audit import AuditInput, AuditReport, audit
from scorewright.core.plans import Plan, Receipt, RowChange, inverse_plan
from scorewright.core.rationalise import Evidence, Wish
from scorewright.flows.events import ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.plan_fix import plan_fix
from scorewright.flows.store.plan_making import PlanDraft, PlanTools, look
from scorewright.flows.store.plan_structure import plan_structure
from scorewright.flows.store.ports import OpenedStore
from scorewright.flows.store.undo_receipt import undo_receipt

__all__ = ["MOMENT", "Planned"]

Opens = Callable[[str], str]
MOMENT = datetime.fromtimestamp(NOW / 1000, UTC)


def _clock() -> datetime:
    return MOMENT


def _opens(_: str) -> str:
    """In place of MLflow, which takes seconds to open a copy."""
    return "not opened"


@dataclass
class Planned:
    """One SQLite store."""

    database: Path
    project: str = ""
    opens: Opens = _opens

    def evidence(self) -> Evidence:
        folder = self.database.parent
        opened = OpenedStore(
            str(self.database),
            SqliteStore(self.database, REVISION),
            LocalArtifacts(folder),
            folder,
        )
        return look(opened, conventions(), MOMENT, project=self.project)

    def report(self, evidence: Evidence) -> AuditReport:
        given = AuditInput(
            snapshot=evidence.snapshot,
            conventions=evidence.conventions,
            now=evidence.now,
            files=evidence.files,
            roots=evidence.roots,
        )
        return audit(given, rule_book())

    def tools(self) -> PlanTools:
        location = str(self.database)
        return PlanTools(DatabaseRows(location), reference_of(location), MOMENT, "ana")

    def fix(self, *codes: str) -> PlanDraft:
        evidence = self.evidence()
        return plan_fix(evidence, self.report(evidence), codes, self.tools())

    def structure(self, **wish: Any) -> PlanDraft:
        return plan_structure(self.evidence(), Wish(**wish), self.tools())

    def workshops(self) -> Workshops:
        return Workshops(str(self.database), head=REVISION, opens=self.opens)

    def apply(self, plan: Plan) -> Receipt:
        workshop = self.workshops().open(plan)
        return apply_plan(plan, workshop, _clock, ignore, "ana")

    def undo(self, receipt: Receipt) -> Receipt:
        return undo_receipt(receipt, self.workshops().open, _clock, ignore, "ana")

    def take_back(self, receipt: Receipt) -> None:
        """Commit the inverse of every row, without the proofs of a whole undo."""
        plan = inverse_plan(receipt, receipt.ended, "ana")
        changes = [c for step in plan.steps for c in step.changes if isinstance(c, RowChange)]
        DatabaseEditor(str(self.database)).commit(changes, ignore)

    def codes(self) -> set[str]:
        return {finding.code for finding in self.report(self.evidence()).findings}

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(sql, values).fetchall()

    def change(self, sql: str, *values: object) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(sql, values)

    def tags(self, run: str) -> dict[str, str]:
        return dict(self.ask("SELECT key, value FROM tags WHERE run_uuid = ?", run))

    def rows(self) -> list[str]:
        """Every row."""
        with closing(sqlite3.connect(self.database)) as connection:
            return sorted(connection.iterdump())

    def fingerprint(self) -> tuple[object, ...]:
        """Every row, and every file with its content."""
        root = self.database.parent
        files = {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and ".scorewright" not in path.parts and path != self.database
        }
        return (*self.rows(), *files.items())
