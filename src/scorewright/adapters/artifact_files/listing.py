"""The files of a folder and of those below it."""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Container
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from scorewright.core.findings import Finding

__all__ = ["FileList", "Lister", "finding_of", "is_folder", "is_there"]

_BY_NAME = attrgetter("name")


@dataclass(slots=True)
class FileList:
    """Files as columns: an object per file would take more time and memory than listing it.

    Attributes:
        places: As the system knows them; empty unless `is_placed`.
        paths: Relative to the folder, with slashes, as text.
        sizes: Bytes.
        modified: Nanoseconds since 1970.
        devices: Numbers of the devices.
        inodes: Numbers on their devices.
        is_placed: Whether places are kept.
    """

    is_placed: bool = False
    places: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    sizes: array[int] = field(default_factory=lambda: array("q"))
    modified: array[int] = field(default_factory=lambda: array("q"))
    devices: array[int] = field(default_factory=lambda: array("Q"))
    inodes: array[int] = field(default_factory=lambda: array("Q"))

    def add(self, place: str, path: str, status: os.stat_result) -> None:
        """Add a file."""
        if self.is_placed:
            self.places.append(place)
        self.paths.append(path)
        self.sizes.append(status.st_size)
        self.modified.append(status.st_mtime_ns)
        self.devices.append(status.st_dev)
        self.inodes.append(status.st_ino)


def finding_of(path: str, message: str, **evidence: object) -> Finding:
    """Make the finding of a file that cannot be read (``FILE-003``)."""
    remedy = "Mend the file or its rights, or remove it; then list the files again."
    return Finding("FILE-003", "error", _named(path), message, remedy, evidence=evidence)


def is_there(place: str) -> bool:
    """Tell whether a place is there; no where the system cannot look: a name may be too long."""
    try:
        return Path(place).exists()
    except OSError:
        return False


def is_folder(place: str) -> bool:
    """Tell whether a place is a folder; no where the system cannot look."""
    try:
        return Path(place).is_dir()
    except OSError:
        return False


class Lister:
    """Lists folders; links are followed to files in the same folder, and nowhere else.

    Args:
        owned: Folders, without links, that somebody else lists.
        files: What is found is added to it.
    """

    def __init__(self, owned: Container[str], files: FileList) -> None:
        self._owned = owned
        self._files = files
        self.findings: list[Finding] = []

    def walk(self, folder: str, root: str) -> bool:
        """List the files of a folder, by name.

        Args:
            folder: Or a file, which is then the only one.
            root: The same without links.

        Returns:
            Whether it is a folder, as far as one could look.
        """
        try:
            entries = _entries(root)
        except OSError as error:
            return self._no_folder(folder, root, error)
        self._below(entries, root)
        return True

    def _below(self, entries: list[os.DirEntry[str]], root: str) -> None:
        waiting = self._sorted(entries, root, "", root)
        while waiting:
            real, prefix = waiting.pop()
            waiting += self._sorted(self._entries(real), real, prefix, root)

    def _sorted(
        self, entries: list[os.DirEntry[str]], real: str, prefix: str, root: str
    ) -> list[tuple[str, str]]:
        """List the files of one folder; return those below it, the last first."""
        below: list[tuple[str, str]] = []
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                path = f"{real}/{entry.name}"
                if path not in self._owned:
                    below.append((path, f"{prefix}{entry.name}/"))
            else:
                self._one(entry, prefix, root)
        below.reverse()
        return below

    def _no_folder(self, folder: str, root: str, error: OSError) -> bool:
        """List what is a file; tell why nothing else can be listed."""
        try:
            status = Path(root).stat()
        except OSError as reason:
            self._unreadable(folder, reason)
            return is_folder(folder)
        if stat.S_ISREG(status.st_mode):
            self._files.add(root, root.rsplit("/", 1)[-1], status)
            return False
        self._unreadable(root, error)
        return stat.S_ISDIR(status.st_mode)

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            return _entries(folder)
        except OSError as error:
            self._unreadable(folder, error)
            return []

    def _one(self, entry: os.DirEntry[str], prefix: str, root: str) -> None:
        try:
            if entry.is_symlink() and not self._stays(entry, root):
                return
            status = entry.stat()
        except OSError as error:
            self._unreadable(entry.path, error)
            return
        if not stat.S_ISREG(status.st_mode):
            message = "It is no file and was not read: a pipe, a device or a socket."
            self.findings.append(finding_of(entry.path, message))
            return
        name = _named(entry.name)
        if name is not entry.name:
            message = "Its name is not UTF-8; it is listed as Latin-1."
            self.findings.append(finding_of(entry.path, message))
        self._files.add(entry.path, _named(prefix) + name, status)

    def _stays(self, entry: os.DirEntry[str], root: str) -> bool:
        """Tell whether a link leads to a file in the folder; keep where it leads if not."""
        real = os.path.realpath(entry.path, strict=True)
        if real.startswith(f"{root}/") and not entry.is_dir():
            return True
        message = "It is a link to a folder or out of the folder and was not followed."
        self.findings.append(finding_of(entry.path, message, target=_named(real)))
        return False

    def _unreadable(self, path: str, error: OSError) -> None:
        reason = (error.strerror or type(error).__name__).lower()
        self.findings.append(finding_of(path, f"It cannot be read: {reason}.", reason=reason))


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return sorted(found, key=_BY_NAME)


def _named(name: str) -> str:
    if name.isascii():
        return name
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("latin-1")
    return name
