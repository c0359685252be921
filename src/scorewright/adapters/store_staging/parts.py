"""Runs, logged models and traces with everything that is part of them."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from dataclasses import replace

from scorewright.adapters.store_staging.colliding import settle_collisions
from scorewright.adapters.store_staging.refused import set_refused_aside
from scorewright.adapters.store_staging.session import (
    UNIT_KINDS,
    Session,
    expressions_of,
    insert_sql,
    quoted,
    written,
)
from scorewright.adapters.store_staging.taken import set_taken_aside
from scorewright.core.consolidation import CARRIED, QUARANTINE, Carried, units_of
from scorewright.flows.store.consolidate_ports import Place

__all__ = ["move_entities", "parts_of"]

#: Table -> owner of files, column of the address ("" for none: it is a tag).
_OWNERS = {
    "runs": ("run", "artifact_uri"),
    "logged_models": ("model", "artifact_location"),
    "trace_info": ("trace", ""),
}


def parts_of(table: Carried) -> tuple[Carried, ...]:
    """Return the tables whose rows are part of a run, a model or a trace."""
    return tuple(one for one in CARRIED if one.part_of == table.name)


def move_entities(session: Session, table: Carried) -> None:
    """Decide about runs, models or traces, and write them and their parts into the payload.

    Leaves ``temp.fate_<table>`` behind: ``r``, ``id``, ``experiment``, ``fate``, ``unit``.

    Args:
        session: With the source attached.
        table: ``runs``, ``logged_models`` or ``trace_info``.
    """
    fates = _identify(session, table)
    set_taken_aside(session, table, parts_of(table))
    settle_collisions(session, table, parts_of(table))
    set_refused_aside(session, table)
    _pack(session, table)
    _move(session, table, table.key[0], table)
    for part in parts_of(table):
        _move(session, part, part.owner, table)
        _count_lost(session, part, table)
    counts = session.con.execute(f"SELECT fate, COUNT(*) FROM {fates} GROUP BY fate").fetchall()
    for fate, rows in counts:
        session.count(table, "duplicate" if fate == "behind" else fate, rows)
        if fate == "left":
            session.notes.append(
                f"{session.label}: {rows:,} rows of '{table.name}' belong to no experiment and "
                "are left."
            )
    _keep_places(session, table)


def _identify(session: Session, table: Carried) -> str:
    name = f"temp.{quoted('fate_' + table.name)}"
    session.con.execute(f"DROP TABLE IF EXISTS {name}")
    session.con.execute(
        f"CREATE TABLE {name} (r INTEGER PRIMARY KEY, id TEXT UNIQUE, experiment INTEGER, "
        "fate TEXT, unit TEXT)"
    )
    session.con.execute(
        f"INSERT INTO {name} SELECT s.rowid, s.{quoted(table.key[0])}, m.new, "
        "CASE WHEN m.new IS NULL THEN 'left' ELSE 'copied' END, NULL "
        f"FROM src.{quoted(table.name)} s "
        "LEFT JOIN temp.experiment_map m ON m.old = s.experiment_id"
    )
    return name


def _pack(session: Session, table: Carried) -> None:
    """Give everything that is new a unit; the rest has its experiment's."""
    kind = UNIT_KINDS[table.name]
    name = f"temp.{quoted('fate_' + table.name)}"
    con = session.con
    con.execute("DROP TABLE IF EXISTS temp.sizes")
    con.execute("CREATE TABLE temp.sizes (id TEXT PRIMARY KEY, rows INTEGER)")
    for part in parts_of(table):
        con.execute(
            f"INSERT INTO temp.sizes SELECT s.{quoted(part.owner)}, COUNT(*) "
            f"FROM src.{quoted(part.name)} s WHERE s.{quoted(part.owner)} IS NOT NULL GROUP BY 1 "
            "ON CONFLICT (id) DO UPDATE SET rows = rows + excluded.rows"
        )
    sizes = con.execute(
        f"SELECT f.id, f.experiment, 1 + COALESCE(z.rows, 0) FROM {name} f "
        "LEFT JOIN temp.sizes z ON z.id = f.id "
        "WHERE f.fate = 'copied' ORDER BY f.experiment, f.r"
    ).fetchall()
    used = session.units.setdefault(kind, {})
    units = [(unit, thing) for thing, unit in units_of(kind, sizes, dict(used))]
    for unit, _ in units:
        experiment, _, number = unit.partition(":")[2].partition("/")
        used[int(experiment)] = int(number)
    con.executemany(f"UPDATE {name} SET unit = ? WHERE id = ?", units)
    more = con.execute(f"SELECT DISTINCT experiment FROM {name} WHERE fate = 'merged'").fetchall()
    for (experiment,) in more:
        con.execute(
            f"UPDATE {name} SET unit = ? WHERE fate = 'merged' AND experiment = ?",
            (session.more(table.name, experiment), experiment),
        )
    con.execute(
        f"UPDATE {name} SET unit = 'experiments:' || experiment "
        "WHERE unit IS NULL AND experiment IS NOT NULL"
    )
    con.execute(f"UPDATE {name} SET unit = '{QUARANTINE}' WHERE fate = 'quarantined'")
    # Rows come in the order of their units without being sorted.
    con.execute(
        f"CREATE INDEX temp.{quoted('units_' + table.name)} ON {quoted('fate_' + table.name)} "
        "(fate, unit, r)"
    )


