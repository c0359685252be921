"""What the audit needs to look into the artifacts of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

import polars as pl

from scorewright.core.audit import ModelState

__all__ = [
    "ModelKind",
    "ModelProber",
    "ModelVerdict",
    "PredictionFiles",
    "ProbeDepth",
    "StoredModel",
]


class PredictionFiles(Protocol):
    """Reads what a run has stored of its predictions."""

    def read(self, path: Path) -> pl.DataFrame | None:
        """Return a table, None where it cannot be read or is too large.

        Args:
            path: A Parquet or CSV file.
        """
        ...

    def document(self, path: Path) -> Mapping[str, Any] | None:
        """Return a JSON object, None where it cannot be read.

        Args:
            path: A JSON file.
        """
        ...


ModelKind = Literal["mlflow", "bundle", "file"]


class ProbeDepth(StrEnum):
    """How far models are looked into.

    Attributes:
        LOOK: Their descriptions are read, and whether the files these name are there. No model
            is loaded.
        LOAD: Models without pickles are loaded besides, in a child process.
        PICKLES: Pickles too, which may run any code in that child.
    """

    LOOK = "look"
    LOAD = "load"
    PICKLES = "pickles"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model somewhere in a store.

    Attributes:
        kind: ``mlflow`` is a folder with an ``MLmodel``, ``bundle`` one of Scorewright's own,
            ``file`` a model's file without either.
        place: The folder or the file.
        files: Paths inside the folder.
    """

    kind: ModelKind
    place: Path
    files: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ModelVerdict:
    """What came of a model.

    Attributes:
        state: How far it came.
        reason: Why, a part of a sentence.
        format: Such as ``lightgbm``, "" where it is not known.
    """

    state: ModelState
    reason: str = ""
    format: str = ""


class ModelProber(Protocol):
    """Finds out whether models load; nothing is changed, and no network is used."""

    def probe(
        self, models: Sequence[StoredModel], depth: ProbeDepth
    ) -> Iterator[ModelVerdict | None]:
        """Give a verdict on each model, in their order; None where there is nothing to say.

        Args:
            models: Where they are.
            depth: How far to go.
        """
        ...
