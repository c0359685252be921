"""What a consolidation needs from the world: private copies of stores, and one that merges them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from scorewright.core.consolidation import Difference, SameName
from scorewright.core.plans import Balance, RowChange, RowsChange, StoreRef
from scorewright.core.snapshot import Snapshot
from scorewright.flows.events import Notify
from scorewright.flows.store.ports import StoreOpener

__all__ = [
    "ConsolidationTools",
    "Merged",
    "Merger",
    "Owner",
    "Place",
    "Quarantined",
    "Request",
    "Stage",
    "Staging",
    "Unit",
]

#: (kind, id): kinds are those of `scorewright.core.snapshot.FILES`.
Owner = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Stage:
    """A private copy of a store at the schema of the installed MLflow.

    Attributes:
        location: Of the store, for people.
        label: Short, for suffixes and notes.
        path: SQLite file that nobody else knows of.
        revision: Schema of the store itself; "" for trees and servers.
        notes: What the copy lacks.
        own_versions: Versions of models with files of their own: (name, number) as an owner's id.
        left: Further things the copy lacks, by line of the balance.
    """

    location: str
    label: str
    path: Path
    revision: str = ""
    notes: tuple[str, ...] = ()
    own_versions: frozenset[str] = frozenset()
    left: Mapping[str, int] = field(default_factory=dict)


class Staging(Protocol):
    """Makes private copies. Stores are read, never changed."""

    def stage(
        self, location: str, label: str, snapshot: Snapshot, folder: Path, notify: Notify
    ) -> Stage:
        """Copy a store into a folder and bring the copy to the newest schema.

        Args:
            location: As the user wrote it: it may hold a password.
            label: Short name.
            snapshot: The same store; with history where it is a tree or a server.
            folder: Private.
            notify: Told of the progress.

        Raises:
            ScorewrightError: ``consolidate-schema-newer``, ``consolidate-upgrade``,
                ``store-locked``, ``store-unreachable``, ``store-invalid``.
        """
        ...

    def empty(self, folder: Path, root: str) -> Path:
        """Make a database as MLflow makes it: with the experiment "Default" and nothing else.

        Args:
            folder: Private; copies in it that have the schema already save work.
            root: Folder below which new artifacts go.

        Raises:
            ScorewrightError: ``consolidate-upgrade``.
        """
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a merger.

    Attributes:
        stages: In order: the first one has the right to a name.
        target: Copy of the target; an empty database where it is yet to be made.
        root: Folder below which new artifacts go.
        is_server: The target enforces lengths, 32-bit numbers and texts without NUL.
        on_same_name: For experiments.
        payload: File to write.
    """

    stages: Sequence[Stage]
    target: Path
    root: str
    is_server: bool
    on_same_name: SameName
    payload: Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where the artifacts of an owner go.

    Attributes:
        fate: ``copied``, ``merged``, ``duplicate``, ``quarantined`` or ``left``.
        address: As the target has it; "" for none.
        unit: Whose step copies them.
    """

    fate: str
    address: str
    unit: str


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows that are committed together.

    Attributes:
        name: ``experiments:3``, ``runs:3/1`` ...
        rows: Per table.
        changes: Rows of the target that get other values.
    """

    name: str
    rows: tuple[RowsChange, ...]
    changes: tuple[RowChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Quarantined:
    """What is kept aside.

    Attributes:
        kind, id: Of it.
        source: The source's label.
        differences: Fields that the target has otherwise.
        reason: Why; "" where it is in the target with another content.
    """

    kind: str
    id: str
    source: str
    differences: tuple[Difference, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merger found.

    Attributes:
        units: In the order they are written.
        balance: Rows; files are not its business.
        places: Per stage: owner -> place.
        names: Number of an experiment in the target -> its name.
        quarantined: In the order of the sources.
        texts: Run -> parameters too long for the target, which gets a shortened value.
        notes: What a reader should know.
    """

    units: tuple[Unit, ...]
    balance: tuple[Balance, ...]
    places: tuple[Mapping[Owner, Place], ...]
    names: Mapping[int, str]
    quarantined: tuple[Quarantined, ...]
    notes: tuple[str, ...]
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Merger(Protocol):
    """Merges private copies into a payload."""

    def merge(self, request: Request, notify: Notify) -> Merged:
        """Decide about every row and write those that arrive into the payload.

        Raises:
            FindingsError: ``consolidate-unknown-table``, ``consolidate-workspaces``,
                ``consolidate-limits``.
            IntegrityError: ``consolidate-unbalanced``.
        """
        ...


@dataclass(frozen=True, slots=True)
class ConsolidationTools:
    """Everything a consolidation is planned with.

    Attributes:
        opener: Finds out what a location is.
        staging: Private copies.
        merger: Their rows.
        reference: Digest of a store as it is.
        source: The same of one that is only read, so that it is known again quickly.
        encoding: In which a database server keeps texts, "" for files.
        digest: SHA-256 of a file, None where there is none.
        free: Free bytes where a path is or will be.
        folder: A private folder that goes again.
        now: The clock.
        made_by: Who asks.
    """

    opener: StoreOpener
    staging: Staging
    merger: Merger
    reference: Callable[[str], StoreRef]
    source: Callable[[str], StoreRef]
    encoding: Callable[[str], str]
    digest: Callable[[str], str | None]
    free: Callable[[str], int]
    folder: Callable[[], AbstractContextManager[Path]]
    now: Callable[[], datetime]
    made_by: str
