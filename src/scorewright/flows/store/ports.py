"""What stewardship needs from the world: stores that can be read, and their files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from scorewright.core.findings import Finding
from scorewright.core.snapshot import RootRule, Snapshot
from scorewright.flows.events import Notify

__all__ = ["ArtifactFiles", "Inventory", "OpenedStore", "StoreOpener", "StoreReader"]


class StoreReader(Protocol):
    """One store, read in place and never changed: not its schema, not a byte."""

    def read(self, notify: Notify, *, history: bool = False) -> Snapshot:
        """Read everything in one transaction, or as near to it as the store allows.

        Args:
            notify: Told of the progress.
            history: Read every value of every metric too.

        Raises:
            ScorewrightError: ``store-invalid``: no store, empty, damaged or foreign;
                ``store-locked``, ``store-unreachable``.
            UsageError: ``store-driver``.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Inventory:
    """The artifact files of a store.

    Attributes:
        files: Columns of `scorewright.core.snapshot.FILES`.
        rules: From old roots to new ones: those given, then those guessed, the latter with votes.
        missing: Owners whose folder is not there or cannot be reached: ``owner``, ``owner_id``,
            ``address``, ``place`` (null where no rule reaches it) and ``reason``: ``absent``,
            ``unresolved`` or ``remote``.
        findings: What could not be read.
    """

    files: pl.DataFrame
    rules: tuple[RootRule, ...]
    missing: pl.DataFrame
    findings: tuple[Finding, ...] = ()


class ArtifactFiles(Protocol):
    """The files of a store's artifacts on this machine."""

    def inventory(
        self,
        snapshot: Snapshot,
        notify: Notify,
        *,
        rules: Iterable[RootRule] = (),
        hashed: bool = False,
    ) -> Inventory:
        """List the files of runs, logged models and model versions, and those of nobody.

        Args:
            snapshot: The store.
            notify: Told of the progress.
            rules: Where moved roots lie now; further ones are guessed.
            hashed: Read every file for its SHA-256; hard links are read once.
        """
        ...


@dataclass(frozen=True, slots=True)
class OpenedStore:
    """A store that was found.

    Attributes:
        location: For people.
        reader: Its rows.
        files: Its artifacts.
        folder: Where its files lie on this machine, None for servers.
    """

    location: str
    reader: StoreReader
    files: ArtifactFiles
    folder: Path | None = None


class StoreOpener(Protocol):
    """Finds out what a location is, and changes nothing."""

    def open(self, location: str) -> OpenedStore:
        """Open a store by a URI, a database file or a folder.

        Args:
            location: ``sqlite:///x.db``, ``x.db``, ``mlruns``, ``file:./mlruns``,
                ``postgresql://...``, ``mysql://...``, ``http://...``.

        Raises:
            ScorewrightError: ``store-invalid``: there is nothing, or no store.
            UsageError: ``store-uri``, ``store-driver``.
        """
        ...
