"""Batches on disk, and the child processes that score them."""

from scorewright.adapters.batch_jobs.child import ChildRunner
from scorewright.adapters.batch_jobs.desk import DiskDesk
from scorewright.adapters.batch_jobs.folder import BatchFolder, Progress

__all__ = ["BatchFolder", "ChildRunner", "DiskDesk", "Progress"]
