"""Plans on a real PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.adapters.histories.servers import Postgres, postgres_binaries, running_postgres
from tests.adapters.store_editing.small import clock, sha

from scorewright.adapters.database_stores import SqliteStore
from scorewright.adapters.store_editing import (
    UNIT,
    FileStoreLock,
    Workshops,
    payload_digest,
    reference_of,
)
from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import Plan, RowChange, RowsChange, Step, StoreChange, StoreRef
from scorewright.flows.events import ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.backup_store import backup_store
from scorewright.flows.store.editing import Workshop
from scorewright.flows.store.undo_receipt import undo_receipt

pytestmark = [
    pytest.mark.skipif(not postgres_binaries(), reason="PostgreSQL is not installed"),
    pytest.mark.xdist_group("postgres"),
    pytest.mark.timeout(900),
]

HEAD = "dc11669786a5"
RUN = "a" * 32


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


def plan_of(target: StoreRef, payload: str, *steps: Step) -> Plan:
    return Plan("consolidate", target, (), steps, (), "2026-11-21", "ana", payload)


def make_payload(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"CREATE TABLE metrics (key, value, timestamp, run_uuid, step, is_nan, {UNIT})"
        )
        connection.executemany(
            "INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?, 'u')",
            [("gini", 0.1 + step / 3, step, RUN, step, step % 2) for step in range(2500)],
        )


def store_steps(folder: Path, uri: str, rows: int, digest: str) -> tuple[Step, ...]:
    experiment = RowChange(
        "experiments",
        {"experiment_id": 7},
        None,
        {"name": "scoring", "lifecycle_stage": "active", "artifact_location": str(folder / "7")},
    )
    run = RowChange(
        "runs",
        {"run_uuid": RUN},
        None,
        {
            "name": "one", "experiment_id": 7, "status": "FINISHED", "lifecycle_stage": "active",
            "user_id": "ana", "start_time": 1, "source_type": "LOCAL", "source_name": "",
            "artifact_uri": str(folder / "7" / RUN / "artifacts"),
        },
    )  # fmt: skip
    latest = RowChange(
        "latest_metrics",
        {"key": "gini", "run_uuid": RUN},
        None,
        {"value": 0.1, "timestamp": 2499, "step": 2499, "is_nan": True},
    )
    better = RowChange(
        "latest_metrics",
        latest.key,
        {"value": 0.1, "is_nan": True},
        {"value": 0.2, "is_nan": False},
    )
    return (
        Step("make_store", uri, "Make it", (StoreChange(uri, str(folder), created=7),)),
        Step(
            "copy_run", "one", "Copy", (experiment, run, RowsChange("metrics", "u", rows, digest))
        ),
        Step("latest", "one", "Latest", (latest, better)),
    )  # fmt: skip


def test_a_store_is_made_filled_opened_and_undone(postgres: Postgres, tmp_path: Path) -> None:
    payload = tmp_path / "payload.db"
    make_payload(payload)
    rows, digest = payload_digest(payload, "metrics", "u")
    steps = store_steps(tmp_path / "art", "postgresql://x", rows, digest)
    target = reference_of(postgres.url)
    assert target.rows == ""
    assert "secret" not in target.location
    plan = plan_of(target, sha(payload.read_bytes()), *steps)
    workshops = Workshops(postgres.url, (tmp_path / "art",), tmp_path, head=HEAD)

    def opens(plan: Plan) -> Workshop:
        return workshops.open(plan, payload if plan.payload else None)

    receipt = apply_plan(plan, opens(plan), clock, ignore, "ana")
    workshops = Workshops(  # MLflow has opened it; once is enough
        postgres.url, (tmp_path / "art",), tmp_path, head=HEAD, opens=lambda uri: f"{bool(uri)}"
    )

    assert any(
        "opened with MLflow: 2 experiments; as a sample 1 run" in line for line in receipt.checks
    )
    engine = sa.create_engine(postgres.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        count = connection.scalar(sa.text("SELECT COUNT(*) FROM metrics WHERE is_nan"))
        oldest = sa.text("SELECT creation_time FROM experiments WHERE name = 'Default'")
        assert connection.scalar(oldest) == 7
        serial = connection.scalar(
            sa.text("SELECT nextval(pg_get_serial_sequence('experiments', 'experiment_id'))")
        )
    assert count == 1250
    assert serial == 8

    other = StepPlan(receipt.after)
    mixed = workshops.open(other.plan)
    second = apply_plan(other.plan, mixed, clock, ignore, "ben")
    assert Path(second.backup).exists()
    with closing(sqlite3.connect(second.backup)) as copy:
        assert copy.execute("SELECT COUNT(*) FROM metrics").fetchone() == (2500,)
    read = SqliteStore(Path(second.backup), HEAD).read(ignore)  # it can be consolidated from
    assert read.runs["run_id"].to_list() == [RUN]
    note = backup_store(target.location, mixed.store, workshops.shelf(), clock, ignore, "ben")
    assert note.rows >= 2500
    assert len(workshops.shelf().notes()) == 2
    undo_receipt(second, opens, clock, ignore, "ben")

    undo_receipt(receipt, opens, clock, ignore, "ana")
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    engine.dispose()


class StepPlan:
    """Renames the run."""

    def __init__(self, target: StoreRef) -> None:
        change = RowChange("runs", {"run_uuid": RUN}, {"name": "one"}, {"name": "two"})
        self.plan = plan_of(target, "", Step("rename_run", "one", "Rename", (change,)))


def test_the_lock_holds_between_folders(postgres: Postgres, tmp_path: Path) -> None:
    one = FileStoreLock(tmp_path / "a", postgres.url, "1" * 64)
    two = FileStoreLock(tmp_path / "b", postgres.url, "2" * 64)

    with (
        one.held("ana", clock()),
        pytest.raises(ScorewrightError) as caught,
        two.held("ben", clock()),
    ):
        pass
    assert caught.value.code == "store-busy"
    assert "ana" in caught.value.message
    with two.held("ben", clock()):
        pass
