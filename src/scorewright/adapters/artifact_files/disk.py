"""What lies where on this machine."""

from __future__ import annotations

import os
import stat
from functools import lru_cache

__all__ = ["Disk"]

#: Folders whose own place is kept: those above the folders of runs, which thousands share.
_KEPT = 4096


class Disk:
    """Looks a place up once, however often it is asked for.

    The folders above a place are shared by many, so that one look at the place itself is enough.
    """

    def __init__(self) -> None:
        self._found: dict[str, str | None] = {}
        self._real = lru_cache(_KEPT)(self._resolved)

    def real(self, place: str) -> str | None:
        """Return a place without links; None where nothing is, or the system cannot look."""
        if place not in self._found:
            self._found[place] = self._looked_up(place)
        return self._found[place]

    def _looked_up(self, place: str) -> str | None:
        head, _, name = place.rpartition("/")
        if not name or not place.startswith("/") or os.path.normpath(place) != place:
            return _followed(place)
        try:
            real = f"{self._real(head)}/{name}"
            status = os.lstat(real)
        except (OSError, ValueError):
            return None
        if stat.S_ISLNK(status.st_mode):
            return _followed(place)
        return place if real == place else real

    def _resolved(self, folder: str) -> str:
        """Return a folder without links and without a slash at the end, be it there or not."""
        head, _, name = folder.rpartition("/")
        if not name:
            return ""
        real = f"{self._real(head)}/{name}"
        try:
            is_link = stat.S_ISLNK(os.lstat(real).st_mode)
        except OSError:
            is_link = False
        return os.path.realpath(real).rstrip("/") if is_link else real


def _followed(place: str) -> str | None:
    """Follow every link; a place that the system cannot look at is none."""
    try:
        return os.path.realpath(place) if os.path.exists(place) else None  # noqa: PTH110
    except (OSError, ValueError):
        return None
