"""The artifact files of a consolidation: which are copied, and which are there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from scorewright.core.counting import counted
from scorewright.core.plans import Balance, FileChange
from scorewright.core.snapshot import AddressKind, parse_address
from scorewright.flows.store.consolidate_ports import Merged, Owner, Place, Stage
from scorewright.flows.store.ports import Inventory

__all__ = ["PlannedFiles", "plan_files"]

_EXAMPLES: Final = 5
_FATES: Final = ("copied", "merged", "duplicate", "quarantined", "left")
_OWNERS: Final = {"run": "run", "model": "logged model", "version": "version"}


@dataclass(slots=True)
class PlannedFiles:
    """What is to be copied.

    Attributes:
        changes: Unit -> files.
        counts: Fate -> files.
        copies: Bytes.
        notes: What is not there, or left.
    """

    changes: dict[str, list[FileChange]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    copies: int = 0
    notes: list[str] = field(default_factory=list)

    def balance(self) -> Balance:
        """Return the line of the balance."""
        fates = {fate: self.counts[fate] for fate in _FATES}
        return Balance("artifact files", self.counts["found"], **fates)


def plan_files(
    stages: tuple[Stage, ...],
    inventories: tuple[Inventory, ...],
    merged: Merged,
    digest: Callable[[str], str | None],
) -> PlannedFiles:
    """Decide about every file of the sources.

    Args:
        stages: The sources.
        inventories: Their files, with digests.
        merged: Where the artifacts of runs, models, versions and traces go.
        digest: SHA-256 of a file, None where there is none.
    """
    planned = PlannedFiles()
    known: dict[str, str | None] = {}
    for stage, inventory, places in zip(stages, inventories, merged.places, strict=True):
        _of_one(stage, inventory, places, planned, _Disk(digest, known))
    return planned


@dataclass(frozen=True, slots=True)
class _Disk:
    """What lies or will lie at a path."""

    digest: Callable[[str], str | None]
    known: dict[str, str | None]

    def at(self, path: str) -> str | None:
        if path not in self.known:
            self.known[path] = self.digest(path)
        return self.known[path]


def _of_one(
    stage: Stage,
    inventory: Inventory,
    places: Mapping[Owner, Place],
    planned: PlannedFiles,
    disk: _Disk,
) -> None:
    left: Counter[str] = Counter()
    columns = ("owner", "owner_id", "folder", "path", "size", "sha256")
    for owner, owner_id, folder, path, size, sha256 in inventory.files.select(columns).iter_rows():
        planned.counts["found"] += 1
        place = places.get((owner, owner_id))
        reason, target = _target(place, path, sha256)
        if place is None or not target:
            fate = "quarantined" if reason == "quarantined" else "left"
            planned.counts[fate] += 1
            left[reason] += 1
            continue
        there = disk.at(target)
        if there is not None:
            is_same = there == sha256
            planned.counts["duplicate" if is_same else "quarantined"] += 1
            if not is_same:
                left["another file is there already"] += 1
            continue
        disk.known[target] = sha256
        fate = "merged" if place.fate == "merged" else "copied"
        planned.counts[fate] += 1
        planned.copies += size
        change = FileChange(target, None, sha256, size, f"{folder}/{path}")
        planned.changes.setdefault(place.unit, []).append(change)
    for reason, files in sorted(left.items()):
        planned.notes.append(
            f"{stage.label}: {counted(files, 'artifact file')} not copied: {reason}."
        )
    planned.notes += _missing(stage, inventory)
    planned.notes += _links(stage, inventory)


def _target(place: Place | None, path: str, sha256: str | None) -> tuple[str, str]:
    """Return why a file is left, and where it goes."""
    if place is None:
        return "nothing in the store owns them", ""
    if place.fate == "quarantined":
        return "quarantined", ""
    if place.fate == "left":
        return "what owns them is left", ""
    address = parse_address(place.address)
    if address.kind not in (AddressKind.POSIX, AddressKind.WINDOWS):
        return f"their place is no folder of this machine ({place.address})", ""
    target = f"{address.path}/{path}"
    if ".." in target.split("/"):
        return "their place would lie outside the artifacts of the target", ""
    return ("they cannot be read", "") if sha256 is None else ("", target)


def _links(stage: Stage, inventory: Inventory) -> list[str]:
    """Say which links were not followed: they are no files, and the balance does not know them."""
    found = [one.subject for one in inventory.findings if "target" in one.evidence]
    if not found:
        return []
    shown = ", ".join(found[:_EXAMPLES]) + (" ..." if len(found) > _EXAMPLES else "")
    links = counted(len(found), "link")
    text = f"{stage.label}: {links} to folders or out of the artifacts not followed"
    return [f"{text}: what lies there is not copied ({shown})."]


def _missing(stage: Stage, inventory: Inventory) -> list[str]:
    """Say whose artifacts are lost: the rows arrive all the same."""
    found: dict[tuple[str, str], list[str]] = {}
    rows = inventory.missing.select("owner", "owner_id", "reason").iter_rows()
    for owner, owner_id, reason in rows:
        found.setdefault((owner, reason), []).append(owner_id)
    notes = []
    for (owner, reason), ids in sorted(found.items()):
        if owner not in _OWNERS:
            continue
        shown = ", ".join(ids[:_EXAMPLES]) + (" ..." if len(ids) > _EXAMPLES else "")
        what = {
            "absent": "without an artifact folder: there is nothing to copy",
            "unresolved": "at a place that no rule reaches: nothing is copied; "
            "name the place with a root rule",
        }.get(reason, "with artifacts in another system: they stay there")
        notes.append(f"{stage.label}: {counted(len(ids), _OWNERS[owner])} {what} ({shown}).")
    return notes
