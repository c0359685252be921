"""Where the folders of a store that may have been moved lie on this machine."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from scorewright.adapters.artifact_files.claims import Claim
from scorewright.adapters.artifact_files.disk import Disk
from scorewright.adapters.artifact_files.listing import is_there
from scorewright.adapters.artifact_files.search import find_folders
from scorewright.core.snapshot import Address, AddressKind, RootRule, resolve, suggest_rules

__all__ = ["Places", "place_all"]

_FULL = 2
#: "", "home": a folder of the machine, not of a store.
_SHALLOW = 2


@dataclass(frozen=True, slots=True)
class Places:
    """Where claims lie.

    Attributes:
        rules: Those given, then those guessed.
        places: Claim -> absolute path, whether anything is there or not; None where unknown.
    """

    rules: tuple[RootRule, ...]
    places: dict[Claim, str | None]


def place_all(
    claims: Iterable[Claim], folder: Path, given: Iterable[RootRule], disk: Disk
) -> Places:
    """Find the places of claims.

    A rule that was given decides. Without one, an absolute path that is there stands for itself.
    What remains is looked for: relative paths in the store's folder and in its parent, those below
    a server's root in ``mlartifacts`` and ``mlruns`` beside the store and in it, and all of them by
    the ids of runs and models that name folders there. What was found again votes for rules, and
    these place the rest.

    Args:
        claims: What the store says.
        folder: The store's folder.
        given: Rules of a person.
        disk: Says what is there.
    """
    rules = tuple(given)
    places = {claim: _settled(claim, rules, disk) for claim in claims}
    lost = [
        claim
        for claim, place in places.items()
        if place is None and claim.uri and claim.address.kind is not AddressKind.REMOTE
    ]
    near = _near(lost, folder, is_alone=all(place is None for place in places.values()))
    # Those that stand for themselves speak too: no rule may lead them away.
    votes = {claim: place for claim, place in places.items() if place == claim.address.path}
    votes |= {claim: place for claim, place in near.items() if _content(place) == _FULL}
    guessed = _guessed(votes, rules)
    # Empty folders speak where nothing else does, but not against a root that is there: a run
    # without files has no folder in it, and a store that was copied from may still have one.
    near = {c: place for c, place in near.items() if _content(place) == _FULL or not _is_home(c)}
    for claim, place in near.items():
        if resolve(claim.address, guessed) in (None, claim.address.path):
            votes.setdefault(claim, place)
    guessed = _guessed(votes, rules)
    for claim in lost:
        places[claim] = resolve(claim.address, (*rules, *guessed))
        if claim in near and _content(places[claim]) < _content(near[claim]):
            places[claim] = near[claim]
    # The store's folder and those above it are nobody's artifact folder.
    above = {str(path) for path in (folder, *folder.parents)}
    safe = {
        claim: None if place is not None and os.path.normpath(place) in above else place
        for claim, place in places.items()
    }
    return Places((*rules, *guessed), safe)


def _settled(claim: Claim, rules: tuple[RootRule, ...], disk: Disk) -> str | None:
    """Return a place that needs no guess."""
    if not claim.uri:
        return None
    plain = resolve(claim.address, ())
    place = resolve(claim.address, rules) if rules else plain
    is_kept = place is not None and (place != plain or disk.real(place) is not None)
    return place if is_kept else None


def _near(lost: list[Claim], folder: Path, *, is_alone: bool) -> dict[Claim, str]:
    """Find claims near the store; a place where the very folder is there is preferred."""
    if not lost:
        return {}
    found = {claim: place for claim in lost if (place := _beside(claim.address, folder))}
    wanted: dict[str, list[tuple[Claim, str]]] = defaultdict(list)
    for claim in lost:
        index = claim.id_folder()
        if claim not in found and index is not None:
            parts = claim.address.path.split("/")
            wanted[parts[index]].append((claim, "/".join(parts[index + 1 :])))
    by_id = _best(find_folders(folder, wanted.keys()), wanted)
    if is_alone and not any(
        _content(place) == _FULL for place in (*found.values(), *by_id.values())
    ):
        by_id |= _best(find_folders(folder, wanted.keys(), is_wide=True), wanted)
    return by_id | found


def _best(
    folders: Iterable[tuple[str, str]], wanted: Mapping[str, list[tuple[Claim, str]]]
) -> dict[Claim, str]:
    """Choose the likeliest of the places that folders of ids stand for."""
    found: dict[Claim, str] = {}
    likeness: dict[Claim, tuple[int, int]] = {}
    empty = {claim for claims in wanted.values() for claim, _ in claims}
    for name, place in folders:
        for claim, rest in wanted[name]:
            here = f"{place}/{rest}" if rest else place
            like = _likeness(claim.address.path, here)
            if claim not in found or like > likeness[claim]:
                found[claim], likeness[claim] = here, like
                if like[0] == _FULL:
                    empty.discard(claim)
        if not empty:
            break
    return found


def _likeness(path: str, place: str) -> tuple[int, int]:
    """Tell how much speaks for a place: that it holds something, and how alike both end.

    A tree has an empty folder for the artifacts of a run even where they are kept elsewhere.
    """
    ends = zip(reversed(path.split("/")), reversed(place.split("/")), strict=False)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends))
    return _content(place), alike


def _content(place: str | None) -> int:
    """Return 0 where nothing is, 1 for an empty folder, `_FULL` for anything more."""
    if place is None:
        return 0
    try:
        with os.scandir(place) as found:
            return 1 + any(True for _ in found)
    except (NotADirectoryError, PermissionError):
        return _FULL
    except OSError:
        return 0


def _is_home(claim: Claim) -> bool:
    """Tell whether the folder with the experiments is there, where an address says."""
    index = claim.id_folder()
    if claim.address.kind is not AddressKind.POSIX:
        return False
    parts = claim.address.path.split("/")
    root = parts[:-1] if index is None else parts[: index - 1]
    return len(root) > _SHALLOW and is_there("/".join(root))


def _beside(address: Address, folder: Path) -> str | None:
    """Return the place of an address without a root, where something is there."""
    match address.kind:
        case AddressKind.RELATIVE:
            roots = [folder, folder.parent]
        case AddressKind.PROXIED:
            homes = (folder.parent, folder)
            roots = [home / name for home in homes for name in ("mlartifacts", "mlruns")]
            roots.append(folder)
        case _:
            return None
    places = [f"{root.as_posix().rstrip('/')}/{address.path}" for root in roots]
    return next((place for place in places if is_there(place)), None)


def _guessed(
    votes: Mapping[Claim, str | None], given: tuple[RootRule, ...]
) -> tuple[RootRule, ...]:
    by_place: dict[str, list[Address]] = defaultdict(list)
    for claim, place in votes.items():
        if place is not None:
            by_place[place].append(claim.address)
    taken = {rule.old for rule in given}
    guessed = []
    for rule in suggest_rules(by_place):
        # Of two with one old root the second would never decide.
        if rule.old not in taken:
            taken.add(rule.old)
            guessed.append(rule)
    return tuple(guessed)
