"""Writing into a store of bundles: one writer at a time, everything aside and renamed."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from scorewright.adapters.guarded import held_file, sync_directory, sync_file, write_new
from scorewright.core.errors import ScorewrightError

__all__ = ["incoming", "names_in", "try_writing", "write_folder", "writing"]

_PARTIAL = ".partial-"
_INCOMING = ".incoming-"


def names_in(directory: Path) -> list[str]:
    """Return what lies in a folder, sorted; nothing where there is no folder."""
    if not directory.is_dir():
        return []
    return sorted(path.name for path in directory.iterdir())


@contextmanager
def writing(directory: Path, lock_seconds: float) -> Iterator[None]:
    """Be the only writer; sweep what a killed writer left; translate the system's errors.

    Args:
        directory: The store; made where it is missing.
        lock_seconds: How long to wait for another writer.

    Raises:
        ScorewrightError: ``write-failed``, ``bundle-store-locked``.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with FileLock(directory / ".lock", timeout=lock_seconds):
            _sweep(directory, _PARTIAL)
            yield
    except Timeout as error:
        raise ScorewrightError(
            f"Another process has been writing to {directory} for too long.",
            remedy="Wait for it to end, then try again.",
            code="bundle-store-locked",
        ) from error
    except OSError as error:
        raise ScorewrightError(
            f"{directory} cannot be written: {error.strerror or error}.",
            remedy="Check permissions and free space, then try again; nothing was published.",
            code="write-failed",
        ) from error


@contextmanager
def incoming(directory: Path, lock_seconds: float) -> Iterator[Path]:
    """Give a folder for what is being fetched; it is gone afterwards.

    It lies in the store, as that disk has to hold the bundle anyway. What a killed process
    left is swept: only one process fetches at a time.

    Args:
        directory: The store.
        lock_seconds: How long to wait for another writer.

    Raises:
        ScorewrightError: ``write-failed``, ``bundle-store-locked``.
    """
    folder = directory / f"{_INCOMING}{secrets.token_hex(8)}"
    with writing(directory, lock_seconds):
        _sweep(directory, _INCOMING)
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_folder(files: Mapping[str, bytes], target: Path) -> None:
    """Write, sync, rename. Until the rename nobody can see anything.

    Args:
        files: Relative path, with slashes, -> content.
        target: The folder that appears.
    """
    aside = target.with_name(f"{_PARTIAL}{secrets.token_hex(8)}")
    try:
        aside.mkdir()
        folders = {aside}
        for name, data in files.items():
            path = aside / PurePosixPath(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            folders.update(p for p in path.parents if p.is_relative_to(aside))
            write_new(path, data)
        for folder in folders:
            sync_directory(folder)
        aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)  # nothing is there after the rename
    sync_directory(target.parent)


def try_writing(directory: Path) -> None:
    """Write an empty file and remove it: what cannot be written is known before any work."""
    with held_file(directory) as aside:
        sync_file(aside)


def _sweep(directory: Path, beginning: str) -> None:
    """Remove what killed processes left."""
    for name in names_in(directory):
        path = directory / name
        if not name.startswith(beginning):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
