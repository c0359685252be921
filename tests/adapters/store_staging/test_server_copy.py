"""A private copy of a store in a real PostgreSQL server: whole, or refused in one line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.adapters.histories.servers import postgres_binaries, running_postgres
from tests.adapters.store_staging.world import KEPT, rows_of
from tests.stores.schema import REVISION

from scorewright.adapters.database_stores import ServerStore, SqliteStore
from scorewright.adapters.store_editing import DatabaseEditor
from scorewright.adapters.store_editing.backups import back_up
from scorewright.adapters.store_editing.database import Database
from scorewright.adapters.store_staging import StoreStaging
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
        told = "total_cost of the table 'trace_info' is NaN in the row request_id tr-1"
        with pytest.raises(ScorewrightError, match=told) as caught:
            _copied(address, tmp_path / "copy.db")
    finally:
        run_sql.exec_driver_sql("DELETE FROM trace_info")
    assert caught.value.code == "store-invalid"
    assert caught.value.remedy


def test_a_metric_that_is_nan_is_read_and_kept_as_mlflow_reads_it(
    address: str, run_sql: sa.Connection, tmp_path: Path
) -> None:
    # Given a run with a value that MLflow shows as NaN, though it did not write it
    run_sql.exec_driver_sql(
        "INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage, status) "
        "VALUES ('r1', 0, 'active', 'FINISHED')"
    )
    run_sql.exec_driver_sql(
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES "
        "('gini', 'NaN', 1, 'r1', 0, false), ('gini', 0, 1, 'r1', 0, true), "
        "('loss', 'NaN', 1, 'r1', 0, false), ('loss', 'Infinity', 2, 'r1', 0, false)"
    )
    run_sql.exec_driver_sql(
        "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) "
        "VALUES ('gini', 'NaN', 1, 'r1', 0, false)"
    )
    read = StoreStaging(REVISION, KEPT.folder()).stage
    folder = tmp_path / "private"
    folder.mkdir()
    try:
        # When it is copied; and backed up, and the backup is copied
        snapshot = ServerStore(address, REVISION).read(ignore)
        backup = Path(back_up(Database(address), tmp_path / "backups").path)
        of_server = read(address, "a", snapshot, folder, ignore)
    finally:
        for table in ("latest_metrics", "metrics", "runs"):
            run_sql.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - see above
    kept = SqliteStore(backup, REVISION).read(ignore)
    of_backup = read(str(backup), "b", kept, folder, ignore)

    # Then the backup keeps it apart from a value that is lacking
    marked = "SELECT key FROM metrics WHERE value = 'NaN' ORDER BY 1"
    assert rows_of(backup, marked) == [("gini",), ("loss",)]
    for stage in (of_server, of_backup):
        assert set(rows_of(stage.path, "SELECT key, value, timestamp, is_nan FROM metrics")) == {
            ("gini", 0.0, 1, 1),
            ("loss", 0.0, 1, 1),
            ("loss", math.inf, 2, 0),
        }
        assert rows_of(stage.path, "SELECT value, is_nan FROM latest_metrics") == [(0.0, 1)]
        assert [note for note in stage.notes if "NaN is read as MLflow reads it" in note]
    for found in (snapshot, kept):
        assert found.metrics.select("value", "is_nan").rows()[0][1] is True
        assert math.isnan(found.metrics["value"][0])
