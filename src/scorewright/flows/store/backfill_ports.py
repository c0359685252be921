"""What a backfill needs from the world."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scorewright.flows.events import Notify, ignore
from scorewright.flows.ports import ChartRenderer, LearnerCatalogue

__all__ = ["BackfillTools", "FileContents"]


class FileContents(Protocol):
    """Files of this machine, read and never changed."""

    def read(self, path: Path) -> bytes | None:
        """Return a file's content, None where it cannot be read or is too large."""
        ...

    def sha256(self, path: Path) -> str | None:
        """Return the SHA-256 of a file, None where it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class BackfillTools:
    """What a backfill is planned with.

    Attributes:
        contents: Files of artifacts.
        charts: Draws them.
        learners: Know which parameters a training takes.
        notify: Told of the progress.
    """

    contents: FileContents
    charts: ChartRenderer
    learners: LearnerCatalogue
    notify: Notify = ignore
