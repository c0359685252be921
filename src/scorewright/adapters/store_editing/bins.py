"""The bin: where files lie that a plan removed or replaced, under their old paths."""

from __future__ import annotations

import os
from pathlib import Path

from scorewright.adapters.guarded import sync_directory
from scorewright.adapters.store_editing.contents import copy_proved, sha256_of, take_link
from scorewright.adapters.store_editing.places import partial_of

__all__ = ["Bin"]


class Bin:
    """What one plan took away.

    Args:
        folder: Of the plan; bins of other plans lie beside it.
        undone: Bin of the plan that this one takes back.
    """

    def __init__(self, folder: Path, undone: Path | None = None) -> None:
        self._folder = folder
        self._undone = undone

    def take(self, path: Path, sha256: str) -> Path:
        """Move a file into the bin: renamed, or copied and proved on another file system.

        Returns:
            The folder in the bin; its names, and those beside the path, are to be brought to disk.

        Raises:
            OSError: As the system says; the file is where it was.
            IntegrityError: ``copy-differs``.
        """
        place = self._ready(path)
        try:
            os.replace(path, place)  # noqa: PTH105 - one call, one rename
        except OSError as error:
            if not _is_elsewhere(path, place):
                raise error from None
            self._copy(path, place, sha256)
            path.unlink()
        return place.parent

    def keep(self, path: Path, sha256: str) -> None:
        """Put a file into the bin that stays where it is, until another takes its place."""
        place = self._ready(path)
        if sha256_of(place) == sha256:
            return
        place.unlink(missing_ok=True)
        if not take_link(path, place):
            self._copy(path, place, sha256)

    def find(self, path: Path, sha256: str) -> Path | None:
        """Find the content that a file once had: where it went, then in other bins."""
        if not self._folder.parent.is_dir():
            return None
        inside = _inside(path)
        bins = [folder for folder in self._folder.parent.iterdir() if folder.is_dir()]
        bins.sort(key=lambda f: (f == self._undone, f.stat().st_mtime_ns), reverse=True)
        places = (folder / inside for folder in bins)
        return next((place for place in places if sha256_of(place) == sha256), None)

    def _ready(self, path: Path) -> Path:
        place = self._folder / _inside(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _copy(self, path: Path, place: Path, sha256: str) -> None:
        aside = partial_of(place)
        copy_proved(path, aside, sha256)
        os.replace(aside, place)  # noqa: PTH105 - one call, one rename
        sync_directory(place.parent)


def _inside(path: Path) -> Path:
    """Return the path within a bin: without the root, a drive as a folder of its own."""
    drive = path.drive.replace(":", "").strip("\\/")
    return Path(drive, *path.parts[1:])


def _is_elsewhere(path: Path, place: Path) -> bool:
    return path.exists() and path.stat().st_dev != place.parent.stat().st_dev
