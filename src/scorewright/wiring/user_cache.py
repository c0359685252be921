"""The folder of what can be made again: the user's own, apart from every project."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["user_cache"]


def user_cache() -> Path | None:
    """Return our folder among the user's caches, None for a homeless account."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        return (Path(cache) if cache else Path.home() / ".cache") / "scorewright"
    except RuntimeError:
        return None
