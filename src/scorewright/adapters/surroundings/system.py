"""What the machine around a service says: the sync's note, memory, files, disk."""

from __future__ import annotations

import json
import resource
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from scorewright.flows.serve import Resources, SyncState

__all__ = ["SystemSurroundings"]

LONGEST_NOTE = 10_000
#: Written beside the bundles by ``scorewright sync``: that folder is what it shares with services.
NOTE = "sync.json"

UNREADABLE = SyncState("", ok=False, cause="note-unreadable", alias="", version="", age_seconds=0.0)


def _now() -> datetime:
    return datetime.now(UTC)


class SystemSurroundings:
    """Implements the ``Surroundings`` port.

    Args:
        folder: ``.scorewright`` of the project, where the log lies.
        bundles: Where the bundles lie, and the sync's note.
        now: The time.
    """

    def __init__(self, folder: Path, bundles: Path, now: Callable[[], datetime] = _now) -> None:
        self._folder, self._bundles, self._now = folder, bundles, now

    def sync(self) -> SyncState | None:
        """Read the sync's note; one that cannot be read says so."""
        try:
            with (self._bundles / NOTE).open("rb") as file:
                content = file.read(LONGEST_NOTE)
        except FileNotFoundError:
            return None
        except OSError:
            return UNREADABLE
        return self._read(content)

    def _read(self, content: bytes) -> SyncState:
        try:
            note = json.loads(content)
            at, good_at = str(note["at"]), note.get("good_at")
            return SyncState(
                at,
                bool(note["ok"]),
                str(note.get("cause") or ""),
                str(note.get("alias") or ""),
                str(note.get("version") or ""),
                self._age(at),
                None if good_at is None else self._age(good_at),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            return UNREADABLE

    def _age(self, moment: str) -> float:
        """Return the seconds since a moment; never less than none.

        Raises:
            ValueError, TypeError: It is no moment with a zone.
        """
        return max(0.0, (self._now() - datetime.fromisoformat(moment)).total_seconds())

    def resources(self) -> Resources:
        """Tell what is left."""
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        folder = self._folder if self._folder.is_dir() else self._folder.parent
        return Resources(
            memory_bytes=_resident(),
            open_files=_open_files(),
            open_files_limit=limit,
            threads=threading.active_count(),
            disk_free_bytes=shutil.disk_usage(folder).free,
        )


def _resident() -> int:
    """Return the resident memory; where the system does not tell, the highest so far."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


def _open_files() -> int:
    """Return the number of open files; -1 where the system does not tell."""
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return -1
