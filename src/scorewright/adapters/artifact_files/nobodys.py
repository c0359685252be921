"""Artifact folders that no row of the store names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scorewright.adapters.artifact_files.disk import Disk
from scorewright.adapters.artifact_files.listing import is_folder

__all__ = ["Unclaimed", "find_unclaimed"]

_ARTIFACTS, _MODELS, _TRACES, _TRASH, _META = "artifacts", "models", "traces", ".trash", "meta.yaml"
_MOST = 50_000


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """A folder of artifacts; ``owner`` is "trace" or "", ``owner_id`` what its folder is called.

    ``real`` is the folder without links.
    """

    owner: str
    owner_id: str
    folder: str
    real: str


def find_unclaimed(
    experiments: dict[str, str], owned: set[str], disk: Disk, *, is_tree: bool
) -> Iterator[Unclaimed]:
    """Find folders that look like those of runs, logged models and traces.

    Args:
        experiments: Id -> folder of its artifacts on this machine.
        owned: Folders, without links, of runs, models and versions.
        disk: Follows links.
        is_tree: The store is a tree of files itself. If not, a folder with a ``meta.yaml`` belongs
            to a tree beside the database and not to the database.
    """
    roots = set(experiments.values())
    homes = dict.fromkeys(sorted(roots), True)
    # Experiments that are no more: beside those whose folder has the name of their id.
    own = (f for e, f in experiments.items() if f.endswith(f"/{e}"))
    for base in sorted({folder.rpartition("/")[0] for folder in own}):
        for name, path in [*_folders(base), *_folders(f"{base}/{_TRASH}")]:
            if path not in roots and name not in (_MODELS, _TRASH):
                homes.setdefault(path, False)
    for home, is_known in list(homes.items())[:_MOST]:
        if is_tree or is_known or not _is_file(f"{home}/{_META}"):
            yield from _below(home, owned, disk, is_known=is_known, is_tree=is_tree)


def _below(
    home: str, owned: set[str], disk: Disk, *, is_known: bool, is_tree: bool
) -> Iterator[Unclaimed]:
    top = disk.real(home) or home
    for name, path in _folders(home):
        if name == _TRACES:
            owner = "trace" if is_known else ""
            found = [(owner, *one) for one in _folders(path)]
        elif name == _MODELS:
            found = [("", *one) for one in _folders(path)]
        else:
            found = [("", name, path)]
        for owner, owner_id, folder in found:
            artifacts = f"{folder}/{_ARTIFACTS}"
            # Folders below a home are no links, so that the owner of most is known by the name.
            if f"{top}{artifacts[len(home) :]}" in owned:
                continue
            if not is_tree and owner != "trace" and _is_file(f"{folder}/{_META}"):
                continue
            real = os.path.realpath(artifacts) if is_folder(artifacts) else None
            if real is not None and not _is_owned(real, owned):
                yield Unclaimed(owner, owner_id, artifacts, real)


def _is_owned(real: str, owned: set[str]) -> bool:
    while real not in owned:
        real, _, name = real.rpartition("/")
        if not name:
            return False
    return True


def _folders(path: str) -> list[tuple[str, str]]:
    try:
        with os.scandir(path) as entries:
            # Links would lead to what is listed where it lies.
            found = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [(name, f"{path}/{name}") for name in sorted(found)]


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except OSError:
        return False
