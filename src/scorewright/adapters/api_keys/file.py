"""The file of the keys: JSON, closed to others, replaced whole."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from scorewright.adapters.guarded import NotRegularError, read_guarded, replace_file
from scorewright.core.access import ApiKey
from scorewright.core.errors import ScorewrightError

__all__ = ["JsonKeyFile"]

LIMIT = 10_000_000
WAIT_SECONDS = 10
READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    schema_version: int
    keys: list[ApiKey]


class JsonKeyFile:
    """Keeps the port ``KeyFile``.

    Args:
        path: The file; made with the first key.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Sequence[ApiKey]:
        """Return all keys, revoked ones included; none where there is no file.

        Raises:
            ScorewrightError: ``api-keys-invalid``, ``key-permissions``.
        """
        try:
            data = read_guarded(self.path, LIMIT, READABLE_BY_OTHERS, "600")
            document = msgspec.json.decode(data, type=_Document, strict=True)
            for key in document.keys:
                _check(key)
        except FileNotFoundError:
            return []
        except (NotRegularError, OSError, OverflowError, ValueError, RecursionError) as error:
            raise _invalid(self.path) from error
        if document.schema_version != 1:
            raise _invalid(self.path)
        return document.keys

    def save(self, keys: Sequence[ApiKey]) -> None:
        """Replace the file whole."""
        document = {"schema_version": 1, "keys": [asdict(key) for key in keys]}
        data = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self.path, data, mode=0o600)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out meanwhile.

        Raises:
            ScorewrightError: ``key-locked``.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=WAIT_SECONDS):
                yield
        except Timeout as error:
            raise ScorewrightError(
                f"Another process has held {self.path} for {WAIT_SECONDS} seconds.",
                remedy="Try again when it has ended.",
                code="key-locked",
            ) from error


def _check(key: ApiKey) -> None:
    """Refuse moments that cannot be compared with the clock.

    Raises:
        ValueError: One is no ISO 8601 moment with a zone.
    """
    for text in (key.created, key.expires, key.revoked):
        if text is not None and datetime.fromisoformat(text).tzinfo is None:
            raise ValueError("a moment without a zone")


def _invalid(path: Path) -> ScorewrightError:
    return ScorewrightError(
        f"{path} cannot be read as the file of the API keys.",
        remedy="Restore it, or move it away and make new keys with 'scorewright keys create'.",
        code="api-keys-invalid",
    )
