"""When something happens, and which version of the code does it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

__all__ = ["Clock", "CodeVersion"]


class Clock(Protocol):
    """The time, always aware and UTC."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        ...

    def elapsed(self) -> float:
        """Seconds from a fixed, arbitrary start; never runs backwards."""
        ...


class CodeVersion(Protocol):
    """The version of the code that runs."""

    def commit(self) -> str:
        """Return the git commit, ``-dirty`` appended where the tree was, or ``unknown``."""
        ...