def _move(session: Session, part: Carried, owner: str, table: Carried) -> None:
    """Write rows of what is new or in quarantine, and count those of what is there already."""
    joined = (
        f"FROM temp.{quoted('fate_' + table.name)} f CROSS JOIN src.{quoted(part.name)} s "
        f"ON s.{quoted(owner)} = f.id"
    )
    for fate in ("copied", "quarantined"):
        done = session.con.execute(
            f"{insert_sql(part)} SELECT {expressions_of(part)}, f.unit {joined} "
            "WHERE f.fate = ? ORDER BY f.unit",
            (fate,),
        )
        if part is not table and done.rowcount:
            session.count(part, fate, done.rowcount)
    if part is table:
        return
    for fate, counted in (("duplicate", "duplicate"), ("behind", "duplicate"), ("left", "left")):
        rows = session.one(f"SELECT COUNT(*) {joined} WHERE f.fate = ?", fate)
        if rows:
            session.count(part, counted, rows)


def _count_lost(session: Session, part: Carried, table: Carried) -> None:
    rows = session.one(
        f"SELECT COUNT(*) FROM src.{quoted(part.name)} s WHERE NOT EXISTS "
        f"(SELECT 1 FROM temp.{quoted('fate_' + table.name)} f "
        f"WHERE f.id = s.{quoted(part.owner)})"
    )
    if rows:
        session.count(part, "left", rows)
        session.notes.append(
            f"{session.label}: {rows:,} rows of '{part.name}' point at nothing and are left."
        )


def _keep_places(session: Session, table: Carried) -> None:
    """Keep where files go, and where addresses below the old places lead."""
    owner, address = _OWNERS[table.name]
    fates = f"temp.{quoted('fate_' + table.name)}"
    if not address:
        _keep_traces(session, fates)
        return
    key, name = quoted(table.key[0]), quoted(table.name)
    rows = session.con.execute(
        f"SELECT f.id, f.fate, f.unit, s.{address}, "
        f"COALESCE((SELECT m.{address} FROM target.{name} m WHERE m.{key} = f.id), "
        f"(SELECT m.{address} FROM main.{name} m WHERE m.{key} = f.id AND {written()})) "
        f"FROM {fates} f JOIN src.{name} s ON s.rowid = f.r"
    ).fetchall()
    places = dict(session.moves.places)
    for thing, fate, unit, old, new in rows:
        known = "duplicate" if fate == "behind" else fate
        is_kept = fate not in ("left", "quarantined")
        session.places[owner, thing] = Place(known, new or "" if is_kept else "", unit or "")
        if is_kept and old and new:
            places[session.moves.place_key(old)] = new
    session.moves = replace(session.moves, places=places)


def _keep_traces(session: Session, fates: str) -> None:
    rows = session.con.execute(
        f"SELECT f.id, f.fate, f.unit, COALESCE((SELECT m.value FROM target.trace_tags m "
        "WHERE m.request_id = f.id AND m.key = 'mlflow.artifactLocation'), "
        "(SELECT m.value FROM main.trace_tags m WHERE m.request_id = f.id "
        f"AND m.key = 'mlflow.artifactLocation' AND {written()})) FROM {fates} f"
    ).fetchall()
    for thing, fate, unit, address in rows:
        is_kept = fate not in ("left", "quarantined")
        session.places["trace", thing] = Place(fate, address or "" if is_kept else "", unit or "")
