"""What the keeping of keys needs from the world: a file, and randomness with its pepper."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from scorewright.core.access import ApiKey

__all__ = ["KeyFile", "KeyMaker"]


class KeyFile(Protocol):
    """The API keys on disk."""

    def load(self) -> Sequence[ApiKey]:
        """Return all keys, revoked ones included; none where there is no file.

        Raises:
            ScorewrightError: ``api-keys-invalid``, ``key-permissions``.
        """
        ...

    def save(self, keys: Sequence[ApiKey]) -> None:
        """Replace the file whole."""
        ...

    def locked(self) -> AbstractContextManager[None]:
        """Keep other writers out meanwhile.

        Raises:
            ScorewrightError: ``key-locked``.
        """
        ...


class KeyMaker(Protocol):
    """Makes what a new key consists of."""

    def new(self) -> tuple[str, str]:
        """Return a new id and a new secret."""
        ...

    @property
    def pepper_id(self) -> str:
        """Name of the pepper."""
        ...

    def digest(self, secret: str) -> str:
        """Return what recognises a secret."""
        ...
