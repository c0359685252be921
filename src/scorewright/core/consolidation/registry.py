"""Registered models of a source, held against those of the target by name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from scorewright.core.consolidation.collisions import Difference
from scorewright.core.plans import Row

__all__ = ["GONE", "AliasFate", "RegistryFate", "VersionFate", "alias_label", "merge_registry"]

#: Stage of versions that were deleted: the number stays taken.
GONE: Final = "Deleted_Internal"
#: Columns that say what a version is.
_ORIGIN: Final = ("run_id", "creation_time")
#: Columns that may be others, where the same version is elsewhere.
_EDITED: Final = frozenset(
    {"name", "version", "last_updated_time", "source", "storage_location", "run_link"}
)
_LONGEST: Final = 256
#: A registered model with this tag is a prompt to MLflow, whatever the tag's value.
_PROMPT: Final = "mlflow.prompt.is_prompt"


@dataclass(frozen=True, slots=True)
class VersionFate:
    """What becomes of a version.

    Attributes:
        name: Of its model, in the source.
        old: Its number in the source.
        new: Its number in the target; None where it has none. One that is ``left`` has a number
            where it was deleted in the source and not in the target.
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
        free: Models, by their names in the source, that the target does not have.
        versions: All of them.
        aliases: All of them.
        notes: Names and numbers that change, aliases that are renamed.
        names: Old name -> new name, of those that change.
    """

    free: frozenset[str]
    versions: tuple[VersionFate, ...]
    aliases: tuple[AliasFate, ...]
    notes: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Work:
    names: Mapping[str, str]
    versions: list[VersionFate] = field(default_factory=list)
    aliases: list[AliasFate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    gone: set[tuple[str, int]] = field(default_factory=set)

    def called(self, name: str) -> str:
        """Return the name in the target."""
        return self.names.get(name, name)


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
    numbers, deleted ones too: what names them must not come to name another. A name that is taken
    by a prompt is not free to a model, nor the other way round: the one that comes gets a longer
    name. An alias that points elsewhere in the target stays there, and the one of the source is
    added under a longer name.

    Args:
        source: ``registered_models``, ``registered_model_tags``, ``model_versions`` and
            ``registered_model_aliases``.
        target: The same of the target, as it will be before this source.
        label: Of the source.
    """
    taken = {str(row["name"]) for row in target["registered_models"]}
    names = [str(row["name"]) for row in source["registered_models"]]
    mine, theirs = _by_name(target["model_versions"]), _by_name(source["model_versions"])
    work = _Work({})
    work.names = _names(source, target, label, work.notes)
    for name in names:
        if work.called(name) in taken:
            _append(name, mine.get(work.called(name), []), theirs.get(name, []), work)
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
        frozenset(name for name in names if work.called(name) not in taken),
        tuple(work.versions),
        tuple(work.aliases),
        tuple(work.notes),
        work.names,
    )


def _names(
    source: Mapping[str, Iterable[Row]],
    target: Mapping[str, Iterable[Row]],
    label: str,
    notes: list[str],
) -> dict[str, str]:
    """Give new names to models that meet a prompt of their name, and to prompts that meet one."""
    made = {str(row["name"]): row["creation_time"] for row in target["registered_models"]}
    mine, theirs = _prompts(target), _prompts(source)
    own = {str(row["name"]) for row in source["registered_models"]}
    found: dict[str, str] = {}
    for row in source["registered_models"]:
        name = str(row["name"])
        is_prompt = name in theirs
        if name not in made or is_prompt == (name in mine):
            continue
        # A second consolidation of one source finds what the first one added.
        same = [
            one
            for one, when in made.items()
            if one.startswith(f"{name}-")
            and one not in own
            and (one in mine) == is_prompt
            and when == row["creation_time"]
        ]
        new = same[0] if len(same) == 1 else _free_name(name, label, made.keys() | own)
        found[name] = new
        kinds = ("prompt", "model") if is_prompt else ("model", "prompt")
        notes.append(
            f"The name '{name}' is that of a {kinds[1]} in the target: the {kinds[0]} of {label} "
            f"is called '{new}' there."
        )
    return found


def _prompts(store: Mapping[str, Iterable[Row]]) -> set[str]:
    return {str(row["name"]) for row in store["registered_model_tags"] if row["key"] == _PROMPT}


