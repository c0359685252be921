"""A private copy of a store in a real PostgreSQL server: whole, or refused in one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.adapters.histories.servers import postgres_binaries, running_postgres
from tests.adapters.store_staging.world import KEPT, rows_of
from tests.stores.schema import REVISION

from scorewright.adapters.store_editing import DatabaseEditor
from scorewright.adapters.store_staging.migrations import Migrations
from scorewright.adapters.store_staging.server_copy import copy_server
from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import StoreChange
from scorewright.flows.events import ignore

pytestmark = [
    pytest.mark.skipif(not postgres_binaries(), reason="PostgreSQL is not installed"),
    pytest.mark.xdist_group("postgres"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty store on a server."""
    root = tmp_path_factory.mktemp("artifacts")
    with running_postgres() as server:
        DatabaseEditor(server.url).commit([StoreChange(server.url, str(root))], ignore)
        yield server.url


@pytest.fixture
def run_sql(address: str) -> Iterator[sa.Connection]:
    """A connection whose statements are taken back at the end by the test itself."""
    engine = sa.create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
    engine.dispose()


def _copied(address: str, path: Path) -> str:
    return copy_server(address, path, Migrations(REVISION, KEPT.folder()))


def test_a_column_that_the_revision_does_not_have_is_copied(
    address: str, run_sql: sa.Connection, tmp_path: Path
) -> None:
    # As `mlflow db prepopulate-trace-analytics` leaves it, or a column of one's own
    run_sql.exec_driver_sql('ALTER TABLE experiments ADD COLUMN team VARCHAR(20) COLLATE "C"')
    try:
        run_sql.exec_driver_sql("UPDATE experiments SET team = 'risk'")
        assert _copied(address, tmp_path / "copy.db") == REVISION
    finally:
        run_sql.exec_driver_sql("ALTER TABLE experiments DROP COLUMN team")
    assert rows_of(tmp_path / "copy.db", "SELECT name, team FROM experiments") == [
        ("Default", "risk")
    ]


def test_a_number_that_sqlite_would_make_null_is_refused(
    address: str, run_sql: sa.Connection, tmp_path: Path
) -> None:
    run_sql.exec_driver_sql(
        "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status, total_cost, "
        "db_payload_generation) VALUES ('tr-1', 0, 1, 'OK', 'NaN', 0)"
    )
    try:
        with pytest.raises(ScorewrightError, match="NaN") as caught:
            _copied(address, tmp_path / "copy.db")
    finally:
        run_sql.exec_driver_sql("DELETE FROM trace_info")
    assert caught.value.code == "store-invalid"
    assert caught.value.remedy
