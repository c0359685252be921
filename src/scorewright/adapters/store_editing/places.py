"""Which places on disk a plan may touch, and the names of what lies beside them for a while."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from scorewright.adapters.store_editing.refusals import outside
from scorewright.core.digests import canonical_json, sha256_hex

__all__ = ["MadeFolders", "contained", "folder_digest", "partial_of", "walked_folder"]

_MADE = ".made.jsonl"


def contained(path: str, roots: Iterable[Path]) -> Path:
    """Return a path that lies below one of the roots, links in its folders followed.

    Args:
        path: Absolute.
        roots: Folders, with links followed.

    Raises:
        UsageError: ``plan-outside``.
    """
    place = Path(path)
    if not place.is_absolute() or ".." in place.parts:
        raise outside(path, "which is no absolute path")
    real = Path(os.path.realpath(place.parent)) / place.name
    if not any(real.is_relative_to(root) and real != root for root in roots):
        raise outside(path, "which is outside the store's folders")
    if place.is_symlink():
        raise outside(path, "which is a symbolic link")
    return place


def partial_of(path: Path) -> Path:
    """Return where the content of a file is put together: the same place at every attempt."""
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return path.with_name(f".{digest}.partial")


def folder_digest(folder: Path) -> str:
    """Digest the listing (path, size) of a folder, as `MoveChange` wants it.

    Args:
        folder: Empty folders and links count too.
    """
    return sha256_hex(canonical_json(sorted(walked_folder(folder))))


def walked_folder(folder: Path) -> list[list[str | int]]:
    """List what is below a folder: relative path with slashes, size (-1 for a folder)."""
    found: list[list[str | int]] = []
    for here, folders, files in os.walk(folder):
        base = Path(here)
        found += [[(base / name).relative_to(folder).as_posix(), -1] for name in folders]
        for name in files:
            size = (base / name).lstat().st_size
            found.append([(base / name).relative_to(folder).as_posix(), size])
    return found


class MadeFolders:
    """Remembers folders that plans made, so that undoing takes them away when they are empty.

    Args:
        bins: Folder with one folder per plan.
        own: That of this plan.
    """

    def __init__(self, bins: Path, own: Path) -> None:
        self._bins = bins
        self._own = own
        self._lock = Lock()

    def make(self, folder: Path) -> None:
        """Make a folder and those above it."""
        with self._lock:
            missing = []
            above = folder
            while not above.exists():
                missing.append(str(above))
                above = above.parent
            if missing:
                self._own.mkdir(parents=True, exist_ok=True)
                with (self._own / _MADE).open("a", encoding="utf-8") as stream:
                    stream.writelines(f"{json.dumps(name)}\n" for name in missing)
            folder.mkdir(parents=True, exist_ok=True)

    def prune(self, folder: Path) -> None:
        """Remove a folder, and those above it, as far as a plan made them and they are empty."""
        with self._lock:
            made = self._made()
            while str(folder) in made:
                try:
                    folder.rmdir()
                except OSError:
                    return
                folder = folder.parent

    def _made(self) -> set[str]:
        found = set()
        for file in self._bins.glob(f"*/{_MADE}"):
            for line in file.read_text(encoding="utf-8").splitlines():
                try:
                    found.add(str(json.loads(line)))
                except ValueError:  # cut by a crash; its folder was not made yet
                    continue
        return found
