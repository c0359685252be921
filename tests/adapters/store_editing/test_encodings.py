"""PostgreSQL databases whose encoding is not UTF8: read like any other, or refused with a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
from tests.adapters.histories.servers import Postgres, postgres_binaries, running_postgres
from tests.adapters.store_staging.world import KEPT, tools
from tests.stores.fixtures import unpacked
from tests.stores.schema import REVISION

from scorewright.adapters.database_stores import ServerStore
from scorewright.adapters.decision_log.engines import checked_url, open_engine
from scorewright.adapters.mlflow_store.database import check_database
from scorewright.adapters.mlflow_store.location import StoreLocation
from scorewright.adapters.store_editing import DatabaseEditor, DatabaseRows, reference_of
from scorewright.adapters.store_editing.backups import back_up
from scorewright.adapters.store_editing.database import Database
from scorewright.adapters.store_staging.migrations import Migrations
from scorewright.adapters.store_staging.server_copy import copy_server
from scorewright.adapters.tuning.places import Place, open_storage
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.plans import StoreChange
from scorewright.flows.events import ignore
from scorewright.flows.store.consolidate import ConsolidationOptions, plan_consolidation

pytestmark = [
    pytest.mark.skipif(not postgres_binaries(), reason="PostgreSQL is not installed"),
    pytest.mark.xdist_group("postgres"),
    pytest.mark.timeout(900),
]

Reader = Callable[[str, Path], object]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


def made(postgres: Postgres, name: str, encoding: str) -> str:
    """Make an empty database and give its address."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' "
            "TEMPLATE template0"
        )
    return postgres.url.removesuffix("/postgres") + f"/{name}"


@pytest.fixture(scope="module")
def ascii_store(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store in a database of encoding SQL_ASCII, with a text that is no UTF-8."""
    address = made(postgres, "plain_bytes", "SQL_ASCII")
    root = str(tmp_path_factory.mktemp("artifacts"))
    DatabaseEditor(address).commit([StoreChange(address, root)], ignore)
    execute(address, "UPDATE experiments SET artifact_location = artifact_location || '/Größe'")
    return address


def execute(address: str, sql: str) -> None:
    with psycopg.connect(address, autocommit=True, client_encoding="utf8") as connection:
        connection.execute(sql.encode())


def _staged(address: str, folder: Path) -> object:
    return copy_server(address, folder / "copy.db", Migrations(REVISION, KEPT.folder()))


READERS = [
    pytest.param(lambda address, _: reference_of(address), id="digest"),
    pytest.param(lambda address, _: ServerStore(address, REVISION).read(ignore), id="read"),
    pytest.param(_staged, id="copy"),
    pytest.param(lambda address, folder: back_up(Database(address), folder), id="backup"),
]


@pytest.mark.parametrize("reader", READERS)
def test_texts_of_a_database_of_sql_ascii_are_read(
    reader: Reader, ascii_store: str, tmp_path: Path
) -> None:
    assert reader(ascii_store, tmp_path)
    assert reader(f"{ascii_store}?client_encoding=latin1", tmp_path)


@pytest.mark.parametrize("reader", READERS)
def test_bytes_that_are_no_utf_8_are_told_with_their_table(
    reader: Reader, ascii_store: str, tmp_path: Path
) -> None:
    execute(ascii_store, "INSERT INTO experiment_tags VALUES ('a', 'x', 0)")
    execute(ascii_store, "UPDATE experiment_tags SET value = convert_from('\\xe4', 'SQL_ASCII')")
    try:
        with pytest.raises(ScorewrightError, match="'experiment_tags' is no UTF-8") as caught:
            reader(ascii_store, tmp_path)
        assert caught.value.code == "store-invalid"
        assert "secret" not in str(caught.value)
    finally:
        execute(ascii_store, "DELETE FROM experiment_tags")


def test_rows_of_a_plan_that_are_no_utf_8_are_refused(ascii_store: str) -> None:
    execute(ascii_store, "INSERT INTO experiment_tags VALUES ('a', 'x', 0)")
    execute(ascii_store, "UPDATE experiment_tags SET value = convert_from('\\xe4', 'SQL_ASCII')")
    try:
        with pytest.raises(ScorewrightError, match="is no UTF-8") as caught:
            DatabaseRows(ascii_store).rows("experiment_tags", "experiment_id", [0])
        assert caught.value.code == "store-invalid"
    finally:
        execute(ascii_store, "DELETE FROM experiment_tags")


def test_an_empty_database_of_sql_ascii_is_looked_at(postgres: Postgres) -> None:
    assert reference_of(made(postgres, "nothing_yet", "SQL_ASCII")).rows == ""


def test_a_log_and_a_study_are_kept_in_a_database_of_sql_ascii(
    postgres: Postgres, tmp_path: Path
) -> None:
    address = made(postgres, "studies", "SQL_ASCII")
    with open_storage(Place.parse(address, tmp_path, "x")) as storage:
        assert storage.get_all_studies() == []
    engine = open_engine(checked_url(address))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 'ö'").scalar() == "ö"
    engine.dispose()


def test_a_tracking_store_of_sql_ascii_says_what_its_address_lacks(postgres: Postgres) -> None:
    address = made(postgres, "tracked", "SQL_ASCII")
    uri = make_url(address).set(drivername="postgresql+psycopg").render_as_string(False)
    with pytest.raises(ScorewrightError, match="client_encoding=utf8") as caught:
        check_database(StoreLocation.parse(uri))
    assert caught.value.code == "store-invalid"
    assert not check_database(StoreLocation.parse(f"{uri}?client_encoding=utf8"))


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_target_that_lacks_letters_is_refused_before_a_plan_is_made(
    encoding: str, postgres: Postgres, tmp_path: Path
) -> None:
    address = made(postgres, f"target_{encoding.lower()}", encoding)
    source = unpacked("3.17.2", "sqlite", tmp_path / "a").path
    wished = ConsolidationOptions(tmp_path / "p.db", artifact_root=str(tmp_path / "artifacts"))
    with pytest.raises(UsageError, match=encoding) as caught:
        plan_consolidation([str(source)], address, wished, tools())
    assert caught.value.code == "consolidate-encoding"
    assert "ENCODING 'UTF8' TEMPLATE template0" in caught.value.remedy
    assert "secret" not in str(caught.value)
    assert not (tmp_path / "p.db").exists()
