"""Bringing files and renames to disk."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["sync_file", "sync_folder"]


def sync_file(path: Path) -> None:
    """Wait until a file's content is on disk."""
    _sync(path)


def sync_folder(folder: Path) -> None:
    """Wait until the names of a folder are on disk (Windows has no handle on folders)."""
    if os.name != "nt":
        _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
