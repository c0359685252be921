"""What is kept of stores: backups, what plans left for taking them back, and the end of it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.core.errors import UsageError
from scorewright.flows.events import Notify
from scorewright.wiring.store_workshops import StoreSite, now_of, person, site_of
from scorewright.wiring.stores import StoreRoom

if TYPE_CHECKING:
    from scorewright.adapters.store_editing import FolderShelf
    from scorewright.flows.store.backup_store import BackupNote
    from scorewright.flows.store.purge_bin import Purged, Remains
    from scorewright.flows.store.restore_store import Restored
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
            ScorewrightError, IntegrityError: As `backup_store`; ``store-invalid`` for a database
                of something else too.
        """
        from scorewright.adapters.database_stores import require_database
        from scorewright.adapters.store_editing import DatabaseEditor, FolderShelf, TreeKeeper
        from scorewright.flows.store.backup_store import backup_store

        site = self._site_at(location)
        tree = Path(site.address)
        is_tree = "://" not in site.address and tree.is_dir()
        keeper = TreeKeeper(tree) if is_tree else DatabaseEditor(site.address)
        if not is_tree:
            require_database(site.address)
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
            UsageError: ``backup-unknown``, ``backup-unmerged``.
            IntegrityError: ``backup-broken``.
        """
        from scorewright.adapters.store_editing import FolderShelf
        from scorewright.flows.store.verify_store import verify_backup

        return verify_backup(str(path), FolderShelf(path.absolute().parent), notify)

    def restore(
        self, backup: Path, location: str | None, notify: Notify, holder: str = ""
    ) -> Restored:
        """Put a backup in the place of its store, or of the one that is named.

        Raises:
            UsageError: ``restore-unclear``: nobody knows whose backup it is, or it was copied
                here from elsewhere with what was noted of it. ``restore-server``.
            ScorewrightError, IntegrityError: As `restore_store`.
        """
        from scorewright.adapters.store_editing import FolderShelf, LocalPlace
        from scorewright.flows.store.restore_store import restore_store

        backup = backup.absolute()
        shelf = FolderShelf(backup.parent)
        place = Path(self._place_of(backup, location, shelf)).absolute()
        if place.is_symlink():
            place = place.resolve()  # its lock and its plans are those of the file itself
        folder = StoreSite(str(place)).folder
        return restore_store(
            str(place), str(backup), shelf, LocalPlace(place, folder), now_of(), notify,
            holder or person(),
        )  # fmt: skip

    def _place_of(self, backup: Path, location: str | None, shelf: FolderShelf) -> str:
        """Find out whose backup it is: as said, as noted, as a receipt says, or by its name."""
        from scorewright.adapters.durable import load_json
        from scorewright.adapters.store_editing import ASIDE

        shelf.prove(str(backup))
        if location is not None:
            found = self.room.address(location) if _is_there(location) else location
        elif ASIDE in backup.name:
            found = str(backup.with_name(backup.name.rpartition(ASIDE)[0]))
        else:
            noted = {note.path: note.location for note in shelf.notes()}
            receipts = [load_json(file) or {} for file in backup.parent.glob("receipt-*.json")]
            told = [r["plan"]["target"]["location"] for r in receipts
                    if r.get("backup") == str(backup)]  # fmt: skip
            found = next((place for place in (noted.get(str(backup), ""), *told) if place), "")
        if not found:
            raise UsageError(
                f"Nothing says for certain of which store {backup} is the backup: there is no note "
                "of that, or it was moved or copied here together with the note.",
                remedy=f"Name the store: scorewright store restore {shlex.quote(str(backup))} "
                "LOCATION",
                code="restore-unclear",
            )
        if "://" in found and not found.startswith("sqlite:///"):
            raise UsageError(
                f"{found} is on a server: no file can be put in its place.",
                remedy="Bring the backup into an empty database: scorewright store consolidate "
                f"{shlex.quote(str(backup))} --into postgresql://...",
                code="restore-server",
            )
        place = Path(found.removeprefix("sqlite:///"))
        if place.exists() and place.is_dir() != backup.is_dir():
            kinds = ("a tree of files", "a database")
            mine, other = kinds if backup.is_dir() else kinds[::-1]
            raise UsageError(
                f"The backup {backup} is of {mine}, and {place} is {other}.",
                remedy="Name the store it is a backup of, or a place where nothing is.",
                code="restore-unclear",
            )
        return str(place)

    def remains(self, location: str | None) -> Sequence[Remains]:
        """List what is kept for taking plans back."""
        return self._site_at(location).attic.remains()

    def unfinished(self, location: str | None) -> Sequence[tuple[str, str]]:
        """Name the plans that stopped midway, and say what ends each."""
        from scorewright.flows.store.purge_bin import unfinished_plans

        return unfinished_plans(self._site_at(location).attic)

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


def _is_there(location: str) -> bool:
    return "://" in location or Path(location).exists()
