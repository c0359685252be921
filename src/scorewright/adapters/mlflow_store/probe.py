"""The state of the store in one line, without opening it with MLflow."""

from __future__ import annotations

from scorewright.adapters.mlflow_store.database import check_database
from scorewright.adapters.mlflow_store.location import StoreKind, StoreLocation
from scorewright.adapters.mlflow_store.schema import installed_head
from scorewright.adapters.mlflow_store.server import require_reachable, require_supported
from scorewright.adapters.mlflow_store.sqlite_file import check_sqlite, count_runs, require_writable

__all__ = ["LocalStoreProbe"]


class LocalStoreProbe:
    """Looks at a tracking store and changes nothing, not even its schema."""

    def __init__(self, tracking_uri: str) -> None:
        self._uri = tracking_uri

    def probe(self) -> str:
        """Return one line on the store's state.

        Raises:
            ScorewrightError: ``store-invalid``, ``store-schema``, ``store-locked``,
                ``store-legacy``, ``store-unreachable``, ``store-write-failed``.
            UsageError: ``store-uri``, ``store-driver``.
        """
        location = StoreLocation.parse(self._uri)
        if location.file is not None:
            if not check_sqlite(location.file, location):
                return f"{location.shown} (made by the first training)"
            require_writable(location.file, location)
            experiments, runs = count_runs(location.file, location)
            return f"{location.shown}: {experiments} experiments, {runs} runs, {_schema()}"
        if location.kind is StoreKind.HTTP:
            require_reachable(location)
            version = require_supported(location)
            return f"{location.shown} answers" + (f", MLflow {version}" if version else "")
        if location.kind is StoreKind.DATABASE:
            filled = check_database(location)
            return f"{location.shown}: " + (_schema() if filled else "empty")
        return location.shown


def _schema() -> str:
    return f"schema {installed_head()} as installed"
