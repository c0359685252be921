"""MLflow as the system of record: runs, models, and the state of the store itself."""

from scorewright.adapters.mlflow_store.conventions_file import load_conventions
from scorewright.adapters.mlflow_store.probe import LocalStoreProbe
from scorewright.adapters.mlflow_store.run_index import MlflowRunIndex
from scorewright.adapters.mlflow_store.run_log import MlflowRunLog
from scorewright.adapters.mlflow_store.schema import installed_head
from scorewright.adapters.mlflow_store.ui import run_ui

__all__ = [
    "LocalStoreProbe",
    "MlflowRunIndex",
    "MlflowRunLog",
    "installed_head",
    "load_conventions",
    "run_ui",
]
