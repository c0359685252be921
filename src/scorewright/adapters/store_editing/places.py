"""Which places on disk a plan may touch, and the names of what lies beside them for a while."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final

from scorewright.adapters.store_editing.refusals import outside
from scorewright.core.digests import canonical_json, sha256_hex

__all__ = [
    "ASIDE",
    "MadeFolders",
    "RealFolders",
    "asides_of",
    "contained",
    "folder_digest",
    "partial_of",
    "real_name",
    "utf8",
    "walked_folder",
]

ASIDE: Final = ".replaced-"
"""Between the name of a store and the time at which a backup took its place."""
_MADE: Final = ".made.jsonl"
_KNOWN: Final = 4096
"""Folders that are remembered."""


class RealFolders:
    """Where folders really lie; one that is the same folder as before is not followed again."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int], str]] = {}

    def of(self, folder: str) -> str:
        """Return what ``os.path.realpath`` does.

        Args:
            folder: Absolute, without ``..``.
        """
        try:
            found = os.stat(folder)  # noqa: PTH116 - called for every file
        except OSError:
            above, name = os.path.split(folder)
            if not name or os.path.lexists(folder):
                return os.path.realpath(folder)
            return os.path.join(self.of(above), name)  # noqa: PTH118 - likewise
        identity = found.st_dev, found.st_ino
        known = self._known.get(folder)
        if known is not None and known[0] == identity:
            return known[1]
        real = os.path.realpath(folder)
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[folder] = (identity, real)
        return real


def contained(path: str, roots: Iterable[Path], reals: RealFolders) -> tuple[Path, Path]:
    """Return a path that lies below one of the roots, and where that really is.

    Args:
        path: Absolute.
        roots: Folders, with links followed.
        reals: Where folders really lie.

    Raises:
        UsageError: ``plan-outside``.
    """
    place = Path(path)
    if not place.is_absolute() or ".." in place.parts:
        raise outside(path, "which is no absolute path")
    real = Path(reals.of(str(place.parent)), place.name)
    if not any(root in real.parents for root in roots):
        raise outside(path, "which is outside the store's folders")
    if os.path.islink(place):  # noqa: PTH114 - called for every file
        raise outside(path, "which is a symbolic link")
    return place, real


def asides_of(database: Path) -> tuple[Path, ...]:
    """Return what restoring moved aside of a database, with what lies beside each.

    Args:
        database: Path of the file; it need not be there.
    """
    with suppress(OSError):
        beside = list(database.parent.iterdir())
        return tuple(file for file in beside if file.name.startswith(f"{database.name}{ASIDE}"))
    return ()


def partial_of(path: Path) -> Path:
    """Return where the content of a file is put together: the same place at every attempt."""
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return path.with_name(f".{digest}.partial")


def utf8(path: str) -> str:
    """Return a path that JSON can hold: one that is not UTF-8 with its odd bytes escaped."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return ascii(path)
    return path


def real_name(path: Path) -> Path:
    """Return the place of a file whose name is not UTF-8 and is given as Latin-1, else the path."""
    if str(path).isascii():
        return path
    if os.path.lexists(path):
        return path
    place = Path(path.anchor)
    for part in path.parts[1:]:
        near = place / part
        if not os.path.lexists(near):
            try:
                odd = place / os.fsdecode(part.encode("latin-1"))
            except UnicodeEncodeError:
                return path
            if not os.path.lexists(odd):
                return path
            near = odd
        place = near
    return place


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
        found += [[utf8((base / name).relative_to(folder).as_posix()), -1] for name in folders]
        for name in files:
            size = (base / name).lstat().st_size
            found.append([utf8((base / name).relative_to(folder).as_posix()), size])
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
        self._read: dict[Path, tuple[int, frozenset[str]]] = {}

    def make(self, folder: Path) -> None:
        """Make a folder and those above it."""
        with self._lock:
            missing = []
            above = folder
            while not above.exists():
                missing.append(str(above))
                above = above.parent
            if not missing:
                return
            self._own.mkdir(parents=True, exist_ok=True)
            with (self._own / _MADE).open("a", encoding="utf-8") as stream:
                # A line that a crash has cut must not swallow the next one.
                stream.write("\n" + "".join(f"{json.dumps(name)}\n" for name in missing))
            folder.mkdir(parents=True, exist_ok=True)

    def prune(self, folder: Path) -> None:
        """Remove a folder, and those above it, as far as a plan made them and they are empty."""
        with self._lock:
            made = self._made()
            while any(str(folder) in names for names in made):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    pass  # a kill came before it was made; those above it may be there
                except OSError:
                    return
                folder = folder.parent

    def _made(self) -> list[frozenset[str]]:
        """Return the folders of each plan; its file only grows, and is read again if it did."""
        for file in self._bins.glob(f"*/{_MADE}"):
            size = file.stat().st_size
            if self._read.get(file, (-1,))[0] != size:
                self._read[file] = (size, frozenset(_names(file)))
        return [names for _, names in self._read.values()]


def _names(file: Path) -> Iterator[str]:
    for line in file.read_text(encoding="utf-8").splitlines():
        with suppress(ValueError):  # empty, or cut by a crash: its folder was not made yet
            yield str(json.loads(line))
