"""What the sync process asks the registry."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from scorewright.adapters.mlflow_store import StoreKind
from scorewright.adapters.registry.connection import PROMPT, Connection, is_missing
from scorewright.adapters.registry.limits import largest_file
from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.flows.sync import Candidate, ModelAddress

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["MlflowRegistry"]

#: More than any bundle may have, so that nothing fills the disk before it is verified.
MAX_BYTES: Final = 1_100_000_000
MAX_FILES: Final = 2_000
MAX_DEPTH: Final = 8
#: A file is cut off where it is longer than listed, and than this: the limit holds for all that
#: this process writes, a log it may keep among them.
SHORTEST: Final = 16_000_000
WANTED: Final = ("bundle", "policies")
#: Storage whose address names another machine, which the registry would make us ask.
_FOREIGN: Final = frozenset({"http", "https", "ftp", "sftp", "mlflow-artifacts"})


class MlflowRegistry:
    """Keeps the port ``SyncRegistry``.

    Args:
        uri: Address of the MLflow store.
    """

    def __init__(self, uri: str) -> None:
        self._connection = Connection(uri, PROMPT)

    def resolve(self, address: ModelAddress) -> Candidate:
        """Return what the alias points to now.

        Raises:
            ScorewrightError: ``store-unreachable``, ``store-refused``, ``store-locked``,
                ``registry-timeout``, ``registry-answer``, ``alias-missing``.
        """

        def asking(client: MlflowClient) -> Candidate:
            found = client.get_model_version_by_alias(address.name, address.alias)
            tags = dict(found.tags or {})
            version = str(found.version)
            if not version.isdecimal():
                raise ValueError(version[:50])
            return Candidate(version, str(tags.get("bundle", "")), str(tags.get("policy_file", "")))

        try:
            return self._connection.ask(asking, str(address))
        except ScorewrightError as error:
            if error.code == "store-refused" and is_missing(error):
                raise ScorewrightError(
                    f"The registry {self._connection.location.shown} has no {address}.",
                    remedy="Register a bundle with 'scorewright register', which sets the alias, "
                    "or correct the address.",
                    code="alias-missing",
                ) from error
            raise

    def fetch(self, address: ModelAddress, candidate: Candidate, folder: Path) -> None:
        """Bring the files of a version, never more than a bundle may have.

        Raises:
            ScorewrightError: Those of `resolve`, ``write-failed``.
            IntegrityError: ``registry-no-bundle``, ``registry-elsewhere``, ``bundle-too-large``,
                ``bundle-path``.
        """

        def fetching(client: MlflowClient) -> None:
            uri = client.get_model_version_download_uri(address.name, candidate.version)
            self._refuse_elsewhere(uri)
            _Download(_repository(uri, self._connection.location.uri), folder).run()

        what = f"the files of version {candidate.version} of {address.name}"
        try:
            self._connection.fetch(fetching, what)
        except ScorewrightError as error:
            if os.strerror(errno.EFBIG) in f"{error} {error.__cause__}":
                raise _too_large("a file that is longer than the registry says") from error
            raise

    def _refuse_elsewhere(self, uri: str) -> None:
        """Refuse files on a host that is not the registry's own, storage with keys excepted."""
        parts = urlsplit(uri)
        if parts.scheme not in _FOREIGN or not parts.hostname:
            return
        location = self._connection.location
        if location.kind is StoreKind.HTTP and parts.hostname == urlsplit(location.uri).hostname:
            return
        raise IntegrityError(
            f"The registry says the model's files lie on {parts.hostname}, which is not the "
            "registry's own host; nothing is fetched from there.",
            remedy="Register the bundle where its files lie in the registry's own artifact store.",
            code="registry-elsewhere",
        )


def _repository(uri: str, store: str) -> Any:  # noqa: ANN401 - MLflow's has no public type
    from mlflow.store.artifact.artifact_repository_registry import (  # noqa: PLC0415 - heavy
        get_artifact_repository,
    )

    return get_artifact_repository(uri, tracking_uri=store, registry_uri=store)


@dataclass(slots=True)
class _Download:
    """Brings the wanted folders of a model, file by file."""

    repository: Any
    folder: Path
    left: int = MAX_BYTES
    listed: dict[str, int] = field(default_factory=dict)

    def run(self) -> None:
        top = {entry.path for entry in self.repository.list_artifacts(None) if entry.is_dir}
        if WANTED[0] not in top:
            raise IntegrityError(
                "The registered model holds no bundle.",
                remedy="Register one that Scorewright made: 'scorewright register'.",
                code="registry-no-bundle",
            )
        for name in WANTED:
            if name in top:
                self._list(name, 0)
        for path, size in self.listed.items():
            self._bring(path, size)

    def _list(self, path: str, depth: int) -> None:
        for entry in self.repository.list_artifacts(path):
            _check_path(entry.path, path)
            if entry.is_dir and depth < MAX_DEPTH:
                self._list(entry.path, depth + 1)
                continue
            self.listed[entry.path] = int(entry.file_size or 0)
            if entry.is_dir or len(self.listed) > MAX_FILES:
                raise _too_large("more files or folders than a bundle has")
        if sum(self.listed.values()) > MAX_BYTES:
            raise _too_large(f"more than {MAX_BYTES} bytes")

    def _bring(self, path: str, size: int) -> None:
        """Bring one file; a server that lists little and sends much is cut off."""
        target = self.folder / PurePosixPath(path)
        with largest_file(min(self.left, max(size + 1, SHORTEST)) if size else self.left):
            self.repository.download_artifacts(path, str(self.folder))
        if not target.is_file() or target.is_symlink():
            raise _bad_path(path)
        self.left -= target.stat().st_size
        if self.left < 0:
            raise _too_large(f"more than {MAX_BYTES} bytes")


def _check_path(path: str, parent: str) -> None:
    parts = path.split("/")
    is_inside = path.startswith(f"{parent}/") and len(path) < 1_000  # noqa: PLR2004 - far too long
    if not is_inside or any(part in ("", ".", "..") for part in parts) or "\\" in path:
        raise _bad_path(path)


def _bad_path(path: str) -> IntegrityError:
    return IntegrityError(
        f"The registry lists the unsafe path {path[:100]!r}.",
        remedy="Register the bundle again; look who else writes to the registry.",
        code="bundle-path",
    )


def _too_large(what: str) -> IntegrityError:
    return IntegrityError(
        f"The registered model is refused: it has {what}.",
        remedy="Register a bundle that Scorewright made.",
        code="bundle-too-large",
    )
