"""Bring the tables of the log to their newest form, step by step, with Alembic."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine, text

from scorewright.core.errors import ScorewrightError

__all__ = ["downgrade", "upgrade"]

#: Any number, the same for all: two workers must not migrate at once.
LOCK = 6_120_260
#: Alembic keeps what it works on in a global place.
_one_at_a_time = threading.Lock()


def upgrade(engine: Engine, found: str | None) -> None:
    """Bring the tables to the newest form, in one transaction.

    Args:
        engine: Of the database.
        found: The revision that is there.

    Raises:
        ScorewrightError: ``log-schema``: the tables were made by a newer Scorewright.
    """
    config = _config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise ScorewrightError(
            f"The decision log has a form ({found}) that this version does not know.",
            remedy="Use the version of Scorewright that made it, or a newer one.",
            code="log-schema",
        )
    _run(engine, config, "head")


def downgrade(engine: Engine, revision: str) -> None:
    """Bring the tables back to an earlier form."""
    config = _config()
    with _one_at_a_time, engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def _run(engine: Engine, config: Config, revision: str) -> None:
    with _one_at_a_time, engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except CommandError as error:
            raise ScorewrightError(
                f"The decision log cannot be brought to its newest form: {error}.",
                remedy="Restore the database, or use the version of Scorewright that made it.",
                code="log-schema",
            ) from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
