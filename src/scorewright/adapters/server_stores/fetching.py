"""Artifact files behind a tracking server, brought to this machine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path, PurePosixPath
from typing import Final

from scorewright.adapters.server_stores.client import RestClient
from scorewright.adapters.server_stores.traces import SPANS
from scorewright.core.errors import ScorewrightError
from scorewright.core.findings import Finding

__all__ = ["ATTACHMENTS", "Fetcher"]

#: Folder of a trace's attachments, below its artifacts.
ATTACHMENTS: Final = "attachments/"

_CHUNK: Final = 1 << 20
_KEY: Final = re.compile(r"\w[\w.-]*")
#: What ends the whole reading; other trouble is that of one file.
_FATAL: Final = ("store-refused", "write-failed")


def _of_trace(owner_id: str, path: str) -> tuple[str, dict[str, str]]:
    """Return the question for the spans of a trace, or for one of its attachments."""
    name = path.removeprefix(ATTACHMENTS)
    return SPANS, {"request_id": owner_id, **({"path": name} if name != path else {})}


_QUESTIONS: Final[dict[str, Callable[[str, str], tuple[str, dict[str, str]]]]] = {
    "run": lambda run, path: ("/get-artifact", {"run_uuid": run, "path": path}),
    "model": lambda model, path: (
        f"/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files",
        {"artifact_file_path": path},
    ),
    "trace": _of_trace,
}


class Fetcher:
    """Brings files of runs, logged models and traces, each by the way the server's own pages take.

    Args:
        client: Asks the server.
        folder: Below which they are put; one that is there already is fetched again.
    """

    def __init__(self, client: RestClient, folder: Path) -> None:
        self._client = client
        self._folder = folder / hashlib.sha256(client.location.encode()).hexdigest()[:12]

    def folder_of(self, owner: str, owner_id: str) -> Path:
        """Return the folder of an owner's files."""
        return self._folder / f"{owner}s" / owner_id

    def fetch(self, owner: str, owner_id: str, path: str, size: int | None) -> str | Finding:
        """Bring a file.

        Args:
            owner: "run", "model" or "trace".
            owner_id: Its id.
            path: Of the file, below the owner's artifacts.
            size: As the server lists it; None where it lists none.

        Returns:
            Its SHA-256 in hexadecimal, or why it is not here.

        Raises:
            ScorewrightError: ``store-refused``, ``write-failed``.
        """
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts or not _KEY.fullmatch(owner_id):
            return _finding(owner_id, path, "its path leads out of the run's folder")
        target = self.folder_of(owner, owner_id) / path
        question, query = _QUESTIONS[owner](owner_id, path)
        try:
            written, digest = self._client.take(question, query, lambda said: _save(said, target))
        except ScorewrightError as error:
            if error.code in _FATAL:
                raise
            return _finding(owner_id, path, error.message)
        if size not in (None, written):
            target.unlink(missing_ok=True)
            return _finding(owner_id, path, f"the server lists {size} bytes and gives {written}")
        return digest


def _save(said: HTTPResponse, target: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with _writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        stream = target.open("wb")
    with stream:
        while chunk := said.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            with _writing(target):
                stream.write(chunk)
    return size, digest.hexdigest()


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Tell what the disk refuses from what the network does."""
    try:
        yield
    except OSError as error:
        raise ScorewrightError(
            f"Writing {target} failed: {error.strerror or error}.",
            remedy="Free space on the disk or correct the permissions, then try again.",
            code="write-failed",
        ) from error


def _finding(owner_id: str, path: str, why: str) -> Finding:
    return Finding(
        code="FILE-003",
        severity="error",
        subject=f"{owner_id}/{path}",
        message=f"It cannot be fetched from the server: {why.rstrip('.')}.",
        remedy="Look whether the server reaches its artifact store, then try again.",
    )
