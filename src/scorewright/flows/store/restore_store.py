"""Put a backup in a store's place; what is there now is moved aside, never deleted."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from scorewright.core.counting import counted
from scorewright.flows.events import Note, Notify, StageDone, StageStarted
from scorewright.flows.store.apply_plan import Clock
from scorewright.flows.store.backup_store import BackupShelf

__all__ = ["Replaced", "Restored", "StorePlace", "restore_store"]

_STAGE = "restore"


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that is in a store's place.

    Attributes:
        location: Path of the store.
        backup: Path of the backup; it stays where it is.
        aside: Where the store lies that was there before; "" where there was none.
        checks: What was proved, one line each.
        made_at: ISO 8601, UTC.
        made_by: Who asked for it.
    """

    location: str
    backup: str
    aside: str
    checks: tuple[str, ...]
    made_at: str
    made_by: str
    schema_version: int = 1


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a backup has taken the place of.

    Attributes:
        aside: Where what was there lies now; "" where nothing was.
        plans: Short ids of the plans for the store whose journals were put aside.
    """

    aside: str
    plans: tuple[str, ...] = ()


class StorePlace(Protocol):
    """The place of a store on this machine: a SQLite file, or the folder of a tree."""

    def held(self, holder: str, now: datetime) -> AbstractContextManager[None]:
        """Hold the lock of the store.

        Raises:
            ScorewrightError: ``store-busy``.
        """
        ...

    def put(self, backup: str, now: datetime) -> Replaced:
        """Copy a backup beside the place, prove the copy, and let it take the place.

        What plans have done to the store is not in the backup: before it takes the place their
        journals are put aside, so that none of them goes on, or says that it is done.

        Args:
            backup: A file or a folder.
            now: For the name of what is moved aside.

        Raises:
            ScorewrightError: ``store-locked``: a program is writing to what is there, or reads it
                and keeps its log from being brought into it; ``store-write-failed``. The place is
                then as it was.
            IntegrityError: ``copy-differs``.
        """
        ...


def restore_store(  # noqa: PLR0913, PLR0917 - what is put where, and who does it
    location: str,
    backup: str,
    shelf: BackupShelf,
    place: StorePlace,
    clock: Clock,
    notify: Notify,
    holder: str,
) -> Restored:
    """Prove a backup, then put a copy of it in the place of a store.

    It can be taken back by the same act: what was moved aside is restored.

    Args:
        location: Path of the store.
        backup: Path of the backup, or of what an earlier restoring moved aside.
        shelf: Knows what the backup was when it was made.
        place: Of the store.
        clock: Gives the time.
        notify: Told of the progress.
        holder: Who asks for it.

    Raises:
        UsageError: ``backup-unknown``, ``backup-unmerged``.
        IntegrityError: ``backup-broken``, ``copy-differs``.
        ScorewrightError: ``store-busy``, ``store-locked``, ``store-write-failed``.
    """
    notify(StageStarted(_STAGE))
    now = clock()
    with place.held(holder, now):
        checks = shelf.prove(backup)
        found = place.put(backup, now)
    moved = f"; what was there lies in {found.aside}" if found.aside else ""
    notify(StageDone(_STAGE, f"{location} is as in {backup}{moved}"))
    if found.plans:
        notify(
            Note(
                f"What {counted(len(found.plans), 'plan')} did to it is not in it any more: "
                f"{', '.join(found.plans)}. Each begins anew, or is refused as stale."
            )
        )
    return Restored(
        location, backup, found.aside, checks, now.isoformat(timespec="seconds"), holder
    )
