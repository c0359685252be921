"""A real PostgreSQL on which the compose file's databases were made."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.histories.servers import Postgres, postgres_binaries, running_postgres
from tests.deploy.linters import DEPLOY

#: With characters that need quoting in SQL and in a shell.
PASSWORDS = {"scorewright": 'lo\'g "secret"', "mlflow": "a-b$c"}


@pytest.fixture(scope="session")
def passwords() -> dict[str, str]:
    """The password of each role."""
    return PASSWORDS


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder ``/run/secrets`` of PostgreSQL's container."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "log_password").write_text(PASSWORDS["scorewright"] + "\n", encoding="utf-8")
    line = f"postgres:5432:mlflow:mlflow:{PASSWORDS['mlflow']}\n"
    (folder / "mlflow_pgpass").write_text(line, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def postgres(secrets: Path) -> Iterator[Postgres]:
    """A server on which databases.sql was run, as PostgreSQL's image runs it."""
    if not postgres_binaries() or shutil.which("psql") is None:
        pytest.skip("PostgreSQL's initdb, pg_ctl and psql are not installed")
    text = (DEPLOY / "compose/databases.sql").read_text(encoding="utf-8")
    file = secrets / "databases.sql"
    file.write_text(text.replace("/run/secrets", str(secrets)), encoding="utf-8")
    with running_postgres() as server:
        command = ["psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--file={file}", server.url]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        yield server
