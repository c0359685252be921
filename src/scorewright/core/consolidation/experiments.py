"""Which experiment of a source becomes which experiment of the target."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["DEFAULT", "Experiment", "ExperimentFate", "SameName", "map_experiments"]

SameName = Literal["merge", "suffix"]
#: MLflow's own experiment: always number 0.
DEFAULT: Final = "Default"
_LONGEST: Final = 256


@dataclass(frozen=True, slots=True)
class Experiment:
    """What decides about an experiment.

    Attributes:
        id: Of its store.
        name: Unique in a database, not in a tree.
        is_deleted: Softly.
    """

    id: int
    name: str
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class ExperimentFate:
    """What becomes of an experiment.

    Attributes:
        old: Id in the source.
        new: Id in the target.
        name: In the target.
        is_new: False where its runs join an experiment that is there.
        note: What a reader should know; "" for nothing.
    """

    old: int
    new: int
    name: str
    is_new: bool
    note: str = ""


def map_experiments(
    source: Iterable[Experiment],
    target: Iterable[Experiment],
    rule: SameName,
    label: str,
    homes: Mapping[int, Collection[int]] | None = None,
) -> tuple[ExperimentFate, ...]:
    """Give every experiment of a source its place in the target.

    "Default" goes to 0, whatever its id. A free name gets the next number. A name that is taken
    merges or gets a suffix by rule; experiments of which one alone is deleted are never merged, for
    its runs would come back or vanish with it.

    Args:
        source: In the order of the source.
        target: As it will be before this source.
        rule: For names that are taken.
        label: Of the source, for suffixes.
        homes: Source experiment -> target experiments that have runs of it already; makes a second
            consolidation of one source come out as the first.
    """
    source = tuple(source)
    known = {one.name: one for one in target}
    own = {one.name for one in source}
    ids = {one.id: one for one in known.values()}
    following = max([0, *ids]) + 1
    fates = []
    for one in source:
        name = one.name or _made_up(one.id, label, own)
        if name == DEFAULT:
            fates.append(ExperimentFate(one.id, 0, DEFAULT, is_new=False))
            continue
        same = known.get(name)
        home = _home(name, (homes or {}).get(one.id, ()), ids)
        note = "" if one.name else _unnamed(one.id, label, name, home or same)
        if home is not None:
            fates.append(ExperimentFate(one.id, home.id, home.name, is_new=False, note=note))
            continue
        if same is not None and rule == "merge" and same.is_deleted == one.is_deleted:
            fates.append(ExperimentFate(one.id, same.id, name, is_new=False, note=note))
            continue
        if same is not None:
            free = _free(name, label, known.keys() | own)
            why = "" if rule == "suffix" else "; one of them is deleted, the other is not"
            note = f"The name '{name}' is taken in the target{why}: it becomes '{free}'."
            name = free
        known[name] = ids[following] = Experiment(following, name, one.is_deleted)
        fates.append(ExperimentFate(one.id, following, name, is_new=True, note=note))
        following += 1
    return tuple(fates)


def _made_up(number: int, label: str, own: Collection[str]) -> str:
    """Return a name for an experiment without one; never that of another of its source."""
    name = f"experiment {number}"
    return _free(name, label, own) if name in own else name


def _unnamed(number: int, label: str, name: str, joined: Experiment | None) -> str:
    what = f"becomes '{name}'" if joined is None else f"joins '{joined.name}'"
    return f"Experiment {number} of {label} has no name; it {what}."


def _home(name: str, homes: Collection[int], ids: Mapping[int, Experiment]) -> Experiment | None:
    """Return the experiment that has runs of this one already, under its name or near it."""
    found = [ids[home] for home in homes if home in ids]
    near = [one for one in found if one.name == name or one.name.startswith(f"{name} (")]
    return near[0] if len(near) == 1 else None


def _free(name: str, label: str, taken: Collection[str]) -> str:
    number = 1
    while True:
        ending = f" ({label})" if number == 1 else f" ({label} {number})"
        free = name[: _LONGEST - len(ending)] + ending
        if free not in taken:
            return free
        number += 1
