"""A store for people: what it holds, its structure, one run, two stores side by side."""

from scorewright.core.store_views.compared import Compared, EntityKind, StoreComparison
from scorewright.core.store_views.comparison import compare_stores
from scorewright.core.store_views.inventory import (
    LEVELS,
    InventoryLevel,
    MetricWish,
    StoreInventory,
    take_inventory,
)
from scorewright.core.store_views.inventory_page import inventory_page
from scorewright.core.store_views.pages import (
    CRITERION_COLUMNS,
    audit_page,
    criterion_rows,
    finding_subjects,
)
from scorewright.core.store_views.run_card import RunCard, card_of, find_run
from scorewright.core.store_views.tree import Node, NodeKind, TreeWish, tree_of

__all__ = [
    "CRITERION_COLUMNS",
    "LEVELS",
    "Compared",
    "EntityKind",
    "InventoryLevel",
    "MetricWish",
    "Node",
    "NodeKind",
    "RunCard",
    "StoreComparison",
    "StoreInventory",
    "TreeWish",
    "audit_page",
    "card_of",
    "compare_stores",
    "criterion_rows",
    "find_run",
    "finding_subjects",
    "inventory_page",
    "take_inventory",
    "tree_of",
]
