"""Tables whose rows stand for themselves: each is new, there already, or in conflict."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from scorewright.adapters.store_staging.kept_aside import tell_kept_aside
from scorewright.adapters.store_staging.matching import (
    LOOSE,
    distinct,
    equal,
    exists,
    fates_of,
    of_parent,
    same,
    when_of,
)
from scorewright.adapters.store_staging.session import Session, expression, insert_sql, quoted
from scorewright.core.consolidation import QUARANTINE, Carried

__all__ = ["move_plain"]


def move_plain(session: Session, table: Carried) -> None:
    """Decide about the rows of a table and write them into the payload.

    Leaves ``temp.fate_<table>`` behind: ``r`` (rowid in the source), ``fate``, ``unit`` and the new
    values, which tables that come later look up.

    Args:
        session: With the source attached.
        table: Neither a run, a model or a trace, nor a part of one.
    """
    fates = _new_values(session, table)
    last = session.one(f"SELECT COALESCE(MAX(rank), 0) FROM {fates}")
    for rank in range(1, last + 1):
        # The second of two rows that became one meets the first.
        _decide(session, table, rank)
        names = ", ".join(f"n.{quoted(column)}" for column in table.columns)
        for fate, unit in (("copied", "n.unit"), ("quarantined", f"'{QUARANTINE}'")):
            session.con.execute(
                f"{insert_sql(table)} SELECT {names}, {unit} FROM {fates} n "
                "WHERE n.rank = ? AND n.fate = ?",
                (rank, fate),
            )
    counts = session.con.execute(f"SELECT fate, COUNT(*) FROM {fates} GROUP BY fate").fetchall()
    for fate, rows in counts:
        session.count(table, fate, rows)
        if fate == "left":
            session.notes.append(
                f"{session.label}: {rows:,} rows of '{table.name}' point at nothing and are left."
            )
        if fate == "quarantined":
            tell_kept_aside(session, table)


def _new_values(session: Session, table: Carried) -> str:
    name = fates_of(table.name)
    session.con.execute(f"DROP TABLE IF EXISTS {name}")
    values = ", ".join(f"{expression(table, c)} AS {quoted(c)}" for c in table.columns)
    key = ", ".join(map(quoted, distinct(table)))
    session.con.execute(
        f"CREATE TABLE {name} AS SELECT *, '' AS fate, 'others' AS unit, "
        f"ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY r) AS rank "
        f"FROM (SELECT s.rowid AS r, {values} FROM src.{quoted(table.name)} s)"
    )
    session.con.execute(
        f"CREATE INDEX temp.{quoted('r_' + table.name)} ON {quoted('fate_' + table.name)} (r)"
    )
    units = [f"({of_parent(table, parent, 'unit')})" for parent in table.parents]
    if units:
        sql = f"UPDATE {name} AS n SET unit = COALESCE({', '.join(units)}, 'others')"
        session.con.execute(sql)
    return name


def _decide(session: Session, table: Carried, rank: int) -> None:
    name = fates_of(table.name)
    lost, held = [], []
    for parent in table.parents:
        found = of_parent(table, parent, "fate")
        asked = (
            f"EXISTS (SELECT 1 FROM src.{quoted(table.name)} s WHERE s.rowid = n.r "
            f"AND s.{quoted(parent.column)} IS NOT NULL{when_of(parent)})"
        )
        lost.append(f"{asked} AND COALESCE(({found}), 'left') = 'left'")
        if parent.table != LOOSE:
            held.append(f"COALESCE(({found}), '') = 'quarantined'")
    cases = [f"WHEN {sql} THEN 'left'" for sql in lost]
    # What hangs on something that is kept aside may be in the target all the same.
    cases.append(f"WHEN {exists(table, equal(table))} THEN 'duplicate'")
    held += [exists(table, same(columns)) for columns in (table.key, *table.unique)]
    cases += [f"WHEN {sql} THEN 'quarantined'" for sql in held]
    sql = f"UPDATE {name} AS n SET fate = CASE {' '.join(cases)} ELSE 'copied' END WHERE rank = ?"
    session.con.execute(sql, (rank,))
