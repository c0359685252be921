"""Merges private copies into the payload of a plan: decisions are pure, rows move in SQL."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from scorewright.adapters.store_staging.known import require_known
from scorewright.adapters.store_staging.lacking import fill_lacking
from scorewright.adapters.store_staging.limits import obey_limits
from scorewright.adapters.store_staging.matching import distinct
from scorewright.adapters.store_staging.namesakes import tell_namesakes
from scorewright.adapters.store_staging.own_times import tell_own_times
from scorewright.adapters.store_staging.parts import move_entities
from scorewright.adapters.store_staging.plain import move_plain
from scorewright.adapters.store_staging.registry_rows import (
    REGISTRY,
    decide_registry,
    move_registry,
)
from scorewright.adapters.store_staging.rollups import tell_stale_rollups
from scorewright.adapters.store_staging.session import (
    Session,
    expression,
    insert_sql,
    opened_session,
    quoted,
    written,
)
from scorewright.adapters.store_staging.units import balance_of, units_of_payload
from scorewright.core.consolidation import (
    CARRIED,
    POLICIES,
    Experiment,
    ExperimentFate,
    Moves,
    carried,
    map_experiments,
)
from scorewright.core.counting import counted
from scorewright.core.errors import IntegrityError
from scorewright.core.plans import Balance, unbalanced
from scorewright.core.snapshot import AddressKind, parse_address
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone
from scorewright.flows.store.consolidate_ports import Merged, Request, Stage

__all__ = ["SqlMerger"]

_STAGE: Final = "merge"
_KNOWN: Final = "('duplicate', 'quarantined')"
#: Table -> column of its id, its name among what moves, and when the target's id stands for it.
_IDS: Final = {
    "datasets": ("dataset_uuid", "datasets", _KNOWN),
    "inputs": ("input_uuid", "inputs", _KNOWN),
    "label_schemas": ("schema_id", "schemas", "('duplicate')"),
}


class SqlMerger:
    """Merges SQLite files of one schema."""

    def merge(self, request: Request, notify: Notify) -> Merged:
        """Decide about every row and write those that arrive into the payload.

        Args:
            request: What is to be merged.
            notify: Told of each source.

        Raises:
            FindingsError: ``consolidate-unknown-table``, ``consolidate-workspaces``.
            IntegrityError: ``consolidate-unbalanced``.
        """
        notify(StageStarted(_STAGE, len(request.stages)))
        places = []
        found: Counter[str] = Counter()
        with opened_session(request.payload, request.target, CARRIED) as session:
            for done, stage in enumerate(request.stages, start=1):
                session.con.execute("ATTACH ? AS src", (str(stage.path),))
                session.con.execute("BEGIN")
                found += _merge_one(session, stage, request)
                session.con.execute("COMMIT")
                session.con.execute("DETACH src")
                places.append(dict(session.places))
                notify(StepDone(_STAGE, done, stage.location))
            balance = balance_of(session, found)
            _require_balance(balance)
            texts = obey_limits(session, is_server=request.is_server)
            tell_stale_rollups(session)
            merged = Merged(
                units=units_of_payload(session),
                balance=balance,
                places=tuple(places),
                names={one.id: one.name for one in _experiments(session, "target", "main")},
                quarantined=tuple(session.quarantined),
                notes=tuple(session.notes),
                texts=texts,
            )
        notify(StageDone(_STAGE, counted(sum(line.copied for line in balance), "row")))
        return merged


def _merge_one(session: Session, stage: Stage, request: Request) -> Counter[str]:
    session.label = stage.label
    session.places.clear()
    before = sum(session.counts["left tables", fate] for fate in ("left",))
    require_known(session, stage)
    fill_lacking(session)
    found = _found(session)
    found["left tables"] = session.counts["left tables", "left"] - before
    for line, number in stage.left.items():
        found[line] += number
        session.counts[line, "left"] += number
    session.notes += [f"{stage.label}: {note}" for note in stage.notes]
    _move_experiments(session, request)
    registry = decide_registry(session)
    for table in CARRIED[1:]:
        if table.name in POLICIES:
            move_entities(session, table)
        elif not table.part_of and table.name not in REGISTRY:
            move_plain(session, table)
            _learn_ids(session, table.name)
    tell_namesakes(session)
    tell_own_times(session)
    move_registry(session, registry, request.root, stage.own_versions)
    return found


def _found(session: Session) -> Counter[str]:
    """Count rows before anything is decided."""
    found: Counter[str] = Counter()
    for table in CARRIED:
        found[table.what] += session.one(f"SELECT COUNT(*) FROM src.{quoted(table.name)}")
    return found


def _experiments(session: Session, *places: str) -> list[Experiment]:
    found = []
    for place in places:
        where = f"WHERE {written()}" if place == "main" else ""
        rows = session.con.execute(
            "SELECT experiment_id, name, COALESCE(lifecycle_stage, '') = 'deleted' "
            f"FROM {place}.experiments m {where} ORDER BY experiment_id"
        )
        found += [Experiment(number, name, bool(gone)) for number, name, gone in rows]
    return found


def _move_experiments(session: Session, request: Request) -> None:
    source = _experiments(session, "src")
    fates = map_experiments(
        source,
        _experiments(session, "target", "main"),
        request.on_same_name,
        session.label,
        _homes(session),
    )
    session.notes += [fate.note for fate in fates if fate.note]
    con = session.con
    con.execute("DROP TABLE IF EXISTS temp.experiment_map")
    con.execute("CREATE TABLE temp.experiment_map (old INTEGER PRIMARY KEY, new INTEGER)")
    con.executemany(
        "INSERT INTO temp.experiment_map VALUES (?, ?)", [(f.old, f.new) for f in fates]
    )
    homes = {fate.new: f"{request.root}/{fate.new}" for fate in fates}
    homes |= {number: home for number, home in _own_homes(session) if number in homes}
    session.moves = Moves({fate.old: fate.new for fate in fates}, homes)
    _write_experiments(session, fates)


def _homes(session: Session) -> dict[int, set[int]]:
    """Find experiments of the target that hold runs of the source's."""
    homes: dict[int, set[int]] = {}
    for place in ("target", "main"):
        where = f"WHERE {written()}" if place == "main" else ""
        pairs = session.con.execute(
            "SELECT DISTINCT s.experiment_id, m.experiment_id FROM src.runs s "
            f"JOIN {place}.runs m ON m.run_uuid = s.run_uuid {where}"
        )
        for old, new in pairs:
            homes.setdefault(old, set()).add(new)
    return homes


