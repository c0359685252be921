"""Brings a private copy to the newest schema with MLflow's migrations; run as a program."""

from __future__ import annotations

import json
import sqlite3
import sys

__all__ = ["main"]


def main() -> None:
    """Upgrade the SQLite file that is named on standard input to the revision named there."""
    path, revision = json.loads(sys.stdin.readline())
    from alembic import command  # noqa: PLC0415 - heavy
    from mlflow.store.db import utils  # noqa: PLC0415 - heavy
    from mlflow.store.tracking.dbmodels.initial_models import Base  # noqa: PLC0415 - heavy
    from sqlalchemy import create_engine, event, inspect  # noqa: PLC0415 - heavy

    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _hurry)
    if not inspect(engine).get_table_names():
        # The migrations begin with the tables of MLflow 0.9.
        Base.metadata.create_all(engine)
    # What `mlflow db upgrade` does.
    config = utils._get_alembic_config(str(engine.url))  # type: ignore[no-untyped-call] # noqa: SLF001
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def _hurry(connection: sqlite3.Connection, _: object) -> None:
    """Never wait for the disk: a crash loses a copy that nobody else knows of."""
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = MEMORY")


if __name__ == "__main__":
    main()
