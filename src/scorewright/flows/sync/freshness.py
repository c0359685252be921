"""How old what is served may be: when the registry was last heard, and why not since."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scorewright.flows.ports import Clock
from scorewright.flows.sync.ports import SyncMemory
from scorewright.flows.sync.report import SyncReport

__all__ = ["Freshness"]

#: The state is read at most this often, however many requests ask.
_SECONDS = 1.0
#: A look or two may fail without anything being old.
_LOOKS, _SHORTEST = 12, 60.0


@dataclass(slots=True)
class Freshness:
    """Tells answers and health pages whether the bundle may be older than it should be.

    Attributes:
        memory: What the sync process writes.
        clock: The time.
        sync_seconds: How often it looks.
        model: The address that is to be followed; None where the state alone says.
    """

    memory: SyncMemory
    clock: Clock
    sync_seconds: float
    model: str | None = None
    _report: SyncReport | None = None
    _stale: str = ""
    _next: float = field(default=-1.0)
    _began: datetime | None = None

    @property
    def limit(self) -> timedelta:
        """How long ago the last good look may be."""
        return timedelta(seconds=max(_SHORTEST, _LOOKS * self.sync_seconds))

    def report(self) -> SyncReport | None:
        """Return the last look; None where no registry was ever looked at."""
        self._refresh()
        return self._report

    def stale(self) -> str:
        """Return since when nothing was heard and why; empty while all is fresh.

        A project that follows no registry is never stale.
        """
        self._refresh()
        return self._stale

    def _refresh(self) -> None:
        elapsed = self.clock.elapsed()
        if elapsed < self._next:
            return
        self._next = elapsed + _SECONDS
        now = self.clock.now()
        self._began = self._began or now
        self._report = self.memory.read()
        self._stale = self._judge(self._report, now, self._began)

    def _judge(self, report: SyncReport | None, now: datetime, began: datetime) -> str:
        if report is None or (self.model is not None and report.model != self.model):
            since, is_followed = began, self.model is not None
            said = f"{self.model} was not looked at: no 'scorewright sync' writes here"
        else:
            since, is_followed = (
                report.good_at or began,
                self.model is not None or report.is_watched,
            )
            said = _old(report)
        return said if is_followed and now - since > self.limit else ""


def _old(report: SyncReport) -> str:
    if report.good_at is None:
        return f"{report.model} was never taken over: {report.code}"
    why = report.code or "no look since"
    return f"not compared with {report.model} since {report.good_at.isoformat()}: {why}"
