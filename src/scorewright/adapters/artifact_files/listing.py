"""The files of a folder and of those below it."""

from __future__ import annotations

import os
import stat
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from scorewright.core.findings import Finding

__all__ = ["FoundFile", "Lister", "finding_of", "is_folder", "is_there"]


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file.

    Attributes:
        place: As the system knows it.
        path: Relative to the folder, with slashes, as text.
        size: Bytes.
        modified: Nanoseconds since 1970.
        inode: "device:inode".
    """

    place: str
    path: str
    size: int
    modified: int
    inode: str


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
    """

    def __init__(self, owned: Container[str]) -> None:
        self._owned = owned
        self.findings: list[Finding] = []

    def files(self, folder: str) -> Iterator[FoundFile]:
        """Walk the files of a folder, by name.

        Args:
            folder: Or a file, which is then the only one.
        """
        root = os.path.realpath(folder)
        try:
            status = Path(root).stat()
        except OSError as error:
            self._unreadable(folder, error)
            return
        if stat.S_ISREG(status.st_mode):
            yield _file(root, root.rsplit("/", 1)[-1], status)
            return
        waiting = [(root, "")]
        while waiting:
            real, prefix = waiting.pop()
            below: list[tuple[str, str]] = []
            for entry in self._entries(real):
                if entry.is_dir(follow_symlinks=False):
                    path = f"{real}/{entry.name}"
                    if path not in self._owned:
                        below.append((path, f"{prefix}{entry.name}/"))
                elif found := self._one(entry, prefix, root):
                    yield found
            waiting += reversed(below)

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as found:
                return sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self._unreadable(folder, error)
            return []

    def _one(self, entry: os.DirEntry[str], prefix: str, root: str) -> FoundFile | None:
        try:
            if entry.is_symlink() and not self._stays(entry, root):
                return None
            status = entry.stat()
        except OSError as error:
            self._unreadable(entry.path, error)
            return None
        if not stat.S_ISREG(status.st_mode):
            message = "It is no file and was not read: a pipe, a device or a socket."
            self.findings.append(finding_of(entry.path, message))
            return None
        name = _named(entry.name)
        if name is not entry.name:
            message = "Its name is not UTF-8; it is listed as Latin-1."
            self.findings.append(finding_of(entry.path, message))
        return _file(entry.path, _named(prefix) + name, status)

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


def _file(place: str, path: str, status: os.stat_result) -> FoundFile:
    inode = f"{status.st_dev}:{status.st_ino}"
    return FoundFile(place, path, status.st_size, status.st_mtime_ns, inode)


def _named(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("latin-1")
    return name
