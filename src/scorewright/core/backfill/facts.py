"""What is known of a run before anything is added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from scorewright.core.audit import Predictions
from scorewright.core.backfill.models import NativeModel
from scorewright.core.conventions import RunRecord

__all__ = ["DataInput", "RunFacts"]


@dataclass(frozen=True, slots=True)
class DataInput:
    """A data set that a run read.

    Attributes:
        name, digest, role: As the run tells them; "" where it does not.
        rows: Number of rows, None where it is not told.
    """

    name: str
    digest: str
    role: str
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A finished run and the evidence it has left.

    Attributes:
        run_id: Its id.
        record: As its store remembers it; metrics hold every name, also those that are NaN.
        now: When it is looked at, UTC.
        stored: Its predictions.
        model: Its native model.
        inputs: Data sets it read.
        sources: Path of the evidence, below the run's artifacts -> SHA-256.
        doubts: Why evidence that is there does not count, one sentence each.
        is_writable: Whether files can be put among its artifacts.
    """

    run_id: str
    record: RunRecord
    now: datetime
    stored: Predictions | None = None
    model: NativeModel | None = None
    inputs: tuple[DataInput, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    is_writable: bool = True

    @property
    def marks(self) -> dict[str, object]:
        """When something is added, and from what."""
        return {"at": self.now.isoformat(timespec="seconds"), "from": dict(self.sources)}

    @property
    def origin(self) -> str:
        """The evidence in one line: the value of the tag that names it."""
        told = [f"{path} sha256:{digest}" for path, digest in sorted(self.sources.items())]
        return "; ".join(told) or "parameters and tags"