def _free_name(name: str, label: str, taken: Collection[str]) -> str:
    """Return a name with nothing new in it that MLflow refuses in a prompt's."""
    return next(new for new in _longer(name, label) if new not in taken)


def _append(name: str, mine: list[Row], theirs: list[Row], work: _Work) -> None:
    following = max([0, *(_number(row) for row in mine)]) + 1
    known = _Known(mine)
    numbers = []
    for row in sorted(theirs, key=_number):
        old = _number(row)
        if row["current_stage"] == GONE:
            work.gone.add((name, old))
        if same := known.claim(row):
            work.versions.append(_met(name, row, same))
            continue
        work.versions.append(VersionFate(name, old, following, "copied"))
        deleted = " (deleted)" if row["current_stage"] == GONE else ""
        numbers.append(f"{old} -> {following}{deleted}")
        following += 1
    if numbers:
        work.notes.append(
            f"Model '{work.called(name)}' is in the target already: its versions get new numbers: "
            f"{', '.join(numbers)}."
        )


class _Known:
    """Versions of the target, each of which is the same as one of the source at most."""

    def __init__(self, mine: list[Row]) -> None:
        self._found: dict[tuple[object, ...], list[Row]] = {}
        self._claimed: set[int] = set()
        # Two versions of one run may be made within one millisecond: the order decides.
        for row in sorted(mine, key=_number):
            made = row["creation_time"] or None
            is_gone = row["current_stage"] == GONE
            keys = [("gone", made)] if is_gone else [("live", *_origin(row)), ("any", made)]
            for key in keys:
                self._found.setdefault(key, []).append(row)

    def claim(self, row: Row) -> Row | None:
        """Return the same version; a deleted one keeps nothing but the moment it was made."""
        made = row["creation_time"] or None
        keys: list[tuple[object, ...]] = [("live", *_origin(row))]
        if row["current_stage"] == GONE:
            keys = [("gone", made), *([("any", made)] if made else [])]
        for one in (one for key in keys for one in self._found.get(key, ())):
            if _number(one) not in self._claimed:
                self._claimed.add(_number(one))
                return one
        return None


def _met(name: str, row: Row, same: Row) -> VersionFate:
    if row["current_stage"] != GONE:
        return _held(name, row, same)
    fate = "duplicate" if same["current_stage"] == GONE else "left"
    return VersionFate(name, _number(row), _number(same), fate)


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
        pointed = (name, _number(row))
        version = None if pointed in work.gone else numbers.get(pointed)
        if version is None:
            work.aliases.append(AliasFate(name, alias, alias, "left", None))
            work.notes.append(
                f"Alias '{alias}' of model '{name}' points at version {row['version']}, which is "
                "not there; it is left."
            )
            continue
        called = work.called(name)
        there = taken.get((called, alias))
        if there == version:
            work.aliases.append(AliasFate(name, alias, alias, "duplicate", version))
            continue
        if there is None:
            taken[called, alias] = version
            work.aliases.append(AliasFate(name, alias, alias, "copied", version))
            continue
        new, fate = _free(called, alias, label, version, taken)
        work.aliases.append(AliasFate(name, alias, new, fate, version))
        if fate == "copied":
            taken[called, new] = version
            work.notes.append(
                f"Alias '{alias}' of model '{called}' stays at version {there} in the target; that "
                f"of {label}, at version {version}, is added as '{new}'."
            )


def _free(
    name: str, alias: str, label: str, version: int, taken: Mapping[tuple[str, str], int]
) -> tuple[str, str]:
    for new in _longer(alias, label):
        there = taken.get((name, new))
        if there is None or there == version:
            return new, "copied" if there is None else "duplicate"
    raise AssertionError  # pragma: no cover - there is always a longer one


def _longer(name: str, label: str) -> Iterator[str]:
    """Give names that end in the label, and then in a number too."""
    for number in count(1):
        ending = f"-{alias_label(label)}" + (f"-{number}" if number > 1 else "")
        yield name[: _LONGEST - len(ending)] + ending


def _by_name(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row["name"]), []).append(row)
    return found


def _number(row: Row) -> int:
    return int(row["version"] or 0)


def _origin(row: Row) -> tuple[object, ...]:
    return tuple(row[column] or None for column in _ORIGIN)
