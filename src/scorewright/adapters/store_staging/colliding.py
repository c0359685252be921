"""Runs, models and traces whose id the target has already."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from scorewright.adapters.store_staging.contents import content_of, key_of, part_rows, values_of
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
from scorewright.core.plans import RowChange
from scorewright.flows.store.consolidate_ports import Quarantined

__all__ = ["settle_collisions"]


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
        f"JOIN target.{name} m ON m.{key} = f.id WHERE f.fate = 'copied'"
    )
    con.execute(
        f"INSERT OR IGNORE INTO temp.met SELECT f.id, 'main' FROM {fates} f "
        f"JOIN main.{name} m ON m.{key} = f.id AND {written()} WHERE f.fate = 'copied'"
    )
    places = [place for (place,) in con.execute("SELECT DISTINCT place FROM temp.met").fetchall()]
    if not places:
        return
    if "main" in places:
        for one in (table, *parts):
            _index(session, one)
    differing = _differing(session, table, parts, places)
    # What an earlier source added to is no longer as the target's copy has it.
    grown = con.execute("SELECT id FROM temp.met WHERE place = 'target'").fetchall()
    differing |= {(thing, "target") for (thing,) in grown if thing in session.grown}
    con.execute(f"UPDATE {fates} SET fate = 'duplicate' WHERE id IN (SELECT id FROM temp.met)")
    for thing, place in sorted(differing):
        _settle(session, table, parts, thing, place)


def _index(session: Session, one: Carried) -> None:
    """Let rows of the payload be found by owner and by key, as those of the copies are."""
    for kind, columns in (("owner", (one.owner,)), ("met", one.key)):
        if all(columns):
            names = ", ".join(map(quoted, columns))
            session.con.execute(
                f"CREATE INDEX IF NOT EXISTS main.{quoted(f'{kind}_{one.name}')} "
                f"ON {quoted(one.name)} ({names})"
            )


def _differing(
    session: Session, table: Carried, parts: Sequence[Carried], places: Iterable[str]
) -> set[tuple[str, str]]:
    """Find those with any row that the other side does not have, or with more or fewer rows.

    Every row of the source is looked up by its key. Keys are unique, so where all rows are found
    and there are as many, there are no others.
    """
    found: set[tuple[str, str]] = set()
    for place in places:
        for one, owner in ((table, table.key[0]), *((part, part.owner) for part in parts)):
            for sql in (_not_found(one, owner, place), _not_as_many(one, owner, place)):
                found |= {(thing, place) for (thing,) in session.con.execute(sql)}
    return found


def _met(one: Carried, owner: str, place: str, alias: str) -> str:
    """Return what rows of things that are on both sides are selected from."""
    name = "src" if alias == "s" else place
    where = f" AND {written()}" if (alias, place) == ("m", "main") else ""
    return (
        f"FROM temp.met t CROSS JOIN {name}.{quoted(one.name)} {alias} "
        f"ON {alias}.{quoted(owner)} = t.id "
        f"WHERE t.place = '{place}' AND {without_places(one, alias)}{where}"
    )


def _not_found(one: Carried, owner: str, place: str) -> str:
    compared = [c for c in one.columns if not is_place(one, c) and c not in one.ignored]
    same = [f"m.{quoted(c)} = {expression(one, c)}" for c in one.key]
    same += [f"m.{quoted(c)} IS {expression(one, c)}" for c in compared if c not in one.key]
    where = f" AND {written()}" if place == "main" else ""
    return (
        f"SELECT DISTINCT t.id {_met(one, owner, place, 's')} AND NOT EXISTS (SELECT 1 FROM "
        f"{place}.{quoted(one.name)} m WHERE {' AND '.join(same)}{where})"
    )


def _not_as_many(one: Carried, owner: str, place: str) -> str:
    counted = " UNION ALL ".join(
        f"SELECT t.id AS id, {sign} AS n {_met(one, owner, place, alias)}"
        for sign, alias in ((1, "s"), (-1, "m"))
    )
    return f"SELECT id FROM ({counted}) GROUP BY id HAVING SUM(n) <> 0"


def _settle(
    session: Session, table: Carried, parts: Sequence[Carried], thing: str, place: str
) -> None:
    here = content_of(session, table, parts, thing, place)
    there = content_of(session, table, parts, thing, "src")
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
        values = (dict(here.row), dict(judgement.row))
        _change(session, table, unit, where, (key, *values))
    for part in parts:
        rows = part_rows(session, part, thing, "src")
        total = session.one(
            f"SELECT COUNT(*) FROM src.{quoted(part.name)} s WHERE s.{quoted(part.owner)} = ?",
            thing,
        )
        added = judgement.added.get(part.name, frozenset())
        changed = judgement.changed.get(part.name, frozenset())
        new = [row for row in rows if key_of(part, row) in added]
        _add(session, part, where, [(*row.values(), unit) for row in new])
        for row in (row for row in rows if key_of(part, row) in changed):
            before = dict(
                zip(values_of(part), here.last[part.name][key_of(part, row)], strict=True)
            )
            after = {c: row[c] for c in values_of(part)}
            key = {c: row[c] for c in part.key}
            _change(session, part, unit, where, (key, before, after))
        session.count(part, "merged", len(new) + len(changed))
        session.count(part, "duplicate", total - len(new) - len(changed))


def _add(
    session: Session, part: Carried, where: tuple[str, str], new: list[tuple[Any, ...]]
) -> None:
    """Write rows into the payload, and keep where they are: a later source may go on."""
    if not new:
        return
    thing, place = where
    last = f"SELECT COALESCE(MAX(rowid), 0) FROM main.{quoted(part.name)}"
    before = session.one(last)
    marks = ", ".join("?" * len(new[0]))
    session.con.executemany(f"{insert_sql(part)} VALUES ({marks})", new)
    if place == "target":
        found = (before + 1, session.one(last))
        session.added.setdefault((part.name, thing), []).append(found)


def _change(
    session: Session,
    table: Carried,
    unit: str,
    where: tuple[str, str],
    change: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
) -> None:
    thing, place = where
    key, before, after = change
    after = {name: value for name, value in after.items() if before[name] != value}
    if not after:
        return
    if place == "target":
        new = RowChange(table.name, key, {name: before[name] for name in after}, after)
        session.changes.add(unit, new, thing)
        return
    sets = ", ".join(f"{quoted(name)} = ?" for name in after)
    found = " AND ".join(f"m.{quoted(name)} = ?" for name in key)
    session.con.execute(
        f"UPDATE main.{quoted(table.name)} AS m SET {sets} WHERE {found} AND {written()}",
        (*after.values(), *key.values()),
    )
