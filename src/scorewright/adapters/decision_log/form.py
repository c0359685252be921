"""Which form the tables of a database have: none yet, one that migrations know, or another."""

from __future__ import annotations

from sqlalchemy import URL, Connection, Inspector, Table, inspect, text

from scorewright.adapters.decision_log.tables import METADATA
from scorewright.core.errors import ScorewrightError

__all__ = ["HEAD", "form_of"]

#: The newest form: the last revision below ``migrations``.
HEAD = "0001"
VERSION_TABLE = "alembic_version"


def form_of(connection: Connection, url: URL) -> str | None:
    """Return the revision of the tables; None where there are none.

    Args:
        connection: To the database.
        url: Of the database.

    Raises:
        ScorewrightError: ``log-schema``: there are tables of these names which no migration made.
            Each decision would find out anew that it cannot be written.
    """
    # Before the version: others may make the tables now, all at one moment.
    there = frozenset(inspect(connection).get_table_names())
    found = _version(connection)
    tables, inspector = METADATA.sorted_tables, inspect(connection)
    odd: list[str] = []
    if found is None:
        odd = [table.name for table in tables if table.name in there]
    elif found == HEAD:
        odd = [table.name for table in tables if not _is_whole(table, inspector)]
    if odd:
        raise ScorewrightError(
            f"The decision log in {url.render_as_string(hide_password=True)} has tables of another "
            f"form: {', '.join(odd)}. They come from a version before the first release, or from "
            "another program.",
            remedy=_aside(url),
            code="log-schema",
        )
    return found


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant


def _is_whole(table: Table, inspector: Inspector) -> bool:
    """Tell whether a table is there with all its columns."""
    if not inspector.has_table(table.name):
        return False
    return {c.name for c in table.columns} <= {c["name"] for c in inspector.get_columns(table.name)}


def _aside(url: URL) -> str:
    """Say what to run so that a new log can be made beside an old one."""
    if url.get_backend_name() != "sqlite":
        return "Name another database in serve.log.url; the old one can be read with psql."
    file = url.database
    return (
        f"Keep the old log aside: mv {file} {file}.old. The next start makes a new one; the old "
        "one can be read with sqlite3."
    )
