"""Artifact folders that nobody claims go to the bin (FILE-001)."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from scorewright.core.counting import counted
from scorewright.core.plans import FileChange
from scorewright.core.rationalise.evidence import Evidence
from scorewright.core.rationalise.ideas import Idea, Proposal
from scorewright.core.rationalise.places import places_of

__all__ = ["bin_nobodys"]

_CODE = "FILE-001"


def bin_nobodys(evidence: Evidence, folders: Iterable[str]) -> Proposal:
    """Move the files of folders that no row claims to the bin of the plan.

    A folder that holds, or lies in, the folder of any run, logged model or version is left alone,
    deleted ones included: they may be restored.

    Args:
        evidence: The store, its files with digests.
        folders: As the inventory calls them.
    """
    places, wanted = places_of(evidence), sorted(set(folders))
    files = evidence.files.filter(
        pl.col("owner").fill_null("") == "", pl.col("folder").is_in(wanted)
    ).sort("folder", "path")
    by_folder: dict[str, list[FileChange]] = {}
    for row in files.iter_rows(named=True):
        path = f"{row['folder'].rstrip('/')}/{row['path']}"
        change = FileChange(path, row["sha256"], None, row["size"], "", "bin")
        by_folder.setdefault(row["folder"], []).append(change)
    ideas, notes = [], []
    for folder, changes in by_folder.items():
        owners = sorted(places.inside(folder.rstrip("/")) | places.holding(folder.rstrip("/")))
        if owners:
            said = ", ".join(f"{owner} {key}" for owner, key in owners[:3])
            notes.append(f"{_CODE}: {folder} stays: {said} may need it.")
            continue
        size = sum(change.size for change in changes)
        ideas.append(
            Idea(
                "bin_folder",
                f"folder {folder}",
                f"Move its {counted(len(changes), 'file')} ({size:,} bytes) to the bin: "
                "nobody claims them.",
                _CODE,
                files=tuple(changes),
            )
        )
    return Proposal(tuple(ideas), tuple(notes))
