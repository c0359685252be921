"""Back a store up whole, by itself: rows of a database of any schema, or a tree with its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scorewright.core.errors import ScorewrightError
from scorewright.flows.events import Notify, StageDone, StageStarted
from scorewright.flows.store.apply_plan import Clock
from scorewright.flows.store.editing import Backup

__all__ = ["BackupNote", "BackupShelf", "StoreKeeper", "backup_store"]

_STAGE = "backup"


@dataclass(frozen=True, slots=True)
class BackupNote:
    """What is known of a backup.

    Attributes:
        path: A file, or a folder for a tree.
        sha256: Of the file; of a folder of the list of its files (path, SHA-256).
        rows: Rows of a database, files of a tree; -1 where nobody noted it.
        size: Bytes.
        location: Of the store, without a password; "" for backups that plans made, and for one
            that does not lie where it was made: with a copied folder it came to another store.
        made_at: ISO 8601, UTC.
        made_by: Who asked for it; "" for backups that plans made.
    """

    path: str
    sha256: str
    rows: int
    size: int
    location: str = ""
    made_at: str = ""
    made_by: str = ""
    schema_version: int = 1


class StoreKeeper(Protocol):
    """A store that can be copied whole, without changing it."""

    def backup(self, folder: Path) -> Backup:
        """Copy it into a folder as ``backup-<UTC>-<short digest>``, proved.

        Raises:
            ScorewrightError: ``store-write-failed``, ``store-locked``, ``store-invalid``;
                ``store-changed`` where somebody wrote to a tree meanwhile.
            IntegrityError: ``store-broken``, ``copy-differs``.
        """
        ...


class BackupShelf(Protocol):
    """The backups of a folder."""

    @property
    def folder(self) -> Path:
        """Where they lie."""
        ...

    def note(self, backup: Backup, location: str, made_at: str, made_by: str) -> BackupNote:
        """Write down what a backup is, beside it."""
        ...

    def notes(self) -> Sequence[BackupNote]:
        """List all backups, the oldest first; those of plans too."""
        ...

    def prove(self, path: str) -> tuple[str, ...]:
        """Prove that a backup is whole, and still what it was: one line for each proof.

        Raises:
            UsageError: ``backup-unknown``; ``backup-unmerged``: rows of it lie in a log beside it.
            IntegrityError: ``backup-broken``.
        """
        ...


def backup_store(
    location: str,
    keeper: StoreKeeper,
    shelf: BackupShelf,
    clock: Clock,
    notify: Notify,
    holder: str,
) -> BackupNote:
    """Back a store up, read the copy back, and write down what it is.

    Args:
        location: Of the store, without a password.
        keeper: Copies it.
        shelf: Where the copy goes.
        clock: Gives the time.
        notify: Told of the progress.
        holder: Who asks for it.

    Raises:
        ScorewrightError: ``store-invalid``: there is nothing to copy; ``store-changed``,
            ``store-write-failed``, ``store-locked``, ``store-unreachable``.
        IntegrityError: ``store-broken``, ``copy-differs``, ``backup-broken``.
    """
    notify(StageStarted(_STAGE))
    backup = keeper.backup(shelf.folder)
    if not backup.path:
        raise ScorewrightError(
            f"The store {location} cannot be used: there is nothing to back up.",
            remedy="Name the store: a database file, its address, or the folder of a tree.",
            code="store-invalid",
        )
    note = shelf.note(backup, location, clock().isoformat(timespec="microseconds"), holder)
    proofs = shelf.prove(backup.path)
    notify(StageDone(_STAGE, "; ".join((backup.path, *proofs))))
    return note
