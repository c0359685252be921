"""The inventory of a store's artifact files on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from scorewright.adapters.artifact_files.claims import Claim, claims_of
from scorewright.adapters.artifact_files.digests import digest_all
from scorewright.adapters.artifact_files.disk import Disk
from scorewright.adapters.artifact_files.listing import FileList, Lister, is_folder
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
_OWNERS = pl.Schema(
    {"owner": pl.String(), "owner_id": pl.String(), "folder": pl.String(), "files": pl.Int64()}
)
_MISSING = pl.Schema(
    {name: pl.String() for name in ("owner", "owner_id", "address", "place", "reason")}
)


@dataclass(slots=True)
class _Listed:
    """What was listed so far: files by owner, and folders without links that have an owner."""

    files: FileList
    owners: list[tuple[str, str, str, int]] = field(default_factory=list)
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
        disk = Disk()
        placed = place_all(claims_of(snapshot), self._folder, rules, disk)
        listed = _Listed(FileList(is_placed=hashed))
        _list_claimed(placed, listed, disk, notify)
        _list_unclaimed(snapshot, placed, listed, disk)
        notify(StageDone(_STAGE, counted(len(listed.files.paths), "file")))
        files = _frame(listed)
        if hashed:
            digests, findings = digest_all(_wanted(files, listed.files.places), notify)
            listed.findings += findings
            found = pl.DataFrame(
                {"inode": list(digests), "sha256": list(digests.values())},
                schema={"inode": pl.String, "sha256": pl.String},
            )
            files = files.drop("sha256").join(found, on="inode", how="left", maintain_order="left")
        listed.findings.sort(key=lambda finding: (finding.code, finding.subject))
        missing = pl.DataFrame(listed.missing, schema=_MISSING, orient="row")
        return Inventory(files, placed.rules, missing, tuple(listed.findings))


def _list_claimed(placed: Places, listed: _Listed, disk: Disk, notify: Notify) -> None:
    owners: dict[str, tuple[Claim, str]] = {}
    for claim, place in placed.places.items():
        if claim.owner == "experiment":
            continue
        real = None if place is None else disk.real(place)
        if place is None or real is None:
            listed.missing.append(_missing(claim, place))
        elif not (claim.owner == "version" and _is_inside(real, owners)):
            # The first of two owners with one folder has it: a run before a model.
            owners.setdefault(real, (claim, place))
    listed.owned.update(owners)
    notify(StageStarted(_STAGE, len(owners)))
    lister = Lister(listed.owned, listed.files)
    for done, (real, (claim, place)) in enumerate(owners.items(), start=1):
        _list(claim.owner, claim.owner_id, place, real, lister, listed)
        if done % _OFTEN == 0 or done == len(owners):
            notify(StepDone(_STAGE, done))
    listed.findings += lister.findings


def _list_unclaimed(snapshot: Snapshot, placed: Places, listed: _Listed, disk: Disk) -> None:
    experiments = {
        claim.owner_id: place.rstrip("/")
        for claim, place in placed.places.items()
        if claim.owner == "experiment" and place is not None and is_folder(place)
    }
    is_tree = snapshot.source.kind is SourceKind.FILES
    lister = Lister(listed.owned, listed.files)
    for found in find_unclaimed(experiments, listed.owned, disk, is_tree=is_tree):
        _list(found.owner, found.owner_id, found.folder, found.real, lister, listed)
    listed.findings += lister.findings


def _list(
    owner: str, owner_id: str, place: str, real: str, lister: Lister, listed: _Listed
) -> None:
    before = len(listed.files.paths)
    folder = place if lister.walk(place, real) else place.rpartition("/")[0]
    if count := len(listed.files.paths) - before:
        listed.owners.append((owner, owner_id, folder, count))


def _is_inside(real: str, owners: dict[str, tuple[Claim, str]]) -> bool:
    """Tell whether a place without links is a folder that has an owner, or lies in one."""
    while real and real not in owners:
        real = real.rpartition("/")[0]
    return bool(real)


def _missing(claim: Claim, place: str | None) -> tuple[str, str, str, str | None, str]:
    if claim.address.kind is AddressKind.REMOTE:
        reason = "remote"
    else:
        reason = "unresolved" if place is None else "absent"
    return claim.owner, claim.owner_id, claim.uri, place, reason


def _frame(listed: _Listed) -> pl.DataFrame:
    """Return the files as a table; a text that stands in many rows is kept once."""
    files = listed.files
    owners = pl.DataFrame(listed.owners, schema=_OWNERS, orient="row")
    numbers = {
        "size": pl.Series(np.frombuffer(files.sizes, np.int64)),
        "modified": pl.Series(np.frombuffer(files.modified, np.int64)),
        "device": pl.Series(np.frombuffer(files.devices, np.uint64)),
        "inode": pl.Series(np.frombuffer(files.inodes, np.uint64)),
    }
    places = pl.Series(np.repeat(np.arange(owners.height), owners["files"].to_numpy()))
    return (
        pl.DataFrame({"path": pl.Series(files.paths, dtype=pl.String), **numbers})
        .select(
            *(owners[name].gather(places) for name in ("owner", "owner_id", "folder")),
            "path",
            "size",
            "modified",
            pl.format("{}:{}", "device", "inode").alias("inode"),
            pl.lit(None, pl.String).alias("sha256"),
        )
        .cast(FILES)
    )


def _wanted(files: pl.DataFrame, places: list[str]) -> dict[str, tuple[str, int]]:
    """Return a place and the size of each file; hard links share theirs."""
    rows = zip(files["inode"], places, files["size"], strict=True)
    return {inode: (place, size) for inode, place, size in rows}
