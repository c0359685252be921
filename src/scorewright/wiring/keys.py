"""The API keys of a project's service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.wiring.machine import clock

if TYPE_CHECKING:
    from datetime import datetime

    from scorewright.core.access import ApiKey
    from scorewright.core.project import AccessSettings
    from scorewright.flows.access import KeyFile, KeyMaker, KeyWish, NewKey

__all__ = ["KeyRoom"]


@dataclass(frozen=True, slots=True)
class KeyRoom:
    """The API keys of a project's service.

    Attributes:
        root: Folder of the project.
        access: ``[serve.access]``.
    """

    root: Path
    access: AccessSettings

    def create(self, wish: KeyWish) -> NewKey:
        """Make a key."""
        from scorewright.flows.access import create_key

        return create_key(self._file(), self._maker(), wish, clock().now())

    def listed(self) -> list[tuple[ApiKey, str]]:
        """Return the keys, each with ``holds``, ``expired`` or ``revoked``."""
        now = clock().now()
        return [(key, _state(key, now)) for key in self._file().load()]

    def revoke(self, reference: str) -> ApiKey:
        """Revoke a key."""
        from scorewright.flows.access import revoke_key

        return revoke_key(self._file(), reference, clock().now())

    def rotate(self, reference: str, *, overlap_days: int) -> NewKey:
        """Make a key like another one, which then ends after the overlap."""
        from scorewright.flows.access import rotate_key

        now = clock().now()
        return rotate_key(self._file(), self._maker(), reference, now, overlap_days=overlap_days)

    def _file(self) -> KeyFile:
        from scorewright.adapters.api_keys import JsonKeyFile

        return JsonKeyFile(self.root / self.access.keys)

    def _maker(self) -> KeyMaker:
        from scorewright.adapters.api_keys import RandomKeys

        return RandomKeys(self.root / self.access.pepper_file)


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked is not None:
        return "revoked"
    return "holds" if key.holds(now) else "expired"
