"""What a finding is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["STORE", "Subject", "SubjectKind"]

SubjectKind = Literal[
    "store", "experiment", "run", "model", "version", "logged_model", "file", "folder"
]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a hit is about.

    Attributes:
        kind: ``store`` stands for the whole of it.
        id: Run id, experiment id, model name, ``name/version``, model id or path.
        name: What people call it; "" where that is the id.
    """

    kind: SubjectKind = field(hash=False)
    id: str
    name: str = field(default="", hash=False)

    @property
    def label(self) -> str:
        """For sentences: the name with the beginning of the id."""
        if not self.name or self.name == self.id:
            return self.id
        return f"{self.name} ({self.id[:8]})"


#: The store as a whole.
STORE = Subject("store", "store")
