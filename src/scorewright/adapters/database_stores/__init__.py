"""MLflow stores in databases, read in place: never opened with MLflow, never changed."""

from scorewright.adapters.database_stores.presence import require_database
from scorewright.adapters.database_stores.server_store import ServerStore
from scorewright.adapters.database_stores.sqlite_file import opened
from scorewright.adapters.database_stores.sqlite_store import SqliteStore
from scorewright.adapters.database_stores.texts import IN_UTF8, decoded

__all__ = ["IN_UTF8", "ServerStore", "SqliteStore", "decoded", "opened", "require_database"]
