"""The model registry: few rows, decided one by one."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from scorewright.adapters.store_staging.session import (
    Session,
    insert_sql,
    quoted,
    written,
)
from scorewright.core.consolidation import (
    GONE,
    QUARANTINE,
    REWRITES,
    Carried,
    Difference,
    Moves,
    RegistryFate,
    carried,
    merge_registry,
    rewrite,
)
from scorewright.core.digests import sha256_hex, short
from scorewright.core.plans import RowChange
from scorewright.flows.store.consolidate_ports import Place, Quarantined

__all__ = ["REGISTRY", "decide_registry", "move_registry"]

REGISTRY: Final = (
    "registered_models",
    "registered_model_tags",
    "model_versions",
    "model_version_tags",
    "registered_model_aliases",
)
_UNIT: Final = "registry"
_LONGEST: Final = 200
"""Bytes of a folder's name; file systems allow 255."""
_EXPERIMENTS: Final = "_mlflow_experiment_ids"
#: Where a version is and where it is from: may be edited later, and differs between places.
_WHERE: Final = ("source", "storage_location", "run_link")
_Rows = list[dict[str, Any]]


class _Numbers(Mapping[tuple[str, int], int]):
    """New numbers of versions, which remember the old ones that something named."""

    def __init__(self, numbers: Mapping[tuple[str, int], int]) -> None:
        self._numbers = numbers
        self.kept: set[tuple[str, int]] = set()

    def __getitem__(self, key: tuple[str, int]) -> int:
        if key not in self._numbers:
            self.kept.add(key)
        return self._numbers[key]

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


def decide_registry(session: Session) -> RegistryFate:
    """Give versions their numbers, which other rows may name."""
    source = {name: _read(session, name, "src") for name in REGISTRY}
    target = {
        name: _read(session, name, "target") + _read(session, name, "main") for name in REGISTRY
    }
    fate = merge_registry(source, target, session.label)
    versions = {
        (one.name, one.old): one.new
        for one in fate.versions
        if one.new is not None and one.new != one.old
    }
    session.moves = replace(session.moves, versions=_Numbers(versions), names=fate.names)
    return fate


def move_registry(session: Session, fate: RegistryFate, root: str, own: Iterable[str]) -> None:
    """Write the registry's rows into the payload.

    Args:
        session: With runs and models moved, so that their places are known.
        fate: Of models, versions and aliases.
        root: Below which artifacts go.
        own: Versions with files of their own.
    """
    session.notes += [f"{session.label}: {note}" for note in fate.notes]
    _own_places(session, fate, root, frozenset(own))
    _models(session, fate)
    _model_tags(session)
    kept = _versions(session, fate)
    _note_named(session, kept)
    _version_tags(session, kept)
    _aliases(session, fate)


def _read(session: Session, name: str, place: str) -> _Rows:
    table = carried(name)
    columns = ", ".join(f"m.{quoted(column)}" for column in table.columns)
    where = f"WHERE {written()}" if place == "main" else ""
    order = ", ".join(f"m.{quoted(column)}" for column in table.key)
    return list(
        session.rows(f"SELECT {columns} FROM {place}.{quoted(name)} m {where} ORDER BY {order}")
    )


