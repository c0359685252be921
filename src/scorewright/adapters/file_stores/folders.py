"""Reading of folders and files of a tree: whatever is damaged becomes a finding."""

from __future__ import annotations

import os
from collections.abc import Iterator

from scorewright.adapters.file_stores.damage import Damage, readable_name

__all__ = ["Folders"]

#: Without blocking, so that a pipe in the place of a file does not wait for a writer.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_CHUNK = 1 << 16
#: No file of a tree but a metric's is larger than this, in bytes.
_LARGEST = 64 << 20
#: Names with slashes are folders in folders; no name has more.
_DEEPEST = 50


class Folders:
    """Reads folders and files.

    Args:
        damage: Told of what cannot be read.
    """

    def __init__(self, damage: Damage) -> None:
        self.damage = damage

    def entries(self, folder: str) -> list[os.DirEntry[str]]:
        """Return what is in a folder, by name; nothing if it cannot be read."""
        try:
            with os.scandir(folder) as found:
                return sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self.damage.unreadable(folder, _reason(error))
            return []

    def folders(self, folder: str) -> list[os.DirEntry[str]]:
        """Return the folders in a folder, by name; links to folders count."""
        return [entry for entry in self.entries(folder) if self.is_folder(entry)]

    def is_folder(self, entry: os.DirEntry[str]) -> bool:
        """Tell whether an entry is a folder or a link to one; links that turn in a ring are not."""
        try:
            return entry.is_dir()
        except OSError as error:
            self.damage.unreadable(entry.path, _reason(error))
            return False

    def name(self, entry: os.DirEntry[str]) -> str:
        """Return the name of an entry as text that can be kept."""
        name = readable_name(entry.name)
        if name is not entry.name:
            self.damage.latin(entry.path, "name")
        return name

    def contents(self, path: str, largest: int | None = None) -> bytes | None:
        """Read a file; None, with a finding, if that cannot be done.

        Args:
            path: The file.
            largest: Bytes at which reading stops.
        """
        try:
            handle = os.open(path, _FLAGS)
        except OSError as error:
            self.damage.unreadable(path, _reason(error))
            return None
        try:
            first = os.read(handle, _CHUNK)
            return first if len(first) < _CHUNK else first + _rest(handle, largest)
        except OSError as error:
            self.damage.unreadable(path, _reason(error))
            return None
        finally:
            os.close(handle)

    def text(self, path: str) -> str | None:
        """Read a text; line ends stay as they are, what is not UTF-8 is read as Latin-1."""
        data = self.contents(path, _LARGEST)
        if data is None:
            return None
        if len(data) > _LARGEST:
            self.damage.unreadable(path, f"it has more than {_LARGEST:,} bytes")
            return None
        try:
            return data.decode()
        except UnicodeDecodeError:
            self.damage.latin(path, "content")
            return data.decode("latin-1")

    def files(self, folder: str, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
        """Walk the files that keep one key each.

        Args:
            folder: Such as ``params`` of a run.
            prefix: Beginning of the keys.
            depth: Folders above this one.

        Yields:
            Key (the path below the folder, with slashes) and path.
        """
        for entry in self.entries(folder):
            key = prefix + self.name(entry)
            if _is_file(entry):
                yield key, entry.path
            elif _is_plain_folder(entry) and depth < _DEEPEST:
                yield from self.files(entry.path, f"{key}/", depth + 1)
            else:
                self.damage.unreadable(entry.path, "it is neither a file nor a folder of its own")

    def texts(self, folder: str) -> Iterator[tuple[str, str]]:
        """Walk keys and values: the content of each file is the value of its key."""
        for key, path in self.files(folder):
            value = self.text(path)
            if value is not None:
                yield key, value


def _rest(handle: int, largest: int | None) -> bytes:
    parts = []
    size = 0
    while (part := os.read(handle, 1 << 20)) and (largest is None or size <= largest):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_plain_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
