"""Runs, models and traces whose id the target has already."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from scorewright.adapters.store_staging.session import (
    Session,
    expression,
    insert_sql,
    is_place,
    quoted,
    without_places,
    written,
)
from scorewright.core.consolidation import (
    POLICIES,
    Carried,
    Content,
    Judgement,
    Verdict,
    judge,
)
from scorewright.core.plans import RowChange, net_changes
from scorewright.flows.store.consolidate_ports import Quarantined

__all__ = ["settle_collisions"]

_LAST = "latest_metrics"


def settle_collisions(session: Session, table: Carried, parts: Sequence[Carried]) -> None:
    """Set the fate of everything whose id the target or an earlier source has.

    Args:
        session: With ``temp.fate_<table>`` filled.
        table: ``runs``, ``logged_models`` or ``trace_info``.
        parts: Its parts.
    """
    con, fates = session.con, f"temp.{quoted('fate_' + table.name)}"
    con.execute("DROP TABLE IF EXISTS temp.met")
    con.execute("CREATE TABLE temp.met (id TEXT PRIMARY KEY, place TEXT)")
    key, name = quoted(table.key[0]), quoted(table.name)
    con.execute(
        f"INSERT INTO temp.met SELECT f.id, 'target' FROM {fates} f "
        f"JOIN target.{name} m ON m.{key} = f.id WHERE f.fate <> 'left'"
    )
    con.execute(
        f"INSERT OR IGNORE INTO temp.met SELECT f.id, 'main' FROM {fates} f "
        f"JOIN main.{name} m ON m.{key} = f.id AND {written()} WHERE f.fate <> 'left'"
    )
    places = [place for (place,) in con.execute("SELECT DISTINCT place FROM temp.met").fetchall()]
    if not places:
        return
    if "main" in places:
        for part in parts:
            index = quoted(f"owner_{part.name}")
            con.execute(
                f"CREATE INDEX IF NOT EXISTS main.{index} "
                f"ON {quoted(part.name)} ({quoted(part.owner)})"
            )
    differing = _differing(session, table, parts, places)
    # What an earlier source added to is no longer as the target's copy has it.
    grown = con.execute("SELECT id FROM temp.met WHERE place = 'target'").fetchall()
    differing |= {(thing, "target") for (thing,) in grown if thing in session.grown}
    con.execute(f"UPDATE {fates} SET fate = 'duplicate' WHERE id IN (SELECT id FROM temp.met)")
    for thing, place in sorted(differing):
        _settle(session, table, parts, thing, place)


def _differing(
    session: Session, table: Carried, parts: Sequence[Carried], places: Iterable[str]
) -> set[tuple[str, str]]:
    """Find those with any row that the other side does not have, all at once."""
    found: set[tuple[str, str]] = set()
    for place in places:
        for one, owner in ((table, table.key[0]), *((part, part.owner) for part in parts)):
            compared = [c for c in one.columns if not is_place(one, c) and c not in one.ignored]
            theirs = ", ".join(f"{expression(one, c)} AS {quoted(c)}" for c in compared)
            mine = ", ".join(f"m.{quoted(c)}" for c in compared)
            name, key = quoted(one.name), quoted(owner)
            ids = f"(SELECT id FROM temp.met WHERE place = '{place}')"
            there = (
                f"SELECT {theirs} FROM src.{name} s "
                f"WHERE s.{key} IN {ids} AND {without_places(one, 's')}"
            )
            here = (
                f"SELECT {mine} FROM {place}.{name} m "
                f"WHERE m.{key} IN {ids} AND {without_places(one, 'm')}"
            )
            if place == "main":
                here += f" AND {written()}"
            for first, second in ((there, here), (here, there)):
                cursor = session.con.execute(
                    f"SELECT DISTINCT {key} FROM ({first} EXCEPT {second})"
                )
                found |= {(thing, place) for (thing,) in cursor}
    return found


def _settle(
    session: Session, table: Carried, parts: Sequence[Carried], thing: str, place: str
) -> None:
    here = _content(session, table, parts, thing, place)
    there = _content(session, table, parts, thing, "src")
    judgement = judge(here, there, POLICIES[table.name])
    fate = {
        Verdict.IDENTICAL: "duplicate",
        Verdict.BEHIND: "behind",
        Verdict.CONTINUES: "merged",
        Verdict.CONFLICT: "quarantined",
    }[judgement.verdict]
    session.con.execute(
        f"UPDATE temp.{quoted('fate_' + table.name)} SET fate = ? WHERE id = ?",
        (fate, thing),
    )
    if judgement.verdict is Verdict.CONFLICT:
        session.quarantined.append(
            Quarantined(table.name, thing, session.label, judgement.differences)
        )
    if judgement.verdict is Verdict.BEHIND:
        session.notes.append(f"{session.label}: {table.name} {thing}: the target has more of it.")
    if judgement.verdict is Verdict.CONTINUES:
        _continue(session, table, parts, (thing, place), here, judgement)


def _selected(one: Carried, place: str) -> str:
    columns = [
        (f"{expression(one, c)} AS {quoted(c)}" if place == "src" else f"s.{quoted(c)}")
        for c in one.columns
    ]
    return ", ".join(columns)


def _part_rows(session: Session, part: Carried, thing: str, place: str) -> list[dict[str, Any]]:
    where = f" AND {written('s')}" if place == "main" else ""
    return list(
        session.rows(
            f"SELECT {_selected(part, place)} FROM {place}.{quoted(part.name)} s "
            f"WHERE s.{quoted(part.owner)} = ?{where} AND {without_places(part, 's')}",
            thing,
        )
    )


def _content(
    session: Session, table: Carried, parts: Sequence[Carried], thing: str, place: str
) -> Content:
    where = f" AND {written('s')}" if place == "main" else ""
    row = next(
        session.rows(
            f"SELECT {_selected(table, place)} FROM {place}.{quoted(table.name)} s "
            f"WHERE s.{quoted(table.key[0])} = ?{where}",
            thing,
        )
    )
    read = {
        part.name: {
            _key(part, one): tuple(one[c] for c in _valued(part))
            for one in _part_rows(session, part, thing, place)
        }
        for part in parts
    }
    if place == "target" and thing in session.grown:
        _grow(session, (table, parts), thing, row, read)
    return Content(
        {name: value for name, value in row.items() if not is_place(table, name)},
        {name: rows for name, rows in read.items() if name != _LAST},
        {name: rows for name, rows in read.items() if name == _LAST},
    )


def _grow(
    session: Session,
    tables: tuple[Carried, Sequence[Carried]],
    thing: str,
    row: dict[str, Any],
    read: dict[str, dict[tuple[Any, ...], tuple[Any, ...]]],
) -> None:
    """Add what an earlier source of the same plan adds and changes."""
    table, parts = tables
    for part in parts:
        for one in _part_rows(session, part, thing, "main"):
            read[part.name][_key(part, one)] = tuple(one[c] for c in _valued(part))
    for change in (change for unit in session.changes.values() for change in unit):
        after = change.after or {}
        if change.table == table.name and change.key == {table.key[0]: thing}:
            row.update(after)
        for part in parts:
            if change.table == part.name and change.key[part.owner] == thing:
                key = tuple(value for name, value in change.key.items() if name != part.owner)
                values = dict(zip(_valued(part), read[part.name][key], strict=True))
                read[part.name][key] = tuple({**values, **after}.values())


def _key(part: Carried, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column] for column in part.key if column != part.owner)


def _valued(part: Carried) -> list[str]:
    known = {*part.key, part.owner, *part.ignored}
    return [column for column in part.columns if column not in known]


def _continue(
    session: Session,
    table: Carried,
    parts: Sequence[Carried],
    where: tuple[str, str],
    here: Content,
    judgement: Judgement,
) -> None:
    """Add what is new to a run that is there, and change what goes on."""
    thing, place = where
    session.grown.add(thing)
    unit = session.more(table.name, int(here.row["experiment_id"] or 0))
    if place == "main":
        unit = session.one(
            f"SELECT {quoted('_unit')} FROM main.{quoted(table.name)} m "
            f"WHERE m.{quoted(table.key[0])} = ? AND {written()}",
            thing,
        )
    if judgement.row:
        key = {table.key[0]: thing}
        _change(session, table, unit, place, (key, dict(here.row), dict(judgement.row)))
    for part in parts:
        rows = _part_rows(session, part, thing, "src")
        total = session.one(
            f"SELECT COUNT(*) FROM src.{quoted(part.name)} s WHERE s.{quoted(part.owner)} = ?",
            thing,
        )
        added = judgement.added.get(part.name, frozenset())
        changed = judgement.changed.get(part.name, frozenset())
        new = [row for row in rows if _key(part, row) in added]
        marks = ", ".join("?" * (len(part.columns) + 1))
        session.con.executemany(
            f"{insert_sql(part)} VALUES ({marks})",
            [(*row.values(), unit) for row in new],
        )
        for row in rows:
            if _key(part, row) in changed:
                before = dict(
                    zip(_valued(part), here.last[part.name][_key(part, row)], strict=True)
                )
                after = {c: row[c] for c in _valued(part)}
                key = {c: row[c] for c in part.key}
                _change(session, part, unit, place, (key, before, after))
        session.count(part, "merged", len(new) + len(changed))
        session.count(part, "duplicate", total - len(new) - len(changed))


def _change(
    session: Session,
    table: Carried,
    unit: str,
    place: str,
    change: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
) -> None:
    key, before, after = change
    after = {name: value for name, value in after.items() if before[name] != value}
    if not after:
        return
    if place == "target":
        new = RowChange(table.name, key, {name: before[name] for name in after}, after)
        changes = session.changes.setdefault(unit, [])
        earlier = [one for one in changes if (one.table, one.key) == (new.table, new.key)]
        others = [one for one in changes if one not in earlier]
        session.changes[unit] = [*others, *net_changes([*earlier, new])]
        return
    sets = ", ".join(f"{quoted(name)} = ?" for name in after)
    where = " AND ".join(f"m.{quoted(name)} = ?" for name in key)
    session.con.execute(
        f"UPDATE main.{quoted(table.name)} AS m SET {sets} WHERE {where} AND {written()}",
        (*after.values(), *key.values()),
    )
