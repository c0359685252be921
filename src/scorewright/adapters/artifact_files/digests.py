"""SHA-256 of many files, two at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from scorewright.adapters.artifact_files.listing import finding_of
from scorewright.core.counting import counted
from scorewright.core.findings import Finding
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone

__all__ = ["digest_all"]

_STAGE = "digesting artifacts"
_CHUNK = 1 << 20
#: The digest lets other threads run, so a second one reads while the first one counts.
_THREADS = 2
#: Files of one task: handing one over costs as much as digesting a small file.
_TASK = 32


class _File(NamedTuple):
    """A file, whatever its names."""

    inode: str
    place: str
    size: int


_Digest = tuple[str, str | None, Finding | None]


def digest_all(
    files: Mapping[str, tuple[str, int]], notify: Notify
) -> tuple[dict[str, str], list[Finding]]:
    """Digest files.

    Args:
        files: "device:inode" -> one of the places of that file, and its size in bytes.
        notify: Told of the files that are done.

    Returns:
        "device:inode" -> SHA-256 in hexadecimal, for those that could be read; and findings of
        those that could not.
    """
    waiting = [_File(inode, place, size) for inode, (place, size) in files.items()]
    tasks = [waiting[first : first + _TASK] for first in range(0, len(waiting), _TASK)]
    size = sum(file.size for file in waiting)
    notify(StageStarted(_STAGE, len(waiting)))
    digests: dict[str, str] = {}
    findings = []
    done = 0
    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            for results in pool.map(_task, tasks):
                for inode, digest, finding in results:
                    if digest is not None:
                        digests[inode] = digest
                    if finding is not None:
                        findings.append(finding)
                done += len(results)
                notify(StepDone(_STAGE, done))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    notify(StageDone(_STAGE, f"{counted(len(digests), 'file')}, {size / 1e6:.1f} MB"))
    return digests, findings


def _task(files: list[_File]) -> list[_Digest]:
    buffer = bytearray(_CHUNK)
    return [_one(file, buffer) for file in files]


def _one(file: _File, buffer: bytearray) -> _Digest:
    digest = hashlib.sha256()
    view = memoryview(buffer)
    size = 0
    try:
        with Path(file.place).open("rb", buffering=0) as source:
            while count := source.readinto(buffer):
                digest.update(view[:count])
                size += count
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        found = finding_of(file.place, f"It cannot be read: {reason}.", reason=reason)
        return file.inode, None, found
    if size != file.size:
        message = f"It had {file.size} bytes when it was listed and {size} when it was read."
        return file.inode, None, finding_of(file.place, message, listed=file.size, read=size)
    return file.inode, digest.hexdigest(), None