def _own_homes(session: Session) -> list[tuple[int, str]]:
    """Return where experiments of the target keep their artifacts, if that is a local folder."""
    found = []
    for place in ("target", "main"):
        rows = session.con.execute(
            f"SELECT experiment_id, artifact_location FROM {place}.experiments"
        )
        for number, location in rows:
            kind = parse_address(location or "").kind
            if location and kind in (AddressKind.POSIX, AddressKind.WINDOWS):
                found.append((number, location.rstrip("/")))
    return found


def _write_experiments(session: Session, fates: tuple[ExperimentFate, ...]) -> None:
    table, con = carried("experiments"), session.con
    con.execute("DROP TABLE IF EXISTS temp.fate_experiments")
    con.execute("CREATE TABLE temp.fate_experiments (r INTEGER PRIMARY KEY, fate TEXT, unit TEXT)")
    values = ", ".join(
        "?" if column == "name" else expression(table, column) for column in table.columns
    )
    for fate in fates:
        said = "copied" if fate.is_new else "merged"
        unit = f"experiments:{fate.new}"
        con.execute(
            "INSERT INTO temp.fate_experiments SELECT s.rowid, ?, ? FROM src.experiments s "
            "WHERE s.experiment_id = ?",
            (said, unit, fate.old),
        )
        session.count(table, said, 1)
        if fate.is_new:
            con.execute(
                f"{insert_sql(table)} SELECT {values}, ? FROM src.experiments s "
                "WHERE s.experiment_id = ?",
                (fate.name, unit, fate.old),
            )


def _learn_ids(session: Session, table: str) -> None:
    """Keep under which ids data sets, inputs and label schemas are in the target already."""
    if table not in _IDS:
        return
    column, name, fates = _IDS[table]
    key = " AND ".join(f"m.{quoted(c)} = n.{quoted(c)}" for c in distinct(carried(table)))
    known = {}
    for place in ("main", "target"):
        where = f" AND {written()}" if place == "main" else ""
        pairs = session.con.execute(
            f"SELECT n.{column}, m.{column} FROM temp.fate_{table} n "
            f"JOIN {place}.{table} m ON {key}{where} WHERE n.fate IN {fates}"
        )
        known.update({old: new for old, new in pairs if old != new})
    session.moves = replace(session.moves, **{name: known})
    if known and table == "label_schemas":
        session.notes.append(
            f"{session.label}: the target has {counted(len(known), 'label schema')} of the same "
            "name and content under another id already: review queues ask that one."
        )


def _require_balance(balance: tuple[Balance, ...]) -> None:
    if lines := unbalanced(balance):
        texts = [f"{line.what}: {line.difference:+,} of {line.found:,}" for line in lines]
        raise IntegrityError(
            f"What was found and what became of it do not add up: {'; '.join(texts)}.",
            remedy="Nothing was changed. Please report it with the output of "
            "'scorewright store audit' of the sources.",
            code="consolidate-unbalanced",
            details={"lines": texts},
        )
