"""Search for folders by name, near a store."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection, Iterator
from pathlib import Path

__all__ = ["find_folders"]

#: Folders below a start, and folders that are looked into at most.
_DEEPEST, _MOST = 4, 50_000
#: Nothing is looked for in these: what lies there belongs to a run.
_CLOSED = frozenset(
    {"artifacts", "metrics", "params", "tags", "inputs", "outputs", "traces", "datasets"}
)


def find_folders(
    folder: Path, names: Collection[str], *, is_wide: bool = False
) -> Iterator[tuple[str, str]]:
    """Find folders of given names in a store's folder and in those that are usual beside it.

    A name may be found more than once: the folder of a run in a tree and that of its artifacts
    elsewhere.

    Args:
        folder: The store's folder.
        names: Ids of runs and models.
        is_wide: Look into everything around the store instead. A copy of the store may lie there.

    Yields:
        Name and absolute path with slashes.
    """
    if not names:
        return
    seen: set[str] = set()
    usual = (folder, folder.parent / "mlruns", folder.parent / "mlartifacts")
    for start in (folder.parent,) if is_wide else usual:
        yield from _search(start, names, seen)


def _search(start: Path, names: Collection[str], seen: set[str]) -> Iterator[tuple[str, str]]:
    waiting = deque([(start.as_posix(), 0)])
    looked = 0
    while waiting and looked < _MOST:
        path, depth = waiting.popleft()
        if (real := os.path.realpath(path)) in seen:
            continue
        seen.add(real)
        looked += 1
        for name, below in _folders(path):
            if name in names:
                yield name, below
            elif depth + 1 < _DEEPEST and _is_open(name):
                waiting.append((below, depth + 1))


def _folders(path: str) -> list[tuple[str, str]]:
    try:
        with os.scandir(path) as entries:
            return sorted((entry.name, f"{path}/{entry.name}") for entry in entries if _is(entry))
    except OSError:
        return []


def _is(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_open(name: str) -> bool:
    return name == ".trash" or not (name.startswith(".") or name in _CLOSED)
