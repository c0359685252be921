"""Fetch a data set from where it is kept, with the user's own right to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Protocol

from scorewright.core.errors import UsageError
from scorewright.flows.events import Note, Notify, StageDone, StageStarted, StepDone
from scorewright.flows.ports import Clock

__all__ = [
    "REMOTE_SETS",
    "Download",
    "DownloadFolder",
    "DownloadSource",
    "DownloadTools",
    "DownloadedFile",
    "RemoteSet",
    "Written",
    "download",
]

STAGE: Final = "download"
RECORD: Final = "download.json"
_MEGABYTE: Final = 1e6

Progress = Callable[[int], None]
"""Hears how many bytes of the present file have come."""


@dataclass(frozen=True, slots=True)
class RemoteSet:
    """A data set that is not ours to ship.

    Attributes:
        name: ``home-credit``.
        title: For people.
        source: Its name where it is kept.
        url: Its page, with the terms of use.
        files: The files to fetch.
    """

    name: str
    title: str
    source: str
    url: str
    files: tuple[str, ...]


REMOTE_SETS: Final = {
    "home-credit": RemoteSet(
        name="home-credit",
        title="Home Credit Default Risk",
        source="home-credit-default-risk",
        url="https://www.kaggle.com/competitions/home-credit-default-risk",
        files=(
            "application_train.csv",
            "bureau.csv",
            "bureau_balance.csv",
            "previous_application.csv",
            "POS_CASH_balance.csv",
            "installments_payments.csv",
            "credit_card_balance.csv",
        ),
    )
}
"""The data sets that can be fetched, by name."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file on the disk: its size and the SHA-256 of its bytes."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A file of the data set.

    Attributes:
        name: Its name.
        bytes: Its size.
        sha256: Digest of its bytes.
        is_new: Whether it was fetched now; False where it was there before and was kept.
    """

    name: str
    bytes: int
    sha256: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Download:
    """A data set on the disk.

    Attributes:
        name: ``home-credit``.
        title: For people.
        url: Where it is from.
        folder: Where it lies.
        fetched_at: When this was written, ISO 8601 in UTC.
        files: Its files.
    """

    name: str
    title: str
    url: str
    folder: str
    fetched_at: str
    files: tuple[DownloadedFile, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``download.json`` and ``data download --json``."""
        return {"schema_version": 1, **asdict(self), "files": [asdict(each) for each in self.files]}


class DownloadSource(Protocol):
    """Where a data set is kept."""

    def check(self, remote: RemoteSet) -> None:
        """Make sure that the user may ask, before anything is fetched.

        Raises:
            UsageError: ``kaggle-credentials``.
        """
        ...

    def fetch(self, remote: RemoteSet, file: str, folder: Path, progress: Progress) -> None:
        """Fetch one file into a folder: whole, or not at all.

        A transfer that was broken off goes on where it stopped when it is asked for again.

        Raises:
            UsageError: ``kaggle-credentials``, ``kaggle-refused`` (terms of use not accepted).
            ScorewrightError: ``download-failed``, ``write-failed``.
        """
        ...


class DownloadFolder(Protocol):
    """The folder a data set is put into."""

    def measure(self, file: Path) -> Written | None:
        """Return size and digest of a file, or None where there is none."""
        ...

    def finish(self, folder: Path, record: str, document: dict[str, Any]) -> None:
        """Write the record aside and rename it; remove what was kept to go on from.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        ...


@dataclass(frozen=True, slots=True)
class DownloadTools:
    """What a download needs from the world."""

    source: DownloadSource
    folder: DownloadFolder
    clock: Clock


def download(name: str, folder: Path, tools: DownloadTools, notify: Notify) -> Download:
    """Fetch the files of a data set that are not there yet.

    Args:
        name: One of `REMOTE_SETS`.
        folder: Where the files shall lie; made if missing.
        tools: Where they come from, where they go.
        notify: Hears the progress; a file that is kept is said.

    Returns:
        What lies in the folder now; also written there as ``download.json``.

    Raises:
        UsageError: ``dataset-unknown``, ``kaggle-credentials``, ``kaggle-refused``.
        ScorewrightError: ``download-failed``, ``write-failed``; files that came before stay, and
            the next call goes on from there.
    """
    remote = _remote(name)
    kept = {file: tools.folder.measure(folder / file) for file in remote.files}
    missing = [file for file in remote.files if kept[file] is None]
    if missing:
        tools.source.check(remote)
    notify(StageStarted(STAGE, steps=len(remote.files)))
    found: list[DownloadedFile] = []
    for done, file in enumerate(remote.files):
        before = kept[file]
        if before is None:
            tools.source.fetch(remote, file, folder, _said(notify, done, file))
            written = tools.folder.measure(folder / file)
        else:
            notify(Note(f"{file} is there already and is kept."))
            written = before
        if written is not None:
            found.append(DownloadedFile(file, written.bytes, written.sha256, before is None))
        notify(StepDone(STAGE, done + 1, file))
    now = tools.clock.now().isoformat()
    result = Download(remote.name, remote.title, remote.url, str(folder), now, tuple(found))
    tools.folder.finish(folder, RECORD, result.to_dict())
    notify(StageDone(STAGE, _summary(found)))
    return result


def _remote(name: str) -> RemoteSet:
    remote = REMOTE_SETS.get(name)
    if remote is None:
        near = get_close_matches(name, REMOTE_SETS, n=3) or list(REMOTE_SETS)
        raise UsageError(
            f"There is no data set called '{name}' to download.",
            remedy=f"Name one of: {', '.join(near)}.",
            code="dataset-unknown",
        )
    return remote


def _said(notify: Notify, done: int, file: str) -> Progress:
    def progress(so_far: int) -> None:
        notify(StepDone(STAGE, done, f"{file}, {so_far / _MEGABYTE:,.0f} MB"))

    return progress


def _summary(found: Sequence[DownloadedFile]) -> str:
    new = [file for file in found if file.is_new]
    size = sum(file.bytes for file in new) / _MEGABYTE
    kept = len(found) - len(new)
    return f"{len(new)} files, {size:,.0f} MB" + (f"; {kept} kept" if kept else "")
