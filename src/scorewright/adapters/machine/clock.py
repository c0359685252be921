"""The system's clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["SystemClock"]


class SystemClock:
    """Implements the ``Clock`` port."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(tz=UTC)

    def elapsed(self) -> float:
        """Return seconds of the monotonic clock."""
        return time.monotonic()
