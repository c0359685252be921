"""The databases of the compose file, in a real PostgreSQL."""

from __future__ import annotations

import psycopg
import pytest
from tests.adapters.histories.servers import Postgres


def connect(postgres: Postgres, role: str, database: str, password: str) -> None:
    """Connect, make a table and drop it."""
    with psycopg.connect(
        host="127.0.0.1",
        port=postgres.port,
        user=role,
        dbname=database,
        password=password,
    ) as connection:
        connection.execute("CREATE TABLE mine (a integer)")
        connection.execute("DROP TABLE mine")


@pytest.mark.parametrize(("role", "database"), [("scorewright", "decisions"), ("mlflow", "mlflow")])
def test_each_role_owns_its_database_with_its_password(
    postgres: Postgres, passwords: dict[str, str], role: str, database: str
) -> None:
    connect(postgres, role, database, passwords[role])
    with pytest.raises(psycopg.OperationalError, match="password"):
        connect(postgres, role, database, "another")


@pytest.mark.parametrize(("role", "database"), [("scorewright", "mlflow"), ("mlflow", "decisions")])
def test_no_role_enters_the_database_of_the_other(
    postgres: Postgres, passwords: dict[str, str], role: str, database: str
) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect(postgres, role, database, passwords[role])
