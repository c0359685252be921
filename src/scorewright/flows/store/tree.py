"""Draws the structure of a store."""

from __future__ import annotations

from scorewright.core.store_views import Node, TreeWish, tree_of
from scorewright.flows.events import Notify, ignore
from scorewright.flows.store.inventory import FileWish, read_holdings
from scorewright.flows.store.ports import OpenedStore

__all__ = ["store_tree"]


def store_tree(opened: OpenedStore, wish: TreeWish | None = None, notify: Notify = ignore) -> Node:
    """Arrange a store as a tree; nothing is changed.

    Args:
        opened: The store.
        wish: How much of it, and whether files are listed.
        notify: Told of the progress.

    Raises:
        ScorewrightError: ``store-invalid``, ``store-locked``, ``store-unreachable``.
    """
    wished = wish or TreeWish()
    held = read_holdings(opened, FileWish(is_listed=wished.has_files), notify)
    return tree_of(held.snapshot, held.files, wished)
