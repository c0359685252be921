"""Histories of any size: their rows from files, URLs and databases, and the folder of a build."""

from scorewright.adapters.histories.rows import Rows
from scorewright.adapters.histories.workspace import DiskWorkspace

__all__ = ["DiskWorkspace", "Rows"]
