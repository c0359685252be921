"""What is known of a run before anything is added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.audit import Predictions
from scorewright.core.backfill.models import NativeModel
from scorewright.core.conventions import RunRecord

__all__ = ["DataInput", "RunFacts", "TrainingScores"]


@dataclass(frozen=True, slots=True)
class DataInput:
    """A data set that a run read.

    Attributes:
        name, digest, role: As the run tells them; "" where it does not.
        rows: Number of rows, None where it is not told.
        place: Where it lay, as the run tells it: a path or an address; "" where it does not.
    """

    name: str
    digest: str
    role: str
    rows: int | None = None
    place: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingScores:
    """Scores of the rows that a model was fitted on: they say how far it overfits, and no more.

    Attributes:
        y: Labels of shape (n,), both classes occur.
        p: Scores of shape (n,).
        keys: What names each row, shape (n,); None where nothing does.
        name: Of the data.
    """

    y: npt.NDArray[np.int8]
    p: npt.NDArray[np.float64]
    keys: pl.Series | None
    name: str


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
        training: Scores that its model gives its training rows, where they were computed.
        was_scored: Whether it was tried to score data with its model; doubts tell what came of it.
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
    training: TrainingScores | None = None
    was_scored: bool = False
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
