"""Ids of decisions: the time first, so that they sort; then a count; then chance."""

from __future__ import annotations

import secrets
import threading
import time

__all__ = ["SortableIds"]

_COUNTS = 1 << 12


class SortableIds:
    """Makes UUIDs of version 7 (RFC 9562) that never run backwards within a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> str:
        """Return a new id; it sorts after every earlier one of this process."""
        with self._lock:
            # Milliseconds and a count in one number: more than 4,096 in a millisecond, or a
            # clock set back, borrow from the time to come.
            self._last = max(self._last + 1, int(time.time() * 1_000) * _COUNTS)
            moment, count = divmod(self._last, _COUNTS)
        number = moment << 80 | 7 << 76 | count << 64 | 2 << 62 | secrets.randbits(62)
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
