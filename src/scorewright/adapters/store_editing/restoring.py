"""A backup put in the place of a SQLite file or of a tree."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import AbstractContextManager, closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from scorewright.adapters.guarded import sync_directory
from scorewright.adapters.store_editing.begun_plans import forgotten
from scorewright.adapters.store_editing.contents import copy_proved, sha256_of
from scorewright.adapters.store_editing.locking import FileStoreLock
from scorewright.adapters.store_editing.places import ASIDE
from scorewright.adapters.store_editing.refusals import locked, writing
from scorewright.adapters.store_editing.trees import copy_tree, tree_digest
from scorewright.core.errors import IntegrityError
from scorewright.flows.store.restore_store import Replaced

__all__ = ["LocalPlace"]

_PARTIAL: Final = ".restore.partial"
_SECONDS: Final = 5.0
_BESIDE: Final = ("-wal", "-shm", "-journal")
"""Files of SQLite that belong to what was there: beside another database they would spoil it."""


class LocalPlace:
    """Implements `scorewright.flows.store.restore_store.StorePlace`.

    Args:
        place: Path of the store; nothing has to be there.
        folder: Of the store's state, for the lock.
    """

    def __init__(self, place: Path, folder: Path) -> None:
        self._place = place
        self._folder = folder

    def held(self, holder: str, now: datetime) -> AbstractContextManager[None]:
        """Hold the lock of the store."""
        return FileStoreLock(self._folder, str(self._place), "restore").held(holder, now)

    def put(self, backup: str, now: datetime) -> Replaced:
        """Copy, prove, put the journals of plans aside, move aside, rename.

        Raises:
            ScorewrightError: ``store-locked``, ``store-write-failed``.
            IntegrityError: ``copy-differs``.
        """
        origin, partial = Path(backup), self._place.with_name(f".{self._place.name}{_PARTIAL}")
        with writing(self._place):
            self._place.parent.mkdir(parents=True, exist_ok=True)
            _clear(partial)
            try:
                if origin.is_dir():
                    _copy_folder(origin, partial)
                else:
                    copy_proved(origin, partial, str(sha256_of(origin)))
                if self._place.is_file():
                    _refuse_writers(self._place)
                # The journals go first. A kill in between leaves a store that plans have changed
                # and no journal: such a plan is refused as stale, and restoring again ends it. The
                # other way round it would leave the backup and journals that say what is not so.
                with forgotten(self._folder, self._place) as plans:
                    aside = self._move_aside(now)
                    os.replace(partial, self._place)  # noqa: PTH105 - one call, one rename
            finally:
                with suppress(OSError):
                    _clear(partial)
            sync_directory(self._place.parent)
        return Replaced(aside, plans)

    def _move_aside(self, now: datetime) -> str:
        """Give what is there another name; a file keeps the old one until it is replaced."""
        if not self._place.exists():
            return ""
        stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        aside = self._place.with_name(f"{self._place.name}{ASIDE}{stamp}")
        number = 2
        while aside.exists():
            aside = self._place.with_name(f"{self._place.name}{ASIDE}{stamp}-{number}")
            number += 1
        if self._place.is_dir():
            self._place.rename(aside)
            return str(aside)
        try:
            os.link(self._place, aside)
        except OSError:  # a file system without hard links
            self._place.rename(aside)
        for ending in _BESIDE:
            with suppress(FileNotFoundError):
                Path(f"{self._place}{ending}").rename(f"{aside}{ending}")
        return str(aside)


def _refuse_writers(file: Path) -> None:
    """Refuse while another program writes; what is no database any more is not asked.

    Rows that are committed and still lie in the log beside it are brought into the file: it is
    moved aside by itself, and has to be whole by itself.
    """
    address = f"{file.as_uri()}?mode=rw"
    try:
        with closing(
            sqlite3.connect(address, uri=True, timeout=_SECONDS, isolation_level=None)
        ) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if is_busy:
                raise locked(str(file))
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "") or ""
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise locked(str(file)) from error


def _copy_folder(origin: Path, partial: Path) -> None:
    before = tree_digest(origin)
    copy_tree(origin, partial)
    if tree_digest(partial) != before:
        raise IntegrityError(
            f"The copy of {origin} is not what was copied.",
            remedy="Look at the disk, then run the same command again: nothing was replaced.",
            code="copy-differs",
        )


def _clear(partial: Path) -> None:
    if partial.is_dir() and not partial.is_symlink():
        shutil.rmtree(partial)
    else:
        partial.unlink(missing_ok=True)
