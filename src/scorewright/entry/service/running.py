"""Where one worker is in its life, and how much it does now."""

from __future__ import annotations

import time
from dataclasses import dataclass

__all__ = ["Running"]

#: So much is left for each thing that has to be closed, however long the answers took.
LEAST_SECONDS = 1.0


@dataclass(slots=True)
class Running:
    """Where one worker is in its life. Changed by its event loop only.

    Attributes:
        started: Whether it takes requests.
        stopping: Whether it was told to end: nothing new should be sent to it.
        in_work: Requests it answers now.
        held: Bytes of long bodies it holds for them.
        stale: Why the bundle may be older than it should be; empty where it is not.
        synced: When the registry was last followed well, of the service's clock; None where it
            never was.
        until: When it has to have ended, of `time.monotonic`; None until it was told to end.
    """

    started: bool = False
    stopping: bool = False
    in_work: int = 0
    held: int = 0
    stale: str = ""
    synced: float | None = None
    until: float | None = None

    def stop(self, seconds: float) -> None:
        """Be told to end within so many seconds; who was told before keeps to that."""
        self.stopping = True
        if self.until is None:
            self.until = time.monotonic() + seconds

    def seconds_left(self) -> float:
        """Return how long the next thing may take to close: all share one period."""
        return max(LEAST_SECONDS, (self.until or 0.0) - time.monotonic())
