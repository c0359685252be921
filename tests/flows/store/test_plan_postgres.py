"""Plans for a store in a real PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.adapters.histories.servers import Postgres, postgres_binaries, running_postgres
from tests.fakes.audited_stores import conventions, rule_book
from tests.flows.store.messy import build_messy
from tests.flows.store.planning import MOMENT
from tests.stores.schema import REVISION

from scorewright.adapters.artifact_files import LocalArtifacts
from scorewright.adapters.database_stores import ServerStore
from scorewright.adapters.store_editing import DatabaseEditor, DatabaseRows, reference_of
from scorewright.core.audit import AuditInput, audit
from scorewright.core.plans import Plan, RowChange, StoreChange, inverse
from scorewright.core.rationalise import Evidence, Wish
from scorewright.flows.events import ignore
from scorewright.flows.store.plan_fix import plan_fix
from scorewright.flows.store.plan_making import PlanTools, look
from scorewright.flows.store.plan_structure import plan_structure
from scorewright.flows.store.ports import OpenedStore

pytestmark = [
    pytest.mark.skipif(not postgres_binaries(), reason="PostgreSQL is not installed"),
    pytest.mark.xdist_group("postgres"),
    pytest.mark.timeout(900),
]

TABLES = (
    "experiments", "runs", "params", "tags", "metrics", "latest_metrics", "datasets", "inputs",
    "input_tags", "registered_models", "registered_model_tags", "model_versions", "logged_models",
    "logged_model_tags", "trace_info", "trace_tags", "entity_associations",
)  # fmt: skip
WISH = Wish(
    merge={"credit-scoring-production": "credit_scoring_final_delivery"},
    archive=("credit_scoring_model_selection",),
    delete=("Test",),
)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


def filled(uri: str, folder: Path) -> None:
    """Make the store on the server, and copy the mess into it."""
    DatabaseEditor(uri).commit([StoreChange(uri, str(folder / "mlruns"))], ignore)
    engine = sa.create_engine(uri.replace("postgresql://", "postgresql+psycopg://"))
    found = sa.MetaData()
    found.reflect(engine, only=TABLES)
    with closing(sqlite3.connect(build_messy(folder))) as source, engine.begin() as target:
        source.row_factory = sqlite3.Row
        target.execute(sa.delete(found.tables["experiments"]))
        for name in TABLES:
            table = found.tables[name]
            flags = {c.name for c in table.columns if isinstance(c.type, sa.Boolean)}
            for row in source.execute(f'SELECT * FROM "{name}"'):  # noqa: S608
                values = {k: bool(row[k]) if k in flags else row[k] for k in row.keys()}  # noqa: SIM118
                target.execute(sa.insert(table).values(values))
    engine.dispose()


def seen(uri: str, folder: Path) -> Evidence:
    opened = OpenedStore(uri, ServerStore(uri, REVISION), LocalArtifacts(folder / "mlruns"))
    return look(opened, conventions(), MOMENT)


def test_a_mess_on_a_server_is_mended_merged_and_taken_back(
    postgres: Postgres, tmp_path: Path
) -> None:
    uri = postgres.url
    filled(uri, tmp_path)
    begin = reference_of(uri)

    def tools() -> PlanTools:
        return PlanTools(DatabaseRows(uri), reference_of(uri), MOMENT, "ana")

    def fixed() -> Plan:
        evidence = seen(uri, tmp_path)
        given = AuditInput(
            evidence.snapshot, evidence.conventions, evidence.now, evidence.files,
            roots=evidence.roots,
        )  # fmt: skip
        return plan_fix(evidence, audit(given, rule_book()), ["all"], tools()).plan

    done: list[RowChange] = []
    for make in (fixed, lambda: plan_structure(seen(uri, tmp_path), WISH, tools()).plan):
        plan = make()
        assert plan.steps
        changes = [c for s in plan.steps for c in s.changes if isinstance(c, RowChange)]
        DatabaseEditor(uri).commit(changes, ignore)
        done += changes
        assert make().steps == ()
    back = [c for c in map(inverse, reversed(done)) if isinstance(c, RowChange)]
    DatabaseEditor(uri).commit(back, ignore)
    assert reference_of(uri) == begin
