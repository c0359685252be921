"""The journal of what was deleted for good."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scorewright.adapters.store_editing.journal import JsonlJournal

__all__ = ["PURGES", "is_purged", "journal_of_purges"]

PURGES: Final = "purges"


def journal_of_purges(folder: Path) -> JsonlJournal:
    """Return the journal in the folder of a store's state."""
    return JsonlJournal(folder / f"{PURGES}.jsonl", PURGES)


def is_purged(folder: Path, plan: str, began: str) -> bool:
    """Tell whether what was kept of a plan has been deleted, or has begun to be.

    Args:
        folder: Of the store's state.
        plan: Id of the plan.
        began: When it was carried out, as its receipt says: it may have been more than once.
    """
    return any(
        entry["entry"] == "begin" and (entry["plan"], entry["began"]) == (plan, began)
        for entry in journal_of_purges(folder).entries()
    )
