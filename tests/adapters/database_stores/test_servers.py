"""A real PostgreSQL is read in one transaction that cannot write; the rest is refused clearly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from polars.testing import assert_frame_equal
from tests.adapters.database_stores.reading import HEAD
from tests.adapters.histories.servers import (
    Postgres,
    free_port,
    postgres_binaries,
    running_postgres,
)
from tests.stores.fixtures import unpacked

from scorewright.adapters.database_stores import (
    ServerStore,
    SqliteStore,
    gathering,
    server_store,
)
from scorewright.adapters.database_stores.refusals import masked, without_password
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.snapshot import SourceKind
from scorewright.flows.events import Event, StepDone, ignore


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    if not postgres_binaries():
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed")
    with running_postgres() as server:
        yield server


def _engine(postgres: Postgres, database: str) -> sa.Engine:
    url = _address(postgres, database).replace("postgresql://", "postgresql+psycopg://")
    return sa.create_engine(url, poolclass=sa.pool.NullPool)


def _address(postgres: Postgres, database: str) -> str:
    return postgres.url.rpartition("/")[0] + f"/{database}"


def _moved(file: Path, postgres: Postgres, database: str) -> str:
    """Copy a SQLite store into a database of its own and return its address."""
    postgres.run(f"CREATE DATABASE {database}")
    source, target = sa.create_engine(f"sqlite:///{file}"), _engine(postgres, database)
    found, plain = sa.MetaData(), sa.MetaData()
    found.reflect(source)
    for table in found.tables.values():
        columns = [
            sa.Column(c.name, _type(c.name, c.type)) for c in table.columns if not c.computed
        ]
        sa.Table(table.name, plain, *columns)
    plain.create_all(target)
    with source.connect() as reader, target.begin() as writer:
        for table in plain.sorted_tables:
            if rows := [dict(row) for row in reader.execute(sa.select(table)).mappings()]:
                writer.execute(table.insert(), rows)
    source.dispose()
    target.dispose()
    return _address(postgres, database)


def _type(name: str, dtype: Any) -> Any:
    if name == "value" and isinstance(dtype, sa.Float):
        return sa.Double()
    if isinstance(dtype, sa.LargeBinary):
        return sa.LargeBinary()
    return sa.Text() if isinstance(dtype, sa.String | sa.JSON) else type(dtype)()


@pytest.mark.parametrize("version", ["1.8.0", "2.22.2", "3.17.2"])
def test_postgresql_gives_what_sqlite_gives(
    postgres: Postgres, tmp_path: Path, version: str
) -> None:
    store = unpacked(version, "sqlite", tmp_path)
    expected = SqliteStore(store.path, HEAD).read(ignore, history=True)
    address = _moved(store.path, postgres, f"store_{version.replace('.', '_')}")
    snapshot = ServerStore(address, HEAD).read(ignore, history=True)
    assert snapshot.source.kind is SourceKind.POSTGRESQL
    assert snapshot.source.location == address.replace(":secret@", ":***@")
    assert snapshot.source.revision == expected.source.revision
    for name, table in snapshot.tables().items():
        assert_frame_equal(
            table.sort(pl.all()), expected.tables()[name].sort(pl.all()), check_exact=True
        )
    assert snapshot.history is not None
    assert expected.history is not None
    assert_frame_equal(snapshot.history.sort(pl.all()), expected.history.sort(pl.all()))
    assert [f.code for f in snapshot.findings] == [f.code for f in expected.findings]


def test_everything_is_of_one_moment_and_nothing_can_be_written(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = unpacked("3.17.2", "sqlite", tmp_path)
    address = _moved(store.path, postgres, "moment")
    said: list[str] = []
    gather = gathering.gather

    def asking(session: Any, *args: Any, **options: Any) -> Any:
        for setting in ("transaction_read_only", "transaction_isolation"):
            ((row,),) = session.chunks(f"SELECT current_setting('{setting}')")
            said.append(row[0])
        return gather(session, *args, **options)

    def interfere(event: Event) -> None:
        if isinstance(event, StepDone) and event.detail == "runs":
            engine = _engine(postgres, "moment")
            with engine.begin() as writer:
                writer.exec_driver_sql("DELETE FROM params")
            engine.dispose()

    monkeypatch.setattr(server_store, "gather", asking)
    assert ServerStore(address, HEAD).read(interfere).params.height == 15
    assert said == ["on", "repeatable read"]
    assert ServerStore(address, HEAD).read(ignore).params.height == 0


def test_a_database_without_a_store_is_refused(postgres: Postgres) -> None:
    postgres.run("CREATE DATABASE nothing")
    with pytest.raises(ScorewrightError) as caught:
        ServerStore(_address(postgres, "nothing"), HEAD).read(ignore)
    assert caught.value.code == "store-invalid"


def test_a_wrong_password_is_not_shown(postgres: Postgres) -> None:
    address = postgres.url.replace(":secret@", ":wr%6Fng-password@")
    with pytest.raises(ScorewrightError) as caught:
        ServerStore(address, HEAD).read(ignore)
    assert caught.value.code == "store-unreachable"
    assert "ng-password" not in caught.value.message
    assert ":***@" in caught.value.message


def test_a_server_that_is_not_there() -> None:
    address = f"postgresql://risk:s3cret@127.0.0.1:{free_port()}/mlflow"
    with pytest.raises(ScorewrightError) as caught:
        ServerStore(address, HEAD).read(ignore)
    assert caught.value.code == "store-unreachable"
    assert "s3cret" not in caught.value.message
    assert caught.value.__cause__ is None


def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_store, "find_spec", lambda _: None)
    for address, remedy in (("mysql://a:b@h/d", "pymysql"), ("postgresql://a:b@h/d", "postgres")):
        with pytest.raises(UsageError) as caught:
            ServerStore(address, HEAD).read(ignore)
        assert caught.value.code == "store-driver"
        assert remedy in caught.value.remedy


@pytest.mark.parametrize("address", ["mssql://a:b@h/d", "postgresql:/x", "x.db", ""])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        ServerStore(address, HEAD)
    assert caught.value.code == "store-uri"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://u:p@h/d", "postgresql://u:***@h/d"),
        ("postgresql://postgres:postgres@h/d", "postgresql://postgres:***@h/d"),
        ("mysql+pymysql://u:a%40b@h/d", "mysql+pymysql://u:***@h/d"),
        ("postgresql://h/d?user=u&password=p%26q&x=1", "postgresql://h/d?user=u&password=***&x=1"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("postgresql://[bad", "postgresql://[bad"),
    ],
)
def test_passwords_are_masked(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_a_password_is_masked_in_whatever_a_driver_says() -> None:
    said = without_password("failed for a@b (a%40b) at a@bc", "mysql://u:a%40b@h/d")
    assert said == "failed for *** (***) at a@bc"
