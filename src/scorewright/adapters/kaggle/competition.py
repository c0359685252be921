"""Kaggle's own library, kept quiet, with its errors in our words."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

from scorewright.adapters.guarded import sync_directory, sync_file
from scorewright.adapters.kaggle.folder import ASIDE
from scorewright.core.errors import MissingExtraError, ScorewrightError, UsageError
from scorewright.flows.download import RemoteSet

__all__ = ["KaggleCompetition"]

_QUIET: Final = {"TQDM_DISABLE": "1", "KAGGLEHUB_VERBOSITY": "error"}
_CACHE: Final = "KAGGLEHUB_CACHE"
_EVERY: Final = 0.5  # seconds between two looks at how much has come


class KaggleCompetition:
    """`DownloadSource` over the ``kagglehub`` package.

    The library looks for credentials itself, in this order: ``KAGGLE_API_TOKEN``,
    ``~/.kaggle/access_token``, ``KAGGLE_USERNAME`` with ``KAGGLE_KEY``, and ``kaggle.json`` in
    ``KAGGLE_CONFIG_DIR`` or ``~/.kaggle``. We never read, keep or print them.

    Files come into a folder aside, from which a transfer that was broken off goes on; a whole one
    is renamed into place.
    """

    def check(self, remote: RemoteSet) -> None:
        """Make sure there are credentials; see `scorewright.flows.download.DownloadSource`."""
        hub = _library()
        try:
            found = hub.config.get_kaggle_credentials()
        except (ValueError, OSError) as error:
            raise _credentials(remote, f"The Kaggle credentials cannot be read: {error}") from error
        if not found:
            raise _credentials(remote, "No Kaggle credentials were found.")

    def fetch(
        self, remote: RemoteSet, file: str, folder: Path, progress: Callable[[int], None]
    ) -> None:
        """Fetch one file; see `scorewright.flows.download.DownloadSource`."""
        hub = _library()
        aside = folder / ASIDE
        try:
            aside.mkdir(parents=True, exist_ok=True)
            _forget_half_unpacked(aside, file)
            with _cache_in(aside), _watched(aside, progress), redirect_stdout(sys.stderr):
                path = Path(hub.competition_download(remote.source, file))
            sync_file(path)
            path.replace(folder / file)
            sync_directory(folder)
        except ScorewrightError:
            raise
        except Exception as error:
            raise _translated(error, remote, file, hub) from error


def _library() -> ModuleType:
    """Import the library when it is needed: it takes half a second and talks on stdout."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        with redirect_stdout(sys.stderr):
            return import_module("kagglehub")
    except ModuleNotFoundError as error:
        raise MissingExtraError("kagglehub", "kaggle") from error


@contextmanager
def _cache_in(folder: Path) -> Iterator[None]:
    """Let the library keep its files here: a variable is the one way to tell it so."""
    before = os.environ.get(_CACHE)
    os.environ[_CACHE] = str(folder.resolve())
    try:
        yield
    finally:
        if before is None:
            del os.environ[_CACHE]
        else:
            os.environ[_CACHE] = before


@contextmanager
def _watched(folder: Path, progress: Callable[[int], None]) -> Iterator[None]:
    """Tell now and then how much has come."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_EVERY):
            progress(_size(folder))

    thread = threading.Thread(target=watch, name="download-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _size(folder: Path) -> int:
    size = 0
    for path in folder.rglob("*"):
        try:
            size += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue  # renamed meanwhile
    return size


def _forget_half_unpacked(aside: Path, file: str) -> None:
    """Remove a file whose unpacking was broken off: the library would take it for half an archive.

    It unpacks ``NAME.zip`` into ``NAME`` and then removes the archive.
    """
    for archive in list(aside.rglob(f"{file}.zip")):
        archive.with_suffix("").unlink(missing_ok=True)
        archive.unlink()


def _translated(
    error: Exception, remote: RemoteSet, file: str, hub: ModuleType
) -> ScorewrightError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, hub.exceptions.UnauthenticatedError):
        return _credentials(remote, "No Kaggle credentials were found.")
    if status == HTTPStatus.UNAUTHORIZED:
        return _credentials(remote, "Kaggle does not know these credentials.")
    if status == HTTPStatus.FORBIDDEN:
        return UsageError(
            f"Kaggle refuses {file} of '{remote.source}': the rules of the competition are not "
            "accepted, or the credentials may not read it.",
            remedy=f"Sign in to Kaggle, accept the rules at {remote.url}/rules and run the "
            "command again.",
            code="kaggle-refused",
            details={"file": file, "url": f"{remote.url}/rules"},
        )
    # The errors of the network are OSErrors too; those of the disk have no request.
    if isinstance(error, OSError) and not hasattr(error, "request"):
        return ScorewrightError(
            f"{file} could not be written: {error.strerror or error}.",
            remedy="Free some space or check the permissions of the folder, then run the command "
            "again; it goes on where it stopped.",
            code="write-failed",
            details={"file": file},
        )
    return _failed(error, file, status)


def _failed(error: Exception, file: str, status: int | None) -> ScorewrightError:
    what = f"Kaggle answers with status {status}" if status else _first_line(error)
    return ScorewrightError(
        f"{file} could not be fetched: {what}. Files that came before are kept.",
        remedy="Check the connection and run the command again; it goes on where it stopped.",
        code="download-failed",
        details={"file": file, "status": status},
    )


def _credentials(remote: RemoteSet, what: str) -> UsageError:
    return UsageError(
        what,
        remedy="Make an API token at https://www.kaggle.com/settings/api, put it into "
        "KAGGLE_API_TOKEN or ~/.kaggle/access_token (or KAGGLE_USERNAME and KAGGLE_KEY, or "
        f"~/.kaggle/kaggle.json), and accept the rules of the competition at {remote.url}/rules.",
        code="kaggle-credentials",
        details={"url": f"{remote.url}/rules"},
    )


def _first_line(error: Exception) -> str:
    text = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return f"{type(error).__name__}: {text[:200]}".rstrip(".")
