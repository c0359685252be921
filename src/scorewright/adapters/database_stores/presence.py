"""Whether there is a store at all, before anything is done with its database."""

from __future__ import annotations

from pathlib import Path

from scorewright.adapters.database_stores.server_store import ServerStore
from scorewright.adapters.database_stores.sqlite_store import SqliteStore

__all__ = ["require_database"]


def require_database(address: str) -> None:
    """Refuse a sound database of something else, as a reader would.

    Args:
        address: Path of a SQLite file, or address of a server's database.

    Raises:
        ScorewrightError: ``store-invalid``, ``store-locked``, ``store-unreachable``.
        UsageError: ``store-driver``, ``store-uri``.
    """
    is_server = "://" in address and not address.startswith("sqlite:///")
    if is_server:
        ServerStore(address, "").require()
    else:
        SqliteStore(Path(address.removeprefix("sqlite:///")), "").require()
