"""What the readers of one tree share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from scorewright.adapters.file_stores.damage import Damage
from scorewright.adapters.file_stores.folders import Folders
from scorewright.adapters.file_stores.rows import History, Rows

__all__ = ["ACTIVE", "DELETED", "Reading", "stage"]

ACTIVE, DELETED = "active", "deleted"


@dataclass(slots=True)
class Reading:
    """One reading of a tree.

    Attributes:
        damage: What could not be read.
        folders: Reads folders and files.
        rows: The tables so far.
        history: Every value of every metric, if it is wished.
        others: Things that no table has -> how many.
        understood: Files of experiments, runs and registered models that could be read.
        generation: Newest generation of MLflow that left a trace: 1, 2 or 3.
    """

    damage: Damage
    folders: Folders
    rows: Rows = field(default_factory=Rows)
    history: History | None = None
    others: Counter[str] = field(default_factory=Counter)
    generation: int = 1
    understood: int = 0

    def seen(self, generation: int) -> None:
        """Keep that a generation of MLflow wrote here."""
        self.generation = max(self.generation, generation)


def stage(said: str | None, *, is_in_trash: bool = False) -> str:
    """Return a lifecycle stage: what the trash holds is deleted, whatever its file says."""
    return DELETED if is_in_trash else (said or ACTIVE)
