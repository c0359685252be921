"""Randomness for new keys, and the pepper their digests are made with."""

from __future__ import annotations

import secrets
from pathlib import Path

from scorewright.adapters.guarded import load_secret
from scorewright.core.access import digest_of

__all__ = ["RandomKeys"]


class RandomKeys:
    """Makes ids and secrets; keeps the port ``KeyMaker``.

    Args:
        pepper_file: The pepper; made when it is not there.

    Raises:
        ScorewrightError: Those of `scorewright.adapters.guarded.load_secret`.
    """

    def __init__(self, pepper_file: Path) -> None:
        self._pepper = load_secret(pepper_file)

    def new(self) -> tuple[str, str]:
        """Return a new id and a new secret of 256 bits."""
        return secrets.token_hex(8), secrets.token_urlsafe(32)

    @property
    def pepper_id(self) -> str:
        """Name of the pepper."""
        return self._pepper.id

    def digest(self, secret: str) -> str:
        """Return what recognises a secret."""
        return digest_of(secret, self._pepper.data)
