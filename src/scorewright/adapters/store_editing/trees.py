"""A file tree copied whole, proved file by file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from scorewright.adapters.guarded import sync_directory
from scorewright.adapters.store_editing.contents import copy_proved, sha256_of
from scorewright.adapters.store_editing.locking import alone_in
from scorewright.adapters.store_editing.places import utf8
from scorewright.adapters.store_editing.references import STATE_FOLDER, listing_digest
from scorewright.adapters.store_editing.refusals import invalid, writing
from scorewright.core.digests import canonical_json, sha256_hex, short
from scorewright.core.errors import ScorewrightError
from scorewright.flows.store.editing import Backup

__all__ = ["TreeKeeper", "copy_tree", "tree_digest"]

_PARTIAL: Final = ".backup.partial"
_FOLDER: Final = "folder"


class TreeKeeper:
    """Copies the folder of a file store, artifacts included; links stay links.

    Args:
        tree: The folder that holds the experiments.
    """

    def __init__(self, tree: Path) -> None:
        self._tree = tree.absolute()

    def backup(self, folder: Path) -> Backup:
        """Copy the tree into ``backup-<UTC>-<short digest>``.

        Raises:
            ScorewrightError: ``store-invalid``, ``store-write-failed``, ``store-changed``,
                ``store-busy``.
            IntegrityError: ``copy-differs``.
        """
        if not self._tree.is_dir():
            raise invalid("it is no folder", str(self._tree))
        if _is_inside(folder, self._tree):
            raise invalid("a backup cannot lie within what it copies", str(self._tree))
        with alone_in(folder):
            return self._backed_up(folder)

    def _backed_up(self, folder: Path) -> Backup:
        partial = folder / _PARTIAL
        shutil.rmtree(partial, ignore_errors=True)
        try:
            with writing(partial):
                before = listing_digest([self._tree], is_timed=True)
                digest, files = copy_tree(self._tree, partial)
                if listing_digest([self._tree], is_timed=True) != before:
                    raise _changed(self._tree)
                stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
                path = folder / f"backup-{stamp}-{short(digest)}"
                partial.rename(path)
                sync_directory(folder)
        finally:
            with suppress(OSError):
                shutil.rmtree(partial, ignore_errors=True)
        return Backup(str(path), digest, files)


def tree_digest(tree: Path) -> tuple[str, int]:
    """Return the digest over names and contents of a tree, and its number of files.

    Args:
        tree: Empty folders and links count too.

    Raises:
        OSError: Something cannot be read.
    """
    lines = [[name, _content(place)] for name, place in _walked(tree)]
    return _digest(lines), sum(content != _FOLDER for _, content in lines)


def copy_tree(tree: Path, target: Path) -> tuple[str, int]:
    """Copy a tree, each file proved; return its digest and its number of files.

    Args:
        tree: The folder.
        target: Not there yet.

    Raises:
        IntegrityError: ``copy-differs``.
        OSError: As the system says.
    """
    target.mkdir(parents=True)
    folders = [target]
    lines = []
    for name, origin in _walked(tree):
        place = target / name
        content = _content(origin)
        lines.append([name, content])
        if content == _FOLDER:
            place.mkdir()
            folders.append(place)
        elif origin.is_symlink():
            place.symlink_to(origin.readlink())
        else:
            copy_proved(origin, place, content, "reflink")
    for folder in reversed(folders):
        sync_directory(folder)
    return _digest(lines), len(lines) - len(folders) + 1


def _walked(tree: Path) -> Iterator[tuple[str, Path]]:
    """Give everything below a folder by its relative path, a folder before what it holds."""
    for here, folders, files in os.walk(tree):
        if STATE_FOLDER in folders:
            folders.remove(STATE_FOLDER)
        folders.sort()
        for name in (*folders, *sorted(files)):
            place = Path(here) / name
            # Pipes, sockets and devices have no content.
            if place.is_symlink() or place.is_dir() or place.is_file():
                yield place.relative_to(tree).as_posix(), place


def _content(place: Path) -> str:
    if place.is_symlink():
        return utf8(f"link {place.readlink().as_posix()}")
    return _FOLDER if place.is_dir() else str(sha256_of(place))


def _digest(lines: list[list[str]]) -> str:
    return sha256_hex(canonical_json(sorted([utf8(name), content] for name, content in lines)))


def _is_inside(folder: Path, tree: Path) -> bool:
    real = Path(os.path.realpath(folder))
    root = Path(os.path.realpath(tree))
    return real.is_relative_to(root) and STATE_FOLDER not in real.relative_to(root).parts


def _changed(tree: Path) -> ScorewrightError:
    return ScorewrightError(
        f"The store {tree} was changed while it was copied; the copy was thrown away.",
        remedy="Stop the training or the server that writes to it, then run the same command "
        "again.",
        code="store-changed",
    )
