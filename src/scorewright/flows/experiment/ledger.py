"""What became of the cells so far, and how long the rest will take."""

from __future__ import annotations

from dataclasses import dataclass, field

from scorewright.flows.experiment.result import CellFailure

__all__ = ["Ledger"]

_MINUTE = 60


@dataclass(slots=True)
class Ledger:
    """What was done so far.

    Attributes:
        total: Cells of the matrix.
        runs: Run id, and whether the cell was done now, by the cell's digest.
        failures: Cells that could not be done.
        seconds: What each cell that was tried now took.
    """

    total: int
    runs: dict[str, tuple[str, bool]] = field(default_factory=dict)
    failures: list[CellFailure] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    known: int = 0

    @property
    def done(self) -> int:
        """Cells that are behind us."""
        return len(self.runs) + len(self.failures)

    def left(self) -> str:
        """Say how long the rest will take, from what the cells so far took; empty at the end.

        Cells that were done before take no time, and are not counted as work ahead.
        """
        ahead = self.total - self.known - len(self.seconds)
        if ahead <= 0 or not self.seconds:
            return ""
        seconds = ahead * sum(self.seconds) / len(self.seconds)
        if seconds < _MINUTE:
            return "less than a minute left"
        hours, minutes = divmod(round(seconds / _MINUTE), _MINUTE)
        return f"about {f'{hours} h ' if hours else ''}{minutes} min left"

    def summary(self) -> str:
        """Say in one line what was done."""
        new = sum(1 for _, is_new in self.runs.values() if is_new)
        parts = [f"{new} cells done", f"{len(self.runs) - new} were done before"]
        parts += [f"{len(self.failures)} failed"] if self.failures else []
        return ", ".join(parts)
