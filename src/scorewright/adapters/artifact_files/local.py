"""The inventory of a store's artifact files on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from scorewright.adapters.artifact_files.claims import Claim, claims_of
from scorewright.adapters.artifact_files.digests import digest_all
from scorewright.adapters.artifact_files.listing import FoundFile, Lister, is_folder, is_there
from scorewright.adapters.artifact_files.nobodys import find_unclaimed
from scorewright.adapters.artifact_files.places import Places, place_all
from scorewright.core.counting import counted
from scorewright.core.findings import Finding
from scorewright.core.snapshot import FILES, AddressKind, RootRule, Snapshot, SourceKind
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone
from scorewright.flows.store.ports import Inventory

__all__ = ["LocalArtifacts"]

_STAGE = "listing artifacts"
_OFTEN = 100
_MISSING = pl.Schema(
    {name: pl.String() for name in ("owner", "owner_id", "address", "place", "reason")}
)


@dataclass(slots=True)
class _Listed:
    """What was listed so far: a row per file, and folders without links that have an owner."""

    rows: list[tuple[str, str, str, FoundFile]] = field(default_factory=list)
    missing: list[tuple[str, str, str, str | None, str]] = field(default_factory=list)
    owned: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


class LocalArtifacts:
    """Finds, lists and digests the artifact files of a store; see `ArtifactFiles`.

    A file is listed once. Runs and logged models own their folders, the innermost where one lies
    in another; a model version owns only what lies outside of all of them. The folder of a trace
    is the trace's, and what nobody names is nobody's: its ``owner_id`` is the name of its folder,
    which may be the id of a run whose row names another place.

    Links are followed to files in the same folder alone; others are findings, as are files that
    cannot be read (``FILE-003``). Nothing is written.

    Args:
        folder: Where the store lies: the tree, or the folder of the database.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    def inventory(
        self,
        snapshot: Snapshot,
        notify: Notify,
        *,
        rules: Iterable[RootRule] = (),
        hashed: bool = False,
    ) -> Inventory:
        """List the files of runs, logged models and model versions, and those of nobody.

        Args:
            snapshot: The store.
            notify: Told of the progress.
            rules: Where moved roots lie now; further ones are guessed.
            hashed: Read every file for its SHA-256; hard links are read once.
        """
        placed = place_all(claims_of(snapshot), self._folder, rules)
        listed = _Listed()
        self._claimed(placed, listed, notify)
        self._unclaimed(snapshot, placed, listed)
        notify(StageDone(_STAGE, counted(len(listed.rows), "file")))
        digests: dict[str, str] = {}
        if hashed:
            wanted = {found.inode: found for *_, found in listed.rows}
            digests, findings = digest_all(wanted, notify)
            listed.findings += findings
        listed.findings.sort(key=lambda finding: (finding.code, finding.subject))
        missing = pl.DataFrame(listed.missing, schema=_MISSING, orient="row")
        files = _frame(listed.rows, digests)
        return Inventory(files, placed.rules, missing, tuple(listed.findings))

    @staticmethod
    def _claimed(placed: Places, listed: _Listed, notify: Notify) -> None:
        claims = {c: place for c, place in placed.places.items() if c.owner != "experiment"}
        owners: dict[str, tuple[Claim, str]] = {}
        for claim, place in claims.items():
            if place is None or not is_there(place):
                listed.missing.append(_missing(claim, place))
            elif not (claim.owner == "version" and _is_inside(place, owners)):
                # The first of two owners with one folder has it: a run before a model.
                owners.setdefault(os.path.realpath(place), (claim, place))
        listed.owned.update(owners)
        notify(StageStarted(_STAGE, len(owners)))
        for done, (claim, place) in enumerate(owners.values(), start=1):
            _list(claim.owner, claim.owner_id, place, listed)
            if done % _OFTEN == 0 or done == len(owners):
                notify(StepDone(_STAGE, done))

    @staticmethod
    def _unclaimed(snapshot: Snapshot, placed: Places, listed: _Listed) -> None:
        experiments = {
            claim.owner_id: place.rstrip("/")
            for claim, place in placed.places.items()
            if claim.owner == "experiment" and place is not None and is_folder(place)
        }
        is_tree = snapshot.source.kind is SourceKind.FILES
        for found in find_unclaimed(experiments, listed.owned, is_tree=is_tree):
            _list(found.owner, found.owner_id, found.folder, listed)


def _list(owner: str, owner_id: str, place: str, listed: _Listed) -> None:
    lister = Lister(listed.owned)
    folder = place if is_folder(place) else place.rpartition("/")[0]
    listed.rows += [(owner, owner_id, folder, found) for found in lister.files(place)]
    listed.findings += lister.findings


def _is_inside(place: str, owners: dict[str, tuple[Claim, str]]) -> bool:
    """Tell whether a place is a folder that has an owner, or lies in one."""
    real = os.path.realpath(place)
    while real and real not in owners:
        real = real.rpartition("/")[0]
    return bool(real)


def _missing(claim: Claim, place: str | None) -> tuple[str, str, str, str | None, str]:
    if claim.address.kind is AddressKind.REMOTE:
        reason = "remote"
    else:
        reason = "unresolved" if place is None else "absent"
    return claim.owner, claim.owner_id, claim.uri, place, reason


def _frame(rows: list[tuple[str, str, str, FoundFile]], digests: dict[str, str]) -> pl.DataFrame:
    found = [row[3] for row in rows]
    return pl.DataFrame(
        {
            "owner": [row[0] for row in rows],
            "owner_id": [row[1] for row in rows],
            "folder": [row[2] for row in rows],
            "path": [one.path for one in found],
            "size": [one.size for one in found],
            "modified": [one.modified for one in found],
            "inode": [one.inode for one in found],
            "sha256": [digests.get(one.inode) for one in found],
        },
        schema=FILES,
    )
