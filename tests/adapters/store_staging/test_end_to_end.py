"""Plans of consolidations that are carried out and taken back; PostgreSQL as target and source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.adapters.histories.servers import Postgres, postgres_binaries, running_postgres
from tests.adapters.store_staging.world import planned, rows_of, tools
from tests.stores.fixtures import unpacked
from tests.stores.schema import REVISION

from scorewright.adapters.artifact_files import LocalArtifacts
from scorewright.adapters.database_stores import ServerStore
from scorewright.adapters.store_editing import Workshops, reference_of
from scorewright.core.plans import Plan, read_plan
from scorewright.flows.events import ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.consolidate import (
    ConsolidationOptions,
    PlannedChange,
    plan_consolidation,
)
from scorewright.flows.store.editing import Workshop
from scorewright.flows.store.ports import OpenedStore
from scorewright.flows.store.undo_receipt import undo_receipt


def clock() -> datetime:
    """Return one moment."""
    return datetime(2024, 6, 1, tzinfo=UTC)


def _applied(change: PlannedChange, workshops: Workshops) -> list[str]:
    """Carry a plan out, take it back, and carry it out again."""

    def opens(plan: Plan) -> Workshop:
        return workshops.open(plan, change.payload if plan.payload else None)

    plan = read_plan(change.plan.to_json(), "plan.json")
    assert plan == change.plan
    receipt = apply_plan(plan, opens(plan), clock, ignore, "ana")
    undo_receipt(receipt, opens, clock, ignore, "ana")
    return list(apply_plan(plan, opens(plan), clock, ignore, "ana").checks)


def test_real_stores_are_consolidated_and_taken_back(tmp_path: Path) -> None:
    first = unpacked("3.17.2", "sqlite", tmp_path / "a").path
    second = unpacked("1.30.1", "file", tmp_path / "b")
    target = tmp_path / "c" / "mlflow.db"
    change = planned([first, second.path], target)
    checks = _applied(change, Workshops(str(target), head=REVISION))
    runs = next(line for line in change.plan.balance if line.what == "runs").copied
    said = " ".join(step.sentence for step in change.plan.steps)
    assert "Copy 1 experiment," in said
    assert not re.search(r"\b1 \w+s\b", said.replace("1 row of", "")), said
    assert any(f"{runs} runs" in line or "opened with MLflow" in line for line in checks)
    assert rows_of(target, "SELECT COUNT(*) FROM runs") == [(runs,)]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """Start a server."""
    with running_postgres() as server:
        yield server


class _Opener:
    """Opens one PostgreSQL store, and files as the tests do."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, location: str) -> OpenedStore:
        if not location.startswith("postgresql"):
            return tools().opener.open(location)
        files = LocalArtifacts(self._folder)
        return OpenedStore("the server", ServerStore(location, REVISION), files, None)


@pytest.mark.skipif(not postgres_binaries(), reason="PostgreSQL is not installed")
def test_a_real_postgres_takes_a_store_and_gives_it_back(
    postgres: Postgres, tmp_path: Path
) -> None:
    source = unpacked("3.17.2", "sqlite", tmp_path / "a").path
    root = tmp_path / "artifacts"
    wished = ConsolidationOptions(tmp_path / "p.db", artifact_root=str(root))
    parts = replace(tools(), opener=_Opener(tmp_path))
    change = plan_consolidation([str(source)], postgres.url, wished, parts)
    _applied(change, Workshops(postgres.url, (root,), tmp_path, head=REVISION))

    target = tmp_path / "back" / "mlflow.db"
    target.parent.mkdir()
    back = plan_consolidation(
        [postgres.url], str(target), ConsolidationOptions(tmp_path / "q.db"), parts
    )
    there = {line.what: line.copied for line in change.plan.balance}
    here = {line.what: line.copied for line in back.plan.balance}
    assert here == there
    assert "secret" not in str(back.plan.to_json())
    for table in (
        "metrics",
        "params",
        "tags",
        "spans",
        "assessments",
        "evaluation_dataset_records",
    ):
        first = rows_of(change.payload, f'SELECT * FROM "{table}" ORDER BY 1, 2, 3, 4')  # noqa: S608
        second = rows_of(back.payload, f'SELECT * FROM "{table}" ORDER BY 1, 2, 3, 4')  # noqa: S608
        assert [row[:-1] for row in first] == [row[:-1] for row in second]
    again = plan_consolidation(
        [str(source)], postgres.url, replace(wished, payload=tmp_path / "r.db"), parts
    )
    assert again.plan.steps == ()
    assert reference_of(postgres.url).rows == again.plan.target.rows
