"""Trees of files that MLflow writes as ``mlruns``, read without MLflow."""

from scorewright.adapters.file_stores.store import FileStore
from scorewright.adapters.file_stores.traces import TreeAssessment, TreeTrace, traces_of_tree

__all__ = ["FileStore", "TreeAssessment", "TreeTrace", "traces_of_tree"]
