"""The balance of a plan: everything that comes in is accounted for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Balance", "unbalanced"]


@dataclass(frozen=True, slots=True)
class Balance:
    """What becomes of the rows or files of one kind.

    Attributes:
        what: "runs", "metric values", "artifact files" ...
        found: In all sources.
        copied: New in the target.
        merged: Added to something that is in the target under the same id.
        duplicate: In the target already, equal in every field.
        quarantined: In conflict with what is in the target: kept aside and reported.
        left: Left behind on purpose, with a reason in the plan's notes.
    """

    what: str
    found: int
    copied: int = 0
    merged: int = 0
    duplicate: int = 0
    quarantined: int = 0
    left: int = 0

    @property
    def difference(self) -> int:
        """What is not accounted for; a plan with anything but 0 is never carried out."""
        known = self.copied + self.merged + self.duplicate + self.quarantined + self.left
        return self.found - known


def unbalanced(lines: Iterable[Balance]) -> tuple[Balance, ...]:
    """Return the lines that do not add up."""
    return tuple(line for line in lines if line.difference)
