"""What is kept of stores: backups, what plans left for taking them back, and the end of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.flows.events import Notify
from scorewright.wiring.store_workshops import StoreSite, now_of, person, site_of
from scorewright.wiring.stores import StoreRoom

if TYPE_CHECKING:
    from scorewright.flows.store.backup_store import BackupNote
    from scorewright.flows.store.purge_bin import Purged, Remains
    from scorewright.flows.store.verify_store import Verification

__all__ = ["StoreKeeping"]


@dataclass(frozen=True, slots=True)
class StoreKeeping:
    """Makes backups and proves them; lists what is kept, and deletes it by consent.

    Attributes:
        room: Stores and the project around.
    """

    room: StoreRoom

    def backup(
        self, location: str | None, to: Path | None, notify: Notify, holder: str = ""
    ) -> BackupNote:
        """Back a store up whole; it may be a tree.

        Raises:
            ScorewrightError, IntegrityError: As `backup_store`.
        """
        from scorewright.adapters.store_editing import DatabaseEditor, FolderShelf, TreeKeeper
        from scorewright.flows.store.backup_store import backup_store

        site = self._site_at(location)
        tree = Path(site.address)
        is_tree = "://" not in site.address and tree.is_dir()
        keeper = TreeKeeper(tree) if is_tree else DatabaseEditor(site.address)
        shelf = FolderShelf(to or site.folder)
        shown = self.room.open(location).location
        return backup_store(shown, keeper, shelf, now_of(), notify, holder or person())

    def backups(self, location: str | None, folder: Path | None) -> Sequence[BackupNote]:
        """List the backups of a store, the oldest first."""
        from scorewright.adapters.store_editing import FolderShelf

        return FolderShelf(folder or self._site_at(location).folder).notes()

    @staticmethod
    def verify_backup(path: Path, notify: Notify) -> Verification:
        """Prove that a backup is whole, and what it was.

        Raises:
            UsageError: ``backup-unknown``.
            IntegrityError: ``backup-broken``.
        """
        from scorewright.adapters.store_editing import FolderShelf
        from scorewright.flows.store.verify_store import verify_backup

        return verify_backup(str(path), FolderShelf(path.absolute().parent), notify)

    def remains(self, location: str | None) -> Sequence[Remains]:
        """List what is kept for taking plans back."""
        return self._site_at(location).attic.remains()

    def purge(
        self, location: str | None, consent: Sequence[str], notify: Notify, holder: str = ""
    ) -> Purged:
        """Delete for good what is kept of the plans that are named.

        Raises:
            UsageError: ``purge-unknown``, ``purge-unfinished``.
            ScorewrightError: ``store-busy``, ``store-write-failed``.
        """
        from scorewright.flows.store.purge_bin import purge

        attic = self._site_at(location).attic
        return purge(consent, consent, attic, now_of(), notify, holder or person())

    def _site_at(self, location: str | None) -> StoreSite:
        address = self.room.address(location)
        return site_of(self.room, address, [address])
