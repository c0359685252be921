"""Takes the inventory of a store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from scorewright.core.findings import Finding
from scorewright.core.snapshot import FILES, RootRule, Snapshot, empty
from scorewright.core.store_views import MetricWish, StoreInventory, take_inventory
from scorewright.flows.events import Notify, ignore
from scorewright.flows.store.ports import OpenedStore

__all__ = ["FileWish", "Holdings", "inventory_store", "read_holdings"]


@dataclass(frozen=True, slots=True)
class FileWish:
    """What is asked of the artifact files.

    Attributes:
        is_listed: List them at all.
        is_hashed: Read each for its SHA-256.
        roots: Where moved artifact roots lie now; further ones are guessed.
    """

    is_listed: bool = True
    is_hashed: bool = False
    roots: Iterable[RootRule] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Holdings:
    """A store that was read.

    Attributes:
        snapshot: Its rows.
        files: Its artifact files, columns of `scorewright.core.snapshot.FILES`.
        findings: What could not be read of the files.
    """

    snapshot: Snapshot
    files: pl.DataFrame
    findings: tuple[Finding, ...] = ()


def read_holdings(
    opened: OpenedStore, wish: FileWish, notify: Notify, *, history: bool = False
) -> Holdings:
    """Read the rows of a store and list its files.

    Args:
        opened: The store.
        wish: What is asked of the files.
        notify: Told of the progress.
        history: Read every value of every metric too.

    Raises:
        ScorewrightError: ``store-invalid``, ``store-locked``, ``store-unreachable``.
    """
    snapshot = opened.reader.read(notify, history=history)
    if not wish.is_listed:
        return Holdings(snapshot, empty(FILES))
    found = opened.files.inventory(snapshot, notify, rules=wish.roots, hashed=wish.is_hashed)
    return Holdings(snapshot, found.files, found.findings)


def inventory_store(
    opened: OpenedStore,
    metric: MetricWish | None = None,
    files: FileWish | None = None,
    notify: Notify = ignore,
) -> StoreInventory:
    """Take the inventory of a store; nothing is changed.

    Args:
        opened: The store.
        metric: By which the best runs are told.
        files: What is asked of the artifact files.
        notify: Told of the progress.

    Raises:
        ScorewrightError: What `read_holdings` raises.
        UsageError: ``metric-unknown``.
    """
    held = read_holdings(opened, files or FileWish(), notify)
    return take_inventory(held.snapshot, held.files, metric, held.findings)
