"""Histories of any size: their rows from files, URLs and databases, and the folder of a build."""

from scorewright.adapters.histories.places import shown
from scorewright.adapters.histories.rows import Rows
from scorewright.adapters.histories.whole import AnyTableReader
from scorewright.adapters.histories.workspace import DiskWorkspace

__all__ = ["AnyTableReader", "DiskWorkspace", "Rows", "shown"]
