"""What carrying out a plan needs from the world: rows and files that can be changed, a journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from scorewright.core.plans import (
    FileChange,
    LinkChange,
    MoveChange,
    RowChange,
    RowsChange,
    StoreChange,
    StoreRef,
)
from scorewright.flows.events import Notify

__all__ = [
    "Backup",
    "FileChanges",
    "FileEditor",
    "Journal",
    "Papers",
    "RowChanges",
    "State",
    "StoreEditor",
    "StoreLock",
    "Workshop",
]

RowChanges = RowChange | RowsChange | StoreChange
FileChanges = FileChange | MoveChange | LinkChange


class State(Enum):
    """How the world stands to a change."""

    BEFORE = "before"
    AFTER = "after"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy made by the database's own mechanism.

    Attributes:
        path: File of the copy; "" where there was nothing to copy.
        sha256: Of the file.
        rows: Rows it holds, counted in the copy.
    """

    path: str
    sha256: str
    rows: int


class StoreEditor(Protocol):
    """The rows of one store."""

    def reference(self) -> StoreRef:
        """Return the digests of all rows as they are now; empty ones where there is no store."""
        ...

    def state(self, change: RowChanges) -> State:
        """Compare a change with the store.

        Raises:
            ScorewrightError: ``store-locked``, ``store-unreachable``, ``store-invalid``.
        """
        ...

    def commit(self, changes: Sequence[RowChanges], notify: Notify) -> None:
        """Carry out changes in one transaction, comparing each inside it.

        What is ``after`` already is passed over. A `StoreChange` comes alone.

        Raises:
            ScorewrightError: ``apply-conflict``: a row is neither as before nor as after; nothing
                was committed. ``store-locked``, ``store-write-failed``.
        """
        ...

    def backup(self, folder: Path) -> Backup:
        """Copy the database into a folder, and count the rows of the copy."""
        ...

    def altered(
        self, backup: str, done: Sequence[RowChanges], begun: Sequence[RowChanges] = ()
    ) -> tuple[str, ...]:
        """Name tables of a plan that was killed in which somebody else changed rows.

        Args:
            backup: Path of the plan's backup, "" without one.
            done: Changes of rows that are carried out.
            begun: Those of one transaction that is committed, or is not.

        Returns:
            One line per table and kind of change.
        """
        ...

    def check(self, *earlier: str, is_fresh: bool = False) -> tuple[str, ...]:
        """Prove that the store is whole: integrity, references, and that MLflow opens a copy.

        Args:
            earlier: Paths of backups; what pointed at nothing there is not held against the
                store.
            is_fresh: A plan has just been carried out: what MLflow lets lead nowhere once its aim
                is deleted must lead somewhere still.

        Returns:
            One line for each proof.

        Raises:
            IntegrityError: ``store-broken``.
        """
        ...


class FileEditor(Protocol):
    """Files beside a store. What goes is moved to the bin of the plan, never deleted."""

    def listing(self) -> str:
        """Return a digest over paths and sizes of all files the plan may touch."""
        ...

    def require(self, change: FileChanges) -> None:
        """Refuse a change of something that is not the store's; nothing is read.

        Raises:
            UsageError: ``plan-outside``.
        """
        ...

    def state(self, change: FileChanges) -> State:
        """Compare a change with the disk; contents are read and hashed."""
        ...

    def perform(self, change: FileChanges) -> None:
        """Carry a change out: aside, hashed after it reached the disk, renamed.

        What is ``after`` already is passed over. Several threads may call it for different files.

        Raises:
            ScorewrightError: ``apply-conflict``, ``store-write-failed`` (disk full, no
                permission); the place is then as it was before.
            UsageError: ``plan-outside``: a path is not below the folders of the store.
            IntegrityError: ``copy-differs``: what was read back is not what was copied.
        """
        ...

    def perform_together(self, changes: Sequence[FileChange]) -> None:
        """Carry out changes of different files, each as `perform` does.

        None of them is the origin of another. When one is refused, those before it may be carried
        out and those after it are not.

        Raises:
            ScorewrightError: As `perform`.
        """
        ...


class Journal(Protocol):
    """What was begun and what was done, on disk before it is answered."""

    def entries(self) -> Sequence[Mapping[str, Any]]:
        """Return what is in it; a last line that was cut is left out."""
        ...

    def write(self, entry: Mapping[str, Any]) -> None:
        """Append an entry and wait until it is on disk."""
        ...

    def archive(self) -> None:
        """Put what is in it aside under another name: the plan begins anew."""
        ...


class Papers(Protocol):
    """The documents of a plan, beside its store."""

    def payload(self) -> str:
        """Return the SHA-256 of the plan's payload as it is now, "" where there is none."""
        ...

    def keep_payload(self) -> str:
        """Copy the payload to the store's state, once, and return its path."""
        ...

    def receipt(self) -> Any:  # noqa: ANN401 - any JSON value
        """Return the document of the plan's receipt, None where there is none."""
        ...

    def is_purged(self, began: str) -> bool:
        """Tell whether what was kept for taking the plan back is deleted.

        Args:
            began: When it was carried out, as its receipt says.
        """
        ...

    def save_receipt(self, document: Mapping[str, Any]) -> str:
        """Write the receipt, whole or not at all, and return its path."""
        ...


class StoreLock(Protocol):
    """One plan at a time changes a store."""

    def held(self, holder: str, now: datetime) -> AbstractContextManager[None]:
        """Hold the lock.

        Args:
            holder: A person.
            now: Aware, UTC.

        Raises:
            ScorewrightError: ``store-busy``: names the holder, since when, and its process.
        """
        ...


@dataclass(frozen=True, slots=True)
class Workshop:
    """Everything a plan is carried out with.

    Attributes:
        store: The rows.
        files: The files.
        journal: Of this plan.
        lock: Of the store.
        papers: Payload and receipt of this plan.
        look: Location of a source -> its digests as they are now.
        folder: Where backup, bin, journal and receipts of the store lie.
        bin: Where files that go are put.
        threads: Files that are copied at the same time.
    """

    store: StoreEditor
    files: FileEditor
    journal: Journal
    lock: StoreLock
    papers: Papers
    look: Callable[[str], StoreRef]
    folder: Path
    bin: Path
    threads: int = 4
