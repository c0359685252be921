"""``sync.json`` beside the bundles, and the lock of the one process that writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from scorewright.adapters.durable import save
from scorewright.adapters.guarded import read_regular
from scorewright.core.errors import ScorewrightError
from scorewright.flows.sync import SyncReport

__all__ = ["SyncFile", "only_one"]

LIMIT = 100_000


class SyncFile:
    """Keeps the port ``SyncMemory``.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> SyncReport | None:
        """Return the last state, None where there is none that can be read."""
        try:
            return SyncReport.from_dict(json.loads(read_regular(self._path, LIMIT)))
        except (OSError, OverflowError, RecursionError):
            return None
        except (ValueError, TypeError, KeyError, AttributeError):  # not such a document
            return None

    def write(self, state: SyncReport) -> None:
        """Replace the state.

        Writers of bundles sweep what other writers left aside; what `save` writes aside has
        another name, as this is written without their lock.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        data = json.dumps(state.to_dict(), indent=2, sort_keys=True).encode("utf-8")
        save(self._path, lambda stream: stream.write(data + b"\n"))


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Be the only process that follows a registry for this folder.

    Args:
        path: The lock's file; the system takes the lock back from a process that dies.

    Raises:
        ScorewrightError: ``sync-running``, ``write-failed``.
    """
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ScorewrightError(
            f"Another process follows a registry for {path.parent} already.",
            remedy="Let it do so, or end it first: 'scorewright serve --model-uri' starts one too.",
            code="sync-running",
        ) from error
    except OSError as error:
        raise _failed(path, error) from error
    try:
        yield
    finally:
        lock.release()


def _failed(path: Path, error: OSError) -> ScorewrightError:
    return ScorewrightError(
        f"{path} cannot be written: {error.strerror or error}.",
        remedy="Check permissions and free space, then try again.",
        code="write-failed",
    )
