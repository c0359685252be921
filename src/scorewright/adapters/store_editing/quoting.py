"""Names of tables and columns as SQL takes them, whatever characters are in them."""

from __future__ import annotations

__all__ = ["quoted"]


def quoted(name: str) -> str:
    """Return a name in double quotes; those within are doubled."""
    return '"' + name.replace('"', '""') + '"'
