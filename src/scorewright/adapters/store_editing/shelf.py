"""The backups of a store: what is known of each, and whether it is still whole."""

from __future__ import annotations

import os
import re
import shlex
import sqlite3
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from scorewright.adapters.durable import load_json, save_json
from scorewright.adapters.store_editing.contents import sha256_of
from scorewright.adapters.store_editing.quoting import quoted
from scorewright.adapters.store_editing.trees import tree_digest
from scorewright.core.digests import short
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.flows.store.backup_store import BackupNote
from scorewright.flows.store.editing import Backup

__all__ = ["FolderShelf"]

_NAME: Final = re.compile(r"backup-(\d{8}T\d{6}Z)-([0-9a-f]{12})(?:\.db)?")
#: What a restoring moved aside: nothing is noted of it, so only its being whole is proved.
_ASIDE: Final = re.compile(r".+\.replaced-(\d{8}T\d{6}Z)(?:-\d+)?()")
_NOTE: Final = TypeAdapter(BackupNote)


class FolderShelf:
    """Backups in a folder, each with a JSON file beside it.

    Args:
        folder: Made with the first backup.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self._folder

    def note(self, backup: Backup, location: str, made_at: str, made_by: str) -> BackupNote:
        """Write down what a backup is, beside it.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        place = Path(backup.path)
        size = _size(place)
        note = BackupNote(backup.path, backup.sha256, backup.rows, size, location, made_at, made_by)
        save_json(_beside(place), asdict(note))
        return note

    def notes(self) -> tuple[BackupNote, ...]:
        """List all backups, the oldest first; those of plans too."""
        if not self._folder.is_dir():
            return ()
        places = [place for place in self._folder.iterdir() if _NAME.fullmatch(place.name)]
        return tuple(_noted(place) for place in sorted(places))

    def prove(self, path: str) -> tuple[str, ...]:
        """Prove that a backup is whole, and still what it was.

        Raises:
            UsageError: ``backup-unknown``, ``backup-unmerged``.
            IntegrityError: ``backup-broken``.
        """
        place = Path(path).absolute()
        if _named(place) is None or not place.exists():
            raise UsageError(
                f"There is no backup at {path}.",
                remedy="scorewright store backup --list shows those that are there.",
                code="backup-unknown",
            )
        note = _noted(place)
        log = Path(f"{place}-wal")
        if log.is_file() and log.stat().st_size:
            raise UsageError(
                f"{place} is not whole by itself: committed rows lie beside it, in {log.name}.",
                remedy="Close the programs that use it, then bring the rows into it: sqlite3 "
                f"{shlex.quote(str(place))} 'PRAGMA wal_checkpoint(TRUNCATE)'",
                code="backup-unmerged",
            )
        try:
            return _proved_tree(place, note) if place.is_dir() else _proved_file(place, note)
        except (OSError, sqlite3.Error) as error:
            raise _broken(place, f"it cannot be read: {error}") from error


def _proved_tree(place: Path, note: BackupNote) -> tuple[str, ...]:
    digest, files = tree_digest(place)
    _compare(place, note, digest, files, "files")
    return (f"{files:,} files are as they were: {short(digest)}",)


def _proved_file(place: Path, note: BackupNote) -> tuple[str, ...]:
    # A backup is whole by itself: SQLite shall put nothing beside it.
    uri = f"{place.as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        # Names come from the schema.
        counts = (
            connection.execute(f"SELECT COUNT(*) FROM {quoted(name)}").fetchone()[0]  # noqa: S608
            for (name,) in names
        )
        rows = sum(counts)
    digest = str(sha256_of(place))
    _compare(place, note, digest, rows, "rows")
    if verdict != "ok":
        raise _broken(place, f"SQLite's check says: {verdict}")
    return (
        f"the file is as it was: SHA-256 {short(digest)}",
        "SQLite's integrity check: ok",
        f"{rows:,} rows",
    )


def _compare(place: Path, note: BackupNote, digest: str, count: int, what: str) -> None:
    if not digest.startswith(note.sha256):
        raise _broken(place, f"its SHA-256 is {short(digest)}, not {short(note.sha256)}")
    if note.rows not in (-1, count):
        raise _broken(place, f"{count:,} {what} are there, not {note.rows:,}")


def _noted(place: Path) -> BackupNote:
    """Read what was noted; of a backup that a plan made its name says all.

    A note that came along when the folder was copied is of the original: whose store that is says
    nothing of the store beside the copy.
    """
    try:
        note = _NOTE.validate_python(load_json(_beside(place)))
    except ValidationError:
        match = _named(place)
        stamp, digest = ("", "") if match is None else match.groups()
        return BackupNote(str(place), digest, -1, _size(place), made_at=stamp)
    is_here = os.path.realpath(note.path) == os.path.realpath(place)
    return replace(note, path=str(place), location=note.location if is_here else "")


def _named(place: Path) -> re.Match[str] | None:
    return _NAME.fullmatch(place.name) or _ASIDE.fullmatch(place.name)


def _beside(place: Path) -> Path:
    return place.with_name(f"{place.name}.json")


def _size(place: Path) -> int:
    if not place.is_dir():
        return place.stat().st_size
    return sum(
        (Path(folder) / name).lstat().st_size
        for folder, _, names in os.walk(place)
        for name in names
    )


def _broken(place: Path, what: str) -> IntegrityError:
    return IntegrityError(
        f"The backup {place} is not whole: {what}.",
        remedy="Do not use it. Make another one with 'scorewright store backup'.",
        code="backup-broken",
    )
