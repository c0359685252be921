"""Registered models of a source, held against those of the target by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from scorewright.core.consolidation.collisions import Difference
from scorewright.core.plans import Row

__all__ = ["GONE", "AliasFate", "RegistryFate", "VersionFate", "alias_label", "merge_registry"]

#: Stage of versions that were deleted: the number stays taken.
GONE: Final = "Deleted_Internal"
#: Columns that say what a version is; the others may be edited later.
_ORIGIN: Final = ("run_id", "creation_time")
_EDITED: Final = frozenset(
    {"version", "last_updated_time", "source", "storage_location", "run_link"}
)
_LONGEST: Final = 256


@dataclass(frozen=True, slots=True)
class VersionFate:
    """What becomes of a version.

    Attributes:
        name: Of its model.
        old: Its number in the source.
        new: Its number in the target; None where it has none.
        fate: ``copied``, ``duplicate``, ``quarantined`` or ``left``.
        differences: Fields of a conflict.
    """

    name: str
    old: int
    new: int | None
    fate: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class AliasFate:
    """What becomes of an alias; ``new`` is what it is called in the target."""

    name: str
    old: str
    new: str
    fate: str
    version: int | None


@dataclass(frozen=True, slots=True)
class RegistryFate:
    """What becomes of registered models.

    Attributes:
        free: Names that the target does not have.
        versions: All of them.
        aliases: All of them.
        notes: Numbers that change, aliases that are renamed.
    """

    free: frozenset[str]
    versions: tuple[VersionFate, ...]
    aliases: tuple[AliasFate, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Work:
    versions: list[VersionFate] = field(default_factory=list)
    aliases: list[AliasFate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def alias_label(label: str) -> str:
    """Return a label with nothing in it that MLflow refuses in an alias."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", label).strip("-") or "source"


def merge_registry(
    source: Mapping[str, Iterable[Row]],
    target: Mapping[str, Iterable[Row]],
    label: str,
) -> RegistryFate:
    """Decide about models, versions and aliases.

    A model whose name is free keeps its numbers, with the holes that deleted versions left. Where
    the name is taken, versions of one run and moment are the same; the others follow under new
    numbers, and deleted ones are left. An alias that points elsewhere in the target stays there,
    and the one of the source is added under a longer name.

    Args:
        source: ``registered_models``, ``model_versions`` and ``registered_model_aliases``.
        target: The same of the target, as it will be before this source.
        label: Of the source.
    """
    taken = {str(row["name"]) for row in target["registered_models"]}
    names = [str(row["name"]) for row in source["registered_models"]]
    mine, theirs = _by_name(target["model_versions"]), _by_name(source["model_versions"])
    work = _Work()
    for name in names:
        if name in taken:
            _append(name, mine.get(name, []), theirs.get(name, []), work)
        else:
            work.versions += [
                VersionFate(name, _number(row), _number(row), "copied")
                for row in theirs.get(name, [])
            ]
    work.versions += [
        VersionFate(name, _number(row), None, "left")
        for name in theirs.keys() - set(names)
        for row in theirs[name]
    ]
    _aliases(source["registered_model_aliases"], target["registered_model_aliases"], label, work)
    return RegistryFate(
        frozenset(names) - taken, tuple(work.versions), tuple(work.aliases), tuple(work.notes)
    )


def _append(name: str, mine: list[Row], theirs: list[Row], work: _Work) -> None:
    following = max([0, *(_number(row) for row in mine)]) + 1
    # Two versions of one run may be made within one millisecond: the order decides.
    known: dict[tuple[object, ...], list[Row]] = {}
    for row in sorted(mine, key=_number):
        if row["current_stage"] != GONE:
            known.setdefault(_origin(row), []).append(row)
    numbers = []
    for row in sorted(theirs, key=_number):
        old = _number(row)
        if row["current_stage"] == GONE:
            work.versions.append(_gone(name, row, mine))
            continue
        if same := known.get(_origin(row)):
            work.versions.append(_held(name, row, same.pop(0)))
            continue
        work.versions.append(VersionFate(name, old, following, "copied"))
        numbers.append(f"{old} -> {following}")
        following += 1
    if numbers:
        work.notes.append(
            f"Model '{name}' is in the target already: its versions get new numbers: "
            f"{', '.join(numbers)}."
        )


def _gone(name: str, row: Row, mine: list[Row]) -> VersionFate:
    """A deleted version says only that its number is taken, which it is or need not be."""
    old = _number(row)
    if any(_number(one) == old and _same_gone(one, row) for one in mine):
        return VersionFate(name, old, old, "duplicate")
    return VersionFate(name, old, None, "left")


def _same_gone(one: Row, row: Row) -> bool:
    return one["current_stage"] == GONE and one["creation_time"] == row["creation_time"]


def _held(name: str, row: Row, same: Row) -> VersionFate:
    differences = tuple(
        Difference(column, same[column], value)
        for column, value in row.items()
        if column not in _EDITED and (same[column] or None) != (value or None)
    )
    fate = "quarantined" if differences else "duplicate"
    return VersionFate(name, _number(row), _number(same), fate, differences)


def _aliases(theirs: Iterable[Row], mine: Iterable[Row], label: str, work: _Work) -> None:
    taken = {(str(row["name"]), str(row["alias"])): _number(row) for row in mine}
    numbers = {(one.name, one.old): one.new for one in work.versions}
    for row in theirs:
        name, alias = str(row["name"]), str(row["alias"])
        version = numbers.get((name, _number(row)))
        if version is None:
            work.aliases.append(AliasFate(name, alias, alias, "left", None))
            work.notes.append(
                f"Alias '{alias}' of model '{name}' points at version {row['version']}, which is "
                "not there; it is left."
            )
            continue
        there = taken.get((name, alias))
        if there == version:
            work.aliases.append(AliasFate(name, alias, alias, "duplicate", version))
            continue
        if there is None:
            taken[name, alias] = version
            work.aliases.append(AliasFate(name, alias, alias, "copied", version))
            continue
        new, fate = _free(name, alias, label, version, taken)
        work.aliases.append(AliasFate(name, alias, new, fate, version))
        if fate == "copied":
            taken[name, new] = version
            work.notes.append(
                f"Alias '{alias}' of model '{name}' stays at version {there} in the target; that "
                f"of {label}, at version {version}, is added as '{new}'."
            )


def _free(
    name: str, alias: str, label: str, version: int, taken: Mapping[tuple[str, str], int]
) -> tuple[str, str]:
    number = 1
    while True:
        ending = f"-{alias_label(label)}" + (f"-{number}" if number > 1 else "")
        new = alias[: _LONGEST - len(ending)] + ending
        there = taken.get((name, new))
        if there is None or there == version:
            return new, "copied" if there is None else "duplicate"
        number += 1


def _by_name(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row["name"]), []).append(row)
    return found


def _number(row: Row) -> int:
    return int(row["version"] or 0)


def _origin(row: Row) -> tuple[object, ...]:
    return tuple(row[column] or None for column in _ORIGIN)
