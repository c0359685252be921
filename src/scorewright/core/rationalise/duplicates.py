"""Files that are there twice: they share their bytes, or one refers to the other (FILE-002)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import polars as pl

from scorewright.core.plans import FileChange, LinkChange
from scorewright.core.rationalise.evidence import Evidence
from scorewright.core.rationalise.ideas import Idea, Proposal
from scorewright.core.rationalise.places import Places, places_of
from scorewright.core.rationalise.reach import held_runs

__all__ = ["REFERENCE", "merge_duplicates"]

_CODE = "FILE-002"
#: Ending of a file that says where the bytes of another one are.
REFERENCE = ".duplicate-of.json"
_ENDED = ("FINISHED", "FAILED", "KILLED")


@dataclass(frozen=True, slots=True)
class _File:
    """A file on this machine.

    Attributes:
        path: Absolute.
        rank: How much speaks for keeping it, the least first.
        is_held: Whether something that lives loads it.
    """

    path: str
    sha256: str
    size: int
    inode: str
    rank: tuple[int, int, str]
    is_held: bool

    @property
    def device(self) -> str:
        """File system; files of different ones cannot share bytes."""
        return self.inode.partition(":")[0]


def merge_duplicates(evidence: Evidence, details: Iterable[Mapping[str, Any]]) -> Proposal:
    """Let equal files share their bytes; across file systems leave a reference instead.

    What a registered version loads is kept, else what something living reaches, else the oldest.
    A file that a version, a logged model or a served run needs never becomes a reference. Files
    of runs that still run are left alone: they may be written again.

    Args:
        evidence: The store, its files with digests.
        details: Of the finding's hits: ``files`` or ``folders`` with owner, id and path.
    """
    files, running = _files(evidence, details)
    groups: dict[tuple[str, int], list[_File]] = {}
    for file in files:
        groups.setdefault((file.sha256, file.size), []).append(file)
    ideas: list[Idea] = []
    contents: dict[str, bytes] = {}
    notes: list[str] = []
    for (_, size), group in sorted(groups.items()):
        keeper, *others = sorted(group, key=lambda file: file.rank)
        _share(size, keeper, others, ideas, contents, notes)
    if running:
        notes.append(
            f"{_CODE}: {running} equal files of runs that have not ended are left as they are."
        )
    return Proposal(tuple(ideas), tuple(notes), contents)


def _share(
    size: int,
    keeper: _File,
    others: list[_File],
    ideas: list[Idea],
    contents: dict[str, bytes],
    notes: list[str],
) -> None:
    """Deal with one group: by file system, then across them."""
    kept = {keeper.device: keeper}
    seen = {keeper.inode}
    for file in others:
        near = kept.get(file.device)
        if near is not None:
            if file.inode != near.inode:
                ideas.append(_link(file, near, 0 if file.inode in seen else size))
        elif file.is_held:
            kept[file.device] = file
            notes.append(
                f"{_CODE}: {file.path} stays: it equals {keeper.path} on another file system, and "
                "a model or version loads it."
            )
        else:
            ideas.append(_refer(file, keeper, contents))
        seen.add(file.inode)


def _link(file: _File, keeper: _File, freed: int) -> Idea:
    return Idea(
        "share_bytes",
        f"file {file.path}",
        f"It shares its bytes with the equal {keeper.path}.",
        _CODE,
        files=(LinkChange(file.path, keeper.path, file.sha256, freed),),
    )


def _refer(file: _File, keeper: _File, contents: dict[str, bytes]) -> Idea:
    document = {"duplicate_of": keeper.path, "sha256": file.sha256, "size": file.size}
    content = (json.dumps(document, sort_keys=True, indent=2) + "\n").encode()
    digest = sha256(content).hexdigest()
    contents[digest] = content
    return Idea(
        "refer_to_equal",
        f"file {file.path}",
        f"A reference takes its place: the equal {keeper.path} is on another file system.",
        _CODE,
        files=(
            FileChange(f"{file.path}{REFERENCE}", None, digest, len(content), f"payload:{digest}"),
            FileChange(file.path, file.sha256, None, file.size, "", "bin"),
        ),
    )


def _files(evidence: Evidence, details: Iterable[Mapping[str, Any]]) -> tuple[list[_File], int]:
    """Return the files that the finding names, each path once; and those of open runs, counted."""
    wanted = _wanted(evidence, details)
    places, held = places_of(evidence), held_runs(evidence.snapshot)
    status = dict(evidence.snapshot.runs.select("run_id", "status").iter_rows())
    found: dict[str, _File] = {}
    running: set[str] = set()
    for row in wanted.sort("folder", "path").iter_rows(named=True):
        path = f"{row['folder'].rstrip('/')}/{row['path']}"
        owners = places.holding(path) | {(row["owner"], row["owner_id"])}
        if any(owner == "run" and status.get(key, "") not in _ENDED for owner, key in owners):
            running.add(path)
            continue
        reach = _reach(places, path, held)
        found.setdefault(
            path,
            _File(
                path,
                row["sha256"],
                row["size"],
                row["inode"] or path,
                (reach, row["modified"] or 0, path),
                reach < _FREE,
            ),
        )
    return [file for path, file in found.items() if path not in running], len(running)


_FREE = 2


def _reach(places: Places, path: str, held: frozenset[str]) -> int:
    """Return 0 for what a version loads, 1 for what else lives, 2 for the rest."""
    owners = places.holding(path)
    if any(owner == "version" for owner, _ in owners):
        return 0
    is_reached = any(owner == "model" or key in held for owner, key in owners)
    return 1 if is_reached else _FREE


def _wanted(evidence: Evidence, details: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    files: list[tuple[str, str, str]] = []
    folders: list[tuple[str, str, str]] = []
    for detail in details:
        files += [(f["owner"], f["owner_id"], f["path"]) for f in detail.get("files", ())]
        folders += [(f["owner"], f["owner_id"], f["path"]) for f in detail.get("folders", ())]
    schema = {"owner": pl.String, "owner_id": pl.String, "name": pl.String}
    place = ["owner", "owner_id"]
    named = pl.DataFrame(files, schema=schema, orient="row").unique()
    tops = pl.DataFrame(folders, schema=schema, orient="row").unique()
    known = evidence.files.filter(pl.col("sha256").is_not_null(), pl.col("size") > 0)
    of_files = known.join(named, left_on=[*place, "path"], right_on=[*place, "name"], how="semi")
    top = pl.col("path").str.split("/").list.first()
    of_folders = (
        known.with_columns(top=top)
        .join(tops, left_on=[*place, "top"], right_on=[*place, "name"], how="semi")
        .drop("top")
    )
    return pl.concat([of_files, of_folders]).unique(maintain_order=True)
