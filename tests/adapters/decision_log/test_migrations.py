"""The form of the tables: made step by step, taken back, refused where it is from the future."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text
from tests.fakes.logged_decisions import decision

from scorewright.adapters.decision_log import LogDatabase, open_log
from scorewright.adapters.decision_log.migrate import downgrade, upgrade
from scorewright.adapters.decision_log.tables import METADATA
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.project import LogSettings

TABLES = {"decisions", "outcomes", "erased", "shipped"}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'log.db'}"
    return str(request.getfixturevalue("fresh_url"))


def engine_of(url: str) -> Engine:
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://"))


def test_up_down_and_up_again(url: str) -> None:
    engine = engine_of(url)
    upgrade(engine, None)
    assert set(inspect(engine).get_table_names()) == {*TABLES, "alembic_version"}
    downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    upgrade(engine, None)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_a_form_of_the_future_is_refused(url: str) -> None:
    database = LogDatabase(url)
    database.prepare()
    database.close()
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    database = LogDatabase(url)
    with pytest.raises(ScorewrightError) as refused:
        database.insert([decision()])
    assert refused.value.code == "log-schema"
    database.close()


@pytest.mark.parametrize("is_stamped", [True, False])
def test_tables_no_migration_made_are_refused_with_what_to_do(url: str, is_stamped: bool) -> None:
    # Given a log of before the first release, which says it has the newest form or says nothing
    engine = engine_of(url)
    upgrade(engine, None)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE erased"))
        connection.execute(text("ALTER TABLE decisions DROP COLUMN variant"))
        if not is_stamped:
            connection.execute(text("DROP TABLE alembic_version"))
    engine.dispose()
    # When it is opened
    database = LogDatabase(url)
    with pytest.raises(ScorewrightError) as refused:
        database.prepare()
    # Then it is not taken for one that is away, and the person who can mend it is told how
    assert refused.value.code == "log-schema"
    assert "decisions" in refused.value.message
    assert ("mv " if url.startswith("sqlite") else "serve.log.url") in refused.value.remedy
    database.close()


def test_a_start_on_an_old_log_says_what_to_run(tmp_path: Path) -> None:
    file = tmp_path / ".scorewright" / "decisions.db"
    open_log(LogSettings(), tmp_path).close(1)
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE erased")
    connection.close()
    with pytest.raises(ScorewrightError) as refused:
        open_log(LogSettings(policy="best_effort"), tmp_path)
    assert f"mv {file} {file}.old" in refused.value.remedy
    # And what is said there helps
    file.rename(file.with_suffix(".db.old"))
    log = open_log(LogSettings(), tmp_path)
    assert log.state().status == "ok"
    log.close(1)


OPENS = """
import sys
from scorewright.adapters.decision_log import LogDatabase
from tests.fakes.logged_decisions import decision
sys.stdin.readline()
database = LogDatabase(sys.argv[1])
for _ in range(20):
    database.insert([decision()])
database.close()
"""


def test_processes_may_open_an_empty_database_at_once(url: str) -> None:
    command = [sys.executable, "-c", OPENS, url]
    opening = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)
    ]
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda process: process.communicate(b"go\n", 120), opening))
    assert [process.returncode for process in opening] == [0, 0, 0], said
    database = LogDatabase(url)
    assert database.count() == 60
    database.close()


def test_threads_may_open_many_at_once(tmp_path: Path) -> None:
    databases = [LogDatabase(f"sqlite:///{tmp_path / str(at)}.db") for at in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(LogDatabase.prepare, databases))
    for database in databases:
        assert database.count() == 0
        database.close()


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://", "sqlite:///:memory:", "not a url"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        LogDatabase(url)
    assert refused.value.code == "log-url"
