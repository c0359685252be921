"""Tables whose rows stand for themselves: each is new, there already, or in conflict."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from scorewright.adapters.store_staging.session import (
    Session,
    expression,
    insert_sql,
    quoted,
    written,
)
from scorewright.core.consolidation import QUARANTINE, Carried, Difference, Parent
from scorewright.flows.store.consolidate_ports import Quarantined

__all__ = ["move_plain"]

#: A data set of the same name and digest is the same data, whatever else was written about it.
_LOOSE = "datasets"
_EXAMPLES = 200


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
            _differences(session, table)


def _new_values(session: Session, table: Carried) -> str:
    name = f"temp.{quoted('fate_' + table.name)}"
    session.con.execute(f"DROP TABLE IF EXISTS {name}")
    values = ", ".join(f"{expression(table, c)} AS {quoted(c)}" for c in table.columns)
    key = ", ".join(map(quoted, _distinct(table)))
    session.con.execute(
        f"CREATE TABLE {name} AS SELECT *, '' AS fate, 'others' AS unit, "
        f"ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY r) AS rank "
        f"FROM (SELECT s.rowid AS r, {values} FROM src.{quoted(table.name)} s)"
    )
    session.con.execute(
        f"CREATE INDEX temp.{quoted('r_' + table.name)} ON {quoted('fate_' + table.name)} (r)"
    )
    units = [f"({_of_parent(parent, 'unit')})" for parent in table.parents]
    if units:
        sql = f"UPDATE {name} AS n SET unit = COALESCE({', '.join(units)}, 'others')"
        session.con.execute(sql.replace("SOURCE", f"src.{quoted(table.name)}"))
    return name


def _distinct(table: Carried) -> tuple[str, ...]:
    return table.unique[0] if table.unique else table.key


def _of_parent(parent: Parent, column: str) -> str:
    """Return the SQL of what was decided about the row's parent."""
    when = "" if parent.when is None else f" AND s.{quoted(parent.when[0])} = '{parent.when[1]}'"
    table = quoted(parent.table)
    return (
        f"SELECT f.{column} FROM SOURCE s JOIN src.{table} o "
        f"ON o.{quoted(parent.key)} = s.{quoted(parent.column)} "
        f"JOIN temp.{quoted('fate_' + parent.table)} f ON f.r = o.rowid "
        f"WHERE s.rowid = n.r{when} LIMIT 1"
    )


def _decide(session: Session, table: Carried, rank: int) -> None:
    name = f"temp.{quoted('fate_' + table.name)}"
    lost, held = [], []
    for parent in table.parents:
        found = _of_parent(parent, "fate")
        when = (
            "" if parent.when is None else f" AND s.{quoted(parent.when[0])} = '{parent.when[1]}'"
        )
        asked = (
            f"EXISTS (SELECT 1 FROM SOURCE s WHERE s.rowid = n.r "
            f"AND s.{quoted(parent.column)} IS NOT NULL{when})"
        )
        lost.append(f"{asked} AND COALESCE(({found}), 'left') = 'left'")
        if parent.table != _LOOSE:
            held.append(f"COALESCE(({found}), '') = 'quarantined'")
    cases = [f"WHEN {sql} THEN 'left'" for sql in lost]
    cases += [f"WHEN {sql} THEN 'quarantined'" for sql in held]
    cases.append(f"WHEN {_exists(table, _equal(table))} THEN 'duplicate'")
    cases += [
        f"WHEN {_exists(table, _same(columns))} THEN 'quarantined'"
        for columns in (table.key, *table.unique)
    ]
    sql = f"UPDATE {name} AS n SET fate = CASE {' '.join(cases)} ELSE 'copied' END WHERE rank = ?"
    session.con.execute(sql.replace("SOURCE", f"src.{quoted(table.name)}"), (rank,))


def _exists(table: Carried, condition: str) -> str:
    name = quoted(table.name)
    return (
        f"(EXISTS (SELECT 1 FROM target.{name} m WHERE {condition}) OR "
        f"EXISTS (SELECT 1 FROM main.{name} m WHERE {condition} AND {written()}))"
    )


def _same(columns: tuple[str, ...]) -> str:
    return " AND ".join(f"m.{quoted(column)} = n.{quoted(column)}" for column in columns)


def _equal(table: Carried) -> str:
    others = [c for c in table.columns if c not in table.key and c not in table.ignored]
    parts = [_same(table.key), *(f"m.{quoted(c)} IS n.{quoted(c)}" for c in others)]
    return " AND ".join(parts)


def _differences(session: Session, table: Carried) -> None:
    """Keep which fields of rows in conflict differ."""
    name = quoted(table.name)
    compared = [c for c in table.columns if c not in table.key and c not in table.ignored]
    mine = ", ".join(f"m.{quoted(c)}" for c in compared)
    theirs = ", ".join(f"n.{quoted(c)}" for c in compared)
    key = ", ".join(f"n.{quoted(c)}" for c in table.key)
    sources = (f"target.{name}", f"(SELECT * FROM main.{name} m WHERE {written()})")
    for source in sources:
        cursor = session.con.execute(
            f"SELECT {key}, {mine or '1'}, {theirs or '1'} "
            f"FROM temp.{quoted('fate_' + table.name)} n "
            f"JOIN {source} m ON {_same(table.key)} WHERE n.fate = 'quarantined' LIMIT {_EXAMPLES}"
        )
        size = len(table.key)
        for row in cursor.fetchall():
            half = (len(row) - size) // 2
            pairs = zip(compared, row[size : size + half], row[size + half :], strict=True)
            found = tuple(Difference(c, a, b) for c, a, b in pairs if a != b)
            identity = "/".join(str(value) for value in row[:size])
            session.quarantined.append(Quarantined(table.name, identity, session.label, found))
