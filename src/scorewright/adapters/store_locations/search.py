"""Looks for further stores in a project."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scorewright.adapters.store_locations.look import is_database, is_tree

__all__ = ["other_stores"]

#: Folders below the project, and folders that are looked into at most.
_DEEPEST: Final = 4
_MOST: Final = 5_000
_NAMES: Final = ("mlruns", "mlflow")
_CLOSED: Final = frozenset({"node_modules", "site-packages", "__pycache__"})
_ARCHIVED: Final = ".archived-"
"""In the names of stores that were moved aside."""


def other_stores(root: Path, own: Path | None) -> tuple[str, ...]:
    """Return the paths of stores in a project, but for its own.

    What is called ``mlruns`` or ``mlflow`` is looked at: folders that are trees of files, and
    SQLite databases.

    Args:
        root: Folder of the project.
        own: File or folder of its own store.
    """
    mine = None if own is None else own.resolve()
    found = (path for path in _stores(root) if path.resolve() != mine)
    return tuple(sorted(str(path) for path in found))


def _stores(root: Path) -> Iterator[Path]:
    waiting = deque([(root, 0)])
    looked = 0
    while waiting and looked < _MOST:
        folder, depth = waiting.popleft()
        looked += 1
        is_runs = folder.name.lower().startswith(_NAMES)
        if is_runs and is_tree(folder):
            yield folder
        for entry in _entries(folder):
            if entry.is_file() and _is_named(entry) and is_database(Path(entry.path)):
                yield Path(entry.path)
            # Below a folder of runs lie artifacts.
            elif not is_runs and depth < _DEEPEST and _is_open(entry):
                waiting.append((Path(entry.path), depth + 1))


def _is_open(entry: os.DirEntry[str]) -> bool:
    is_hidden = entry.name.startswith(".") or entry.name in _CLOSED or _ARCHIVED in entry.name
    return not is_hidden and entry.is_dir(follow_symlinks=False)


def _is_named(entry: os.DirEntry[str]) -> bool:
    name = entry.name.lower()
    return name.startswith(_NAMES) and name.endswith((".db", ".sqlite", ".sqlite3"))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []
