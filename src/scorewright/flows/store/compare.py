"""Compares two stores."""

from __future__ import annotations

from dataclasses import dataclass, field

from scorewright.core.store_views import StoreComparison, compare_stores
from scorewright.flows.events import Notify, StageDone, StageStarted, ignore
from scorewright.flows.store.inventory import FileWish, read_holdings
from scorewright.flows.store.ports import OpenedStore

__all__ = ["CompareWish", "compare_two"]


@dataclass(frozen=True, slots=True)
class CompareWish:
    """How far a comparison goes.

    Attributes:
        has_history: Compare every value of every metric, not the last ones only.
        files: Whether and how artifact files are compared: by size, hashed ones by content.
    """

    has_history: bool = True
    files: FileWish = field(default_factory=lambda: FileWish(is_listed=False))


def compare_two(
    a: OpenedStore, b: OpenedStore, wish: CompareWish | None = None, notify: Notify = ignore
) -> StoreComparison:
    """Say what only one of two stores has, what is the same and what differs.

    Args:
        a: One store.
        b: The other.
        wish: How far to go.
        notify: Told of the progress.

    Raises:
        ScorewrightError: ``store-invalid``, ``store-locked``, ``store-unreachable``.
    """
    wished = wish or CompareWish()
    mine = read_holdings(a, wished.files, notify, history=wished.has_history)
    theirs = read_holdings(b, wished.files, notify, history=wished.has_history)
    notify(StageStarted("compare"))
    files = (mine.files, theirs.files) if wished.files.is_listed else None
    result = compare_stores(mine.snapshot, theirs.snapshot, files)
    same = sum(part.same for part in result.parts)
    notify(StageDone("compare", f"the same in both: {same:,}"))
    return result
