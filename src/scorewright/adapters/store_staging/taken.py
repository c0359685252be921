"""Traces with a part whose id the target has at another trace."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from collections.abc import Sequence

from scorewright.adapters.store_staging.session import Session, quoted, written
from scorewright.core.consolidation import Carried

__all__ = ["set_taken_aside"]


def set_taken_aside(session: Session, table: Carried, parts: Sequence[Carried]) -> None:
    """Put into quarantine what has a part that cannot be put in: its id is that of another's.

    An assessment has an id of its own: two traces cannot both have it.

    Args:
        session: With ``temp.fate_<table>`` filled, before collisions are settled.
        table: ``runs``, ``logged_models`` or ``trace_info``.
        parts: Its parts.
    """
    for part in parts:
        if part.owner not in part.key:
            for place in ("target", "main"):
                _set_aside(session, table, part, place)


def _set_aside(session: Session, table: Carried, part: Carried, place: str) -> None:
    con, fates = session.con, f"temp.{quoted('fate_' + table.name)}"
    name, owner, key = quoted(part.name), quoted(part.owner), quoted(part.key[0])
    if place == "main":
        con.execute(
            f"CREATE INDEX IF NOT EXISTS main.{quoted('id_' + part.name)} ON {name} ({key})"
        )
    where = f" AND {written()}" if place == "main" else ""
    taken = con.execute(
        f"SELECT f.id, s.{key}, m.{owner} FROM src.{name} s "
        f"CROSS JOIN {place}.{name} m ON m.{key} = s.{key} JOIN {fates} f ON f.id = s.{owner} "
        f"WHERE m.{owner} IS NOT s.{owner} AND f.fate = 'copied'{where} ORDER BY f.r, 2"
    ).fetchall()
    for thing, found, other in taken:
        con.execute(f"UPDATE {fates} SET fate = 'quarantined' WHERE id = ?", (thing,))
        session.notes.append(
            f"{session.label}: {table.name} {thing} is kept aside: the target has the "
            f"{part.key[0]} '{found}' at {other}."
        )