def _new(session: Session, table: Carried, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with new values."""
    new = dict(row)
    for rule in REWRITES:
        if rule.table == table.name and (rule.when is None or row[rule.when[0]] == rule.when[1]):
            needs = tuple(row[need] for need in rule.needs)
            new[rule.column] = rewrite(rule.kind, row[rule.column], needs, session.moves)
    return new


def _write(session: Session, table: Carried, row: dict[str, Any], fate: str) -> None:
    session.count(table, fate, 1)
    if fate in ("copied", "quarantined"):
        unit = _UNIT if fate == "copied" else QUARANTINE
        marks = ", ".join("?" * (len(table.columns) + 1))
        session.con.execute(f"{insert_sql(table)} VALUES ({marks})", (*row.values(), unit))


def _own_places(session: Session, fate: RegistryFate, root: str, own: frozenset[str]) -> None:
    """Give versions with files of their own a folder, so that addresses below it are known."""
    places = dict(session.moves.places)
    rows = {(row["name"], row["version"]): row for row in _read(session, "model_versions", "src")}
    for one in fate.versions:
        identity = f"{one.name}/{one.old}"
        row = rows[one.name, one.old]
        address = row["storage_location"] or row["source"]
        if identity not in own or not address:
            continue
        is_kept = one.fate in ("copied", "duplicate")
        name = fate.names.get(one.name, one.name)
        folder = f"{root}/versions/{_folder(name)}/{one.new}" if is_kept else ""
        session.places["version", identity] = Place(one.fate, folder, _UNIT)
        if folder:
            places.setdefault(session.moves.place_key(address), folder)
    session.moves = replace(session.moves, places=places)


def _folder(name: str) -> str:
    """Return a model's name as a folder; one that no folder can have is told by its digest."""
    parts = name.split("/")
    is_fit = all(part.strip(".") and len(part.encode()) <= _LONGEST for part in parts)
    # MLflow takes "%20" in a folder for a blank.
    is_plain = name.isprintable() and "\\" not in name and "%" not in name
    return name if is_fit and is_plain else f"model-{short(sha256_hex(name.encode()))}"


def _models(session: Session, fate: RegistryFate) -> None:
    table = carried("registered_models")
    there = {
        row["name"]: row
        for place in ("target", "main")
        for row in _read(session, table.name, place)
    }
    for old in _read(session, table.name, "src"):
        row = _new(session, table, old)
        if old["name"] in fate.free:
            _write(session, table, row, "copied")
            continue
        mine = there[row["name"]]
        if (mine["description"] or "") != (row["description"] or ""):
            session.notes.append(
                f"{session.label}: the description of model '{row['name']}' stays that of the "
                f"target; the source says: {row['description']}"
            )
        is_same = all(mine[c] == row[c] for c in table.columns)
        _write(session, table, row, "duplicate" if is_same else "merged")


def _model_tags(session: Session) -> None:
    table = carried("registered_model_tags")
    there = {
        (row["name"], row["key"]): (row, place)
        for place in ("target", "main")
        for row in _read(session, table.name, place)
    }
    names = {row["name"] for row in _read(session, "registered_models", "src")}
    lost = 0
    for old in _read(session, table.name, "src"):
        row = _new(session, table, old)
        known = there.get((row["name"], row["key"]))
        if old["name"] not in names:
            lost += 1
            _write(session, table, row, "left")
        elif known is None:
            _write(session, table, row, "copied")
        elif known[0]["value"] == row["value"]:
            _write(session, table, row, "duplicate")
        elif row["key"] == _EXPERIMENTS:
            _join_experiments(session, table, known, row)
        else:
            _write(session, table, row, "quarantined")
            _quarantine(
                session, table, row, (Difference("value", known[0]["value"], row["value"]),)
            )
    _note_left(session, table, lost, "point at nothing and are left")


def _note_left(session: Session, table: Carried, rows: int, why: str) -> None:
    if rows:
        session.notes.append(f"{session.label}: {rows:,} rows of '{table.name}' {why}.")


def _join_experiments(
    session: Session, table: Carried, known: tuple[dict[str, Any], str], row: dict[str, Any]
) -> None:
    """Name the experiments of both: prompts are found by them."""
    mine, place = known
    parts = [part for text in (mine["value"], row["value"]) for part in text.split(",") if part]
    value = f",{','.join(dict.fromkeys(parts))},"
    if value == mine["value"]:
        _write(session, table, row, "duplicate")
        return
    _write(session, table, row, "merged")
    key = {column: row[column] for column in table.key}
    if place == "target":
        earlier = session.changes.earlier(_UNIT, table.name, key)
        if earlier is not None:
            text = str((earlier.after or {})["value"])
            parts = [*[part for part in text.split(",") if part], *parts]
            value = f",{','.join(dict.fromkeys(parts))},"
        changed = RowChange(table.name, key, {"value": mine["value"]}, {"value": value})
        session.changes.put(_UNIT, changed)
        return
    where = " AND ".join(f"{quoted(column)} = ?" for column in key)
    session.con.execute(
        f"UPDATE main.{quoted(table.name)} AS m SET value = ? WHERE {where} AND {written()}",
        (value, *key.values()),
    )


def _versions(session: Session, fate: RegistryFate) -> dict[tuple[str, int], str]:
    table = carried("model_versions")
    rows = {(row["name"], row["version"]): row for row in _read(session, table.name, "src")}
    there = _known_versions(session)
    kept = {}
    for one in fate.versions:
        old = rows[one.name, one.old]
        row = _new(session, table, old)
        _write(session, table, row, one.fate)
        kept[one.name, one.old] = one.fate
        if one.fate in ("duplicate", "quarantined"):
            _note_where(session, there[row["name"], one.new], old, row)
        if one.differences:
            _quarantine(session, table, row, one.differences)
        if one.fate == "left":
            what = "was deleted" if old["current_stage"] == GONE else "belongs to no model"
            what += f" there, is version {one.new} in the target," if one.new else ""
            session.notes.append(
                f"{session.label}: version {one.old} of '{one.name}' {what} and is left."
            )
        elif one.fate == "copied" and _is_lost(old, row):
            session.notes.append(
                f"{session.label}: version {one.old} of '{one.name}' keeps its source "
                f"{old['source']}: it lies below no run and no model that arrives."
            )
    return kept


def _known_versions(session: Session) -> dict[tuple[str, int | None], dict[str, Any]]:
    return {
        (row["name"], row["version"]): row
        for place in ("target", "main")
        for row in _read(session, "model_versions", place)
    }


def _note_where(
    session: Session, mine: dict[str, Any], old: dict[str, Any], new: dict[str, Any]
) -> None:
    """Say where the same version is elsewhere in the source: the target keeps its own words."""
    found: dict[tuple[str, str], list[str]] = {}
    for column in _WHERE:
        here, there = str(mine[column] or ""), str(new[column] or "")
        is_one = Moves.place_key(here) == Moves.place_key(there)
        if not is_one and here != (old[column] or ""):
            found.setdefault((here, there), []).append(column)
    for (here, there), columns in found.items():
        session.notes.append(
            f"{session.label}: version {mine['version']} of '{mine['name']}' keeps its "
            f"{' and '.join(columns)} of the target, {here or 'none'}; the source says: "
            f"{there or 'none'}"
        )


def _note_named(session: Session, kept: Mapping[tuple[str, int], str]) -> None:
    """Say which versions are named and have no row: the target's of that number is meant now."""
    numbers = session.moves.versions
    named = numbers.kept if isinstance(numbers, _Numbers) else set()
    there = _known_versions(session)
    found: dict[str, list[int]] = {}
    for name, number in sorted(named - kept.keys()):
        called = session.moves.names.get(name, name)
        if (called, number) in there:
            found.setdefault(called, []).append(number)
    for name, missing in found.items():
        session.notes.append(
            f"{session.label}: runs, traces or models name versions of '{name}' that the source "
            "does not have: those of the target with these numbers are meant now "
            f"({', '.join(map(str, missing))})."
        )


def _is_lost(old: dict[str, Any], row: dict[str, Any]) -> bool:
    source = str(old["source"] or "")
    is_address = source.startswith(("/", "file:", "mlflow-artifacts:", ".")) or "\\" in source
    return is_address and row["source"] == source


def _version_tags(session: Session, kept: dict[tuple[str, int], str]) -> None:
    table = carried("model_version_tags")
    there = {
        (row["name"], row["version"], row["key"]): row
        for place in ("target", "main")
        for row in _read(session, table.name, place)
    }
    lost = behind = 0
    for old in _read(session, table.name, "src"):
        row = _new(session, table, old)
        identity = old["name"], old["version"]
        fate = kept.get(identity, "left")
        lost += identity not in kept
        behind += kept.get(identity) == "left"
        known = there.get((row["name"], row["version"], row["key"]))
        if fate in ("copied", "left"):
            _write(session, table, row, fate)
        elif known is None:
            _write(session, table, row, "copied")
        elif known["value"] == row["value"]:
            _write(session, table, row, "duplicate")
        else:
            _write(session, table, row, "quarantined")
            _quarantine(session, table, row, (Difference("value", known["value"], row["value"]),))
    _note_left(session, table, lost, "point at nothing and are left")
    _note_left(session, table, behind, "are left with their versions")


def _aliases(session: Session, fate: RegistryFate) -> None:
    table = carried("registered_model_aliases")
    rows = {(row["name"], row["alias"]): row for row in _read(session, table.name, "src")}
    for one in fate.aliases:
        row = {**_new(session, table, rows[one.name, one.old]), "alias": one.new}
        if one.version is not None:
            row["version"] = one.version
        _write(session, table, row, one.fate)


def _quarantine(
    session: Session, table: Carried, row: dict[str, Any], differences: tuple[Difference, ...]
) -> None:
    identity = "/".join(str(row[column]) for column in table.key if column != "workspace")
    session.quarantined.append(Quarantined(table.name, identity, session.label, differences))
