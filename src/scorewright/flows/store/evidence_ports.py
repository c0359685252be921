"""What the audit needs to look into the artifacts of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import polars as pl

__all__ = ["PredictionFiles"]


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
