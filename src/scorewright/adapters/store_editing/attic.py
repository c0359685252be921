"""What lies in a store's state: bins, backups and payloads, and how they go for good."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from scorewright.adapters.durable import load_json
from scorewright.adapters.guarded import sync_directory
from scorewright.adapters.store_editing.journal import JsonlJournal
from scorewright.adapters.store_editing.locking import FileStoreLock
from scorewright.adapters.store_editing.purges import PURGES, journal_of_purges
from scorewright.adapters.store_editing.refusals import outside, writing
from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import Receipt, read_receipt
from scorewright.flows.store.purge_bin import Kept, Remains

__all__ = ["StoreAttic"]

_ID: Final = "[0-9a-f]{12}"
_JOURNAL: Final = re.compile(rf"journal-({_ID})\.jsonl")
_RECEIPT: Final = re.compile(rf"receipt-({_ID})\.json")
_PAYLOAD: Final = re.compile(rf"payload-({_ID})\.db")
_BACKUP: Final = re.compile(rf"backup-\d{{8}}T\d{{6}}Z-({_ID})(?:\.db)?")
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_BINS: Final = "bin"
#: Files of tracking servers, a folder for each server; plans copy them from there.
_FETCHED: Final = "fetched"
_ABOVE: Final = {"bin": _BINS, "fetched": _FETCHED}


class StoreAttic:
    """Lists and deletes what is kept below one folder, and nothing else.

    Args:
        folder: Of the store's state.
        location: Of the store, for its lock.
    """

    def __init__(self, folder: Path, location: str) -> None:
        self._folder = folder
        self._location = location

    def remains(self) -> Sequence[Remains]:
        """List what is kept: by receipt, then plans without one, other backups, fetched files."""
        receipts = {name: self._receipt(place) for place, name in self._found(_RECEIPT)}
        backups = {str(place): name for place, name in self._found(_BACKUP)}
        bins = {place.name: place for place in self._folders(_BINS)}
        payloads = {name: place for place, name in self._found(_PAYLOAD)}
        found = []
        for name in (*receipts, *sorted((bins.keys() | payloads.keys()) - receipts.keys())):
            receipt = receipts.get(name)
            kept = []
            if name in bins:
                kept.append(_kept("bin", bins[name]))
            if receipt is not None and backups.pop(receipt.backup, None) is not None:
                kept.append(_kept("backup", Path(receipt.backup)))
            if name in payloads:
                kept.append(_kept("payload", payloads[name]))
            found.append(Remains(name, tuple(kept), receipt))
        loose: dict[str, list[Kept]] = {}
        for path, name in backups.items():
            loose.setdefault(name, []).append(_kept("backup", Path(path)))
        for place in self._folders(_FETCHED):
            loose.setdefault(place.name, []).append(_kept("fetched", place))
        return [*found, *(Remains(name, tuple(kept)) for name, kept in loose.items())]

    def unfinished(self) -> Sequence[str]:
        """Return the short ids of plans whose journal has no end."""
        return [name for place, name in self._found(_JOURNAL) if not _is_ended(place)]

    def document(self, name: str) -> str:
        """Return the receipt of a plan, else the plan itself, "" where neither is kept."""
        places = (self._folder / f"receipt-{name}.json", self._folder / f"plan-{name}.json")
        return next((str(place) for place in places if place.is_file()), "")

    def held(self, holder: str, now: datetime) -> AbstractContextManager[None]:
        """Hold the lock of the store."""
        return FileStoreLock(self._folder, self._location, PURGES).held(holder, now)

    def mark(self, entry: Mapping[str, Any]) -> None:
        """Append an entry to the journal of purges.

        On a full disk it takes the room of a payload or a backup that the entry gives away.

        Raises:
            ScorewrightError: ``store-write-failed``.
            IntegrityError: ``journal-invalid``.
        """
        journal = journal_of_purges(self._folder)
        try:
            journal.write(entry)
        except ScorewrightError as error:
            if error.details.get("errno") not in _FULL or not self._has_room(journal, entry):
                raise

    def _has_room(self, journal: JsonlJournal, entry: Mapping[str, Any]) -> bool:
        """Write an entry over a file that nothing but a deletion waits for; payloads first."""
        places = [
            place
            for kind in ("payload", "backup")
            for kept in entry.get("kept", ())
            if kept["kind"] == kind and (place := Path(kept["path"])).is_file()
            if place.parent == self._folder
        ]
        with suppress(OSError):  # then the first error is told
            return any(journal.write_over(entry, place) for place in places)
        return False

    def remove(self, kept: Kept) -> None:
        """Delete a bin, a backup with what was noted of it, a payload, or fetched files.

        Raises:
            UsageError: ``plan-outside``: it is not in the folder of the store's state.
            ScorewrightError: ``store-write-failed``.
        """
        place = Path(kept.path)
        above = self._folder / _ABOVE.get(kept.kind, "")
        if place.parent != above or place.is_symlink():
            raise outside(kept.path, "which is not what the store's state keeps")
        with writing(place):
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
            if kept.kind == "backup":
                place.with_name(f"{place.name}.json").unlink(missing_ok=True)
            if above.is_dir():
                sync_directory(above)

    def _found(self, pattern: re.Pattern[str]) -> list[tuple[Path, str]]:
        if not self._folder.is_dir():
            return []
        places = ((place, pattern.fullmatch(place.name)) for place in self._folder.iterdir())
        return sorted((place, match[1]) for place, match in places if match is not None)

    def _folders(self, name: str) -> Iterator[Path]:
        folder = self._folder / name
        if folder.is_dir():
            yield from sorted(place for place in folder.iterdir() if place.is_dir())

    def _receipt(self, place: Path) -> Receipt | None:
        try:
            return read_receipt(load_json(place), place.name)
        except ScorewrightError:  # damaged, or of another release: what it names stays
            return None


def _kept(kind: Literal["bin", "backup", "payload", "fetched"], place: Path) -> Kept:
    seen: dict[tuple[int, int], int] = {}
    names = 0
    for path in _files(place):
        with suppress(FileNotFoundError):  # whoever holds the lock may be deleting it
            found = path.lstat()
            seen[found.st_dev, found.st_ino] = found.st_size
            names += 1
    return Kept(kind, str(place), sum(seen.values()), names)


def _files(place: Path) -> Iterator[Path]:
    if not place.is_dir() or place.is_symlink():
        yield place
        return
    for folder, _, names in os.walk(place):
        yield from (Path(folder) / name for name in names)


def _is_ended(place: Path) -> bool:
    """Read a journal of any plan."""
    with place.open("rb") as stream:
        head = stream.readline()
    try:
        plan = str(json.loads(head)["plan"])
    except (ValueError, KeyError, TypeError):
        return not head.strip()  # an empty one was never begun
    entries = JsonlJournal(place, plan).entries()
    return not entries or any(entry["entry"] == "end" for entry in entries)
