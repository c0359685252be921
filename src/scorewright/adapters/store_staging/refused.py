"""Runs, models and traces that no database of the newest schema takes as they are."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from scorewright.adapters.store_staging.session import Session, expressions_of, quoted
from scorewright.core.consolidation import Carried
from scorewright.core.plans import Scalar

__all__ = ["set_refused_aside"]

_TRIED = "temp.tried"


def set_refused_aside(session: Session, table: Carried) -> None:
    """Put into quarantine what breaks a rule of the schema, such as a status that there is not.

    MySQL before 8.0.16 and SQLite on demand keep no such rules. The rows are put into an empty
    table with those of the target.

    Args:
        session: With ``temp.fate_<table>`` filled.
        table: ``runs``, ``logged_models`` or ``trace_info``.
    """
    con, fates = session.con, f"temp.{quoted('fate_' + table.name)}"
    schema = session.one(
        "SELECT sql FROM target.sqlite_master WHERE type = 'table' AND name = ?", table.name
    )
    con.execute(f"DROP TABLE IF EXISTS {_TRIED}")
    con.execute(f"CREATE TABLE {_TRIED} {schema[schema.index('(') :]}")
    names = ", ".join(map(quoted, table.columns))
    key = quoted(table.key[0])
    con.execute(
        f"INSERT OR IGNORE INTO {_TRIED} ({names}) SELECT {expressions_of(table)} FROM {fates} f "
        f"JOIN src.{quoted(table.name)} s ON s.rowid = f.r WHERE f.fate = 'copied'"
    )
    refused = con.execute(
        f"SELECT id FROM {fates} WHERE fate = 'copied' "
        f"AND id NOT IN (SELECT {key} FROM {_TRIED}) ORDER BY r"
    ).fetchall()
    for (thing,) in refused:
        con.execute(f"UPDATE {fates} SET fate = 'quarantined' WHERE id = ?", (thing,))
        session.notes.append(
            f"{session.label}: {table.name} {thing} is kept aside: the schema of MLflow does not "
            f"allow {_reason(session, table, thing)}."
        )
    con.execute(f"DROP TABLE {_TRIED}")


def _reason(session: Session, table: Carried, thing: str) -> str:
    """Name the values that are refused: without one of them the row would be taken."""
    row = session.con.execute(
        f"SELECT {expressions_of(table)} FROM src.{quoted(table.name)} s "
        f"WHERE s.{quoted(table.key[0])} = ?",
        (thing,),
    ).fetchone()
    values = dict(zip(table.columns, row, strict=True))
    found = [
        f"the {name} {value!r}"
        for name, value in values.items()
        if value is not None and _is_taken(session, {**values, name: None})
    ]
    return ", ".join(found) or "its values"


def _is_taken(session: Session, values: dict[str, Scalar]) -> bool:
    names, marks = ", ".join(map(quoted, values)), ", ".join("?" * len(values))
    done = session.con.execute(
        f"INSERT OR IGNORE INTO {_TRIED} ({names}) VALUES ({marks})", tuple(values.values())
    )
    session.con.execute(f"DELETE FROM {_TRIED}")
    return done.rowcount > 0
