"""What a backfill needs from the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.flows.events import Notify, ignore
from scorewright.flows.ports import ChartRenderer, LearnerCatalogue

__all__ = [
    "BackfillTools",
    "FileContents",
    "ModelFacts",
    "ModelFile",
    "ModelScorer",
    "ScoredTable",
]


class FileContents(Protocol):
    """Files of this machine, read and never changed."""

    def read(self, path: Path) -> bytes | None:
        """Return a file's content, None where it cannot be read or is too large."""
        ...

    def has_digest(self, path: Path, digest: str) -> bool:
        """Tell whether a digest, or its beginning, is that of a file, or of the table in it.

        Args:
            path: The file.
            digest: SHA-256, SHA-1 or MD5 in hexadecimal digits, or MLflow's digest of a table.
        """
        ...

    def sha256(self, path: Path) -> str | None:
        """Return the SHA-256 of a file, None where it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model without pickles.

    Attributes:
        format: ``lightgbm``, ``xgboost`` or ``catboost``.
        place: Its file.
        names: What its inputs are called; empty for what it says itself.
    """

    format: str
    place: Path
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model tells of itself once it is loaded.

    Attributes:
        importance: By input, in their order.
        params: It was trained with.
    """

    importance: Mapping[str, float]
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class ScoredTable:
    """A table that was scored.

    Attributes:
        y: Labels of shape (n,), both classes occur.
        p: Scores of shape (n,), finite.
        keys: What names each row; None where no column does.
    """

    y: npt.NDArray[np.int8]
    p: npt.NDArray[np.float64]
    keys: pl.Series | None


class ModelScorer(Protocol):
    """Loads models where they can do no harm; nothing is changed, and no network is used."""

    def facts(self, model: ModelFile) -> ModelFacts | str:
        """Load a model; return what it says, or why it does not load."""
        ...

    def score(self, model: ModelFile, table: Path, target: str) -> ScoredTable | str:
        """Score a table.

        Args:
            model: The model.
            table: Parquet or CSV.
            target: Column of outcomes, "" to look for one.

        Returns:
            The scores, or why there are none.
        """
        ...


@dataclass(frozen=True, slots=True)
class BackfillTools:
    """What a backfill is planned with.

    Attributes:
        contents: Files of artifacts.
        charts: Draws them.
        learners: Know which parameters a training takes.
        notify: Told of the progress.
        scorer: Scores data with models; None leaves them alone.
    """

    contents: FileContents
    charts: ChartRenderer
    learners: LearnerCatalogue
    notify: Notify = ignore
    scorer: ModelScorer | None = None
