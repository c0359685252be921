"""MLflow as the system of record: runs, models, and the state of the store itself."""

from scorewright.adapters.mlflow_store.conventions_file import load_conventions
from scorewright.adapters.mlflow_store.location import StoreKind, StoreLocation
from scorewright.adapters.mlflow_store.opening import open_client
from scorewright.adapters.mlflow_store.probe import LocalStoreProbe
from scorewright.adapters.mlflow_store.run_index import MlflowRunIndex
from scorewright.adapters.mlflow_store.run_log import MlflowRunLog
from scorewright.adapters.mlflow_store.schema import installed_head
from scorewright.adapters.mlflow_store.sqlite_file import check_sqlite
from scorewright.adapters.mlflow_store.ui import run_ui
from scorewright.adapters.mlflow_store.vendor_errors import translated, unreachable

__all__ = [
    "LocalStoreProbe",
    "MlflowRunIndex",
    "MlflowRunLog",
    "StoreKind",
    "StoreLocation",
    "check_sqlite",
    "installed_head",
    "load_conventions",
    "open_client",
    "run_ui",
    "translated",
    "unreachable",
]
