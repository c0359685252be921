"""Names every row that is kept aside, with the reason."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scorewright.adapters.store_staging.matching import (
    LOOSE,
    compared,
    exists,
    fates_of,
    same,
    when_of,
)
from scorewright.adapters.store_staging.session import Session, quoted, written
from scorewright.core.consolidation import Carried, Difference
from scorewright.core.counting import counted
from scorewright.flows.store.consolidate_ports import Quarantined

__all__ = ["tell_kept_aside"]

#: Rows of one table and one source that are named one by one.
_NAMED: Final = 20
_EXAMPLES: Final = 3
#: What review queues ask.
_QUESTIONS: Final = "label_schemas"
_WHYS: Final = {
    "content": "in the target with another content",
    "name": "with a name that is taken",
    "parent": "of what is kept aside",
}


def tell_kept_aside(session: Session, table: Carried) -> None:
    """Keep which rows of a table are kept aside, and why; very many are told in one sentence.

    Args:
        session: With the source attached.
        table: About which everything is decided.
    """
    kept = f"FROM {fates_of(table.name)} n WHERE n.fate = 'quarantined'"
    total = session.one(f"SELECT COUNT(*) {kept}")
    shown = _NAMED if total <= _NAMED else _EXAMPLES
    rows = list(session.rows(f"SELECT * {kept} ORDER BY n.r LIMIT {shown}"))
    if total <= _NAMED:
        session.quarantined += [_told(session, table, row) for row in rows]
        return
    whys = ["WHEN " + exists(table, same(table.key)) + " THEN 'content'"]
    whys += ["WHEN " + exists(table, same(one)) + " THEN 'name'" for one in table.unique]
    counts = dict(
        session.con.execute(
            f"SELECT CASE {' '.join(whys)} ELSE 'parent' END, COUNT(*) {kept} GROUP BY 1"
        ).fetchall()
    )
    parts = "; ".join(f"{counts[why]:,} {said}" for why, said in _WHYS.items() if why in counts)
    some = ", ".join(_identity(table, row) for row in rows)
    session.notes.append(
        f"{session.label}: {total:,} rows of '{table.name}' are kept aside: {parts}; "
        f"such as {some}."
    )


def _told(session: Session, table: Carried, row: Mapping[str, Any]) -> Quarantined:
    identity = _identity(table, row)
    asked = _asked(session, row["schema_id"]) if table.name == _QUESTIONS else ""
    met = _met(session, table, table.key, row)
    if met is not None:
        reason = f"it is in the target with another content{asked}" if asked else ""
        return Quarantined(table.name, identity, session.label, _differing(table, met, row), reason)
    for columns in table.unique:
        met = _met(session, table, columns, row)
        if met is not None:
            *within, name = columns
            place = "".join(f" of {c.removesuffix('_id')} {row[c]}" for c in within)
            reason = f"the {name} {row[name]!r}{place} is taken by {_identity(table, met)}{asked}"
            found = _differing(table, met, row) if table.loose else ()
            return Quarantined(table.name, identity, session.label, found, reason)
    return Quarantined(table.name, identity, session.label, (), _held(session, table, row["r"]))


def _differing(
    table: Carried, met: Mapping[str, Any], row: Mapping[str, Any]
) -> tuple[Difference, ...]:
    return tuple(Difference(c, met[c], row[c]) for c in compared(table) if met[c] != row[c])


def _asked(session: Session, schema: str) -> str:
    """Name the review queues that ask what is kept aside, and no longer will."""
    rows = session.con.execute(
        "SELECT q.name FROM src.review_queue_label_schemas s "
        "JOIN src.review_queues q ON q.queue_id = s.queue_id WHERE s.schema_id = ? ORDER BY 1",
        (schema,),
    ).fetchall()
    names = [repr(name) for (name,) in rows]
    shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    return f"; asked by {counted(len(names), 'review queue')} ({shown})" if names else ""


def _identity(table: Carried, row: Mapping[str, Any]) -> str:
    return "/".join(str(row[column]) for column in table.key)


def _met(
    session: Session, table: Carried, columns: tuple[str, ...], row: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Return the row of the target, or on its way there, that has some of the values."""
    found = " AND ".join(f"m.{quoted(column)} = ?" for column in columns)
    values = [row[column] for column in columns]
    for place, more in (("target", ""), ("main", f" AND {written()}")):
        sql = f"SELECT m.* FROM {place}.{quoted(table.name)} m WHERE {found}{more} LIMIT 1"
        for one in session.rows(sql, *values):
            return one
    return None


def _held(session: Session, table: Carried, rowid: int) -> str:
    for parent in table.parents:
        if parent.table == LOOSE:
            continue
        found = session.con.execute(
            f"SELECT s.{quoted(parent.column)} FROM src.{quoted(table.name)} s "
            f"JOIN src.{quoted(parent.table)} o "
            f"ON o.{quoted(parent.key)} = s.{quoted(parent.column)} "
            f"JOIN {fates_of(parent.table)} f ON f.r = o.rowid "
            f"WHERE s.rowid = ? AND f.fate = 'quarantined'{when_of(parent)}",
            (rowid,),
        ).fetchone()
        if found is not None:
            return f"it belongs to {parent.table} {found[0]}, which is kept aside"
    return "another of its source has its place"
