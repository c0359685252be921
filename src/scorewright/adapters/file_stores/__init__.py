"""Trees of files that MLflow writes as ``mlruns``, read without MLflow."""

from scorewright.adapters.file_stores.store import FileStore

__all__ = ["FileStore"]
