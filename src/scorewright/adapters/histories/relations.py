"""Relations of databases: their names in SQL, and what to say where one is missing."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from scorewright.adapters.histories.chunks import failed
from scorewright.core.errors import UsageError
from scorewright.flows.ports import TableFile

__all__ = ["quoted_name", "unknown_relation"]


def unknown_relation(
    table: TableFile, place: str, present: Sequence[str], error: Exception | None = None
) -> UsageError:
    """Make the error for a relation that is not in the database."""
    wanted = table.relation or ""
    near = get_close_matches(wanted, present, n=3) or [
        name for name in present if name.rpartition(".")[2] == wanted.rpartition(".")[2]
    ]
    near = near or list(present[:10])
    reason = "there is no such table or view."
    if error is not None and wanted in present:
        reason = str(error).strip().splitlines()[0][:300]
    there = f"There are: {', '.join(near)}." if near else "There are none."
    return failed(table.name, place, reason, f"{there} Correct 'relation'.")


def quoted_name(name: str) -> str:
    """Quote one column name."""
    return '"' + name.replace('"', '""') + '"'
