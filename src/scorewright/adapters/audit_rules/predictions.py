"""Stored predictions and the documents beside them, read from files without trust."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

__all__ = ["PredictionTables"]

#: A file above this size is not read: some ten million rows.
MAX_BYTES = 512 * 1024 * 1024
_MAX_DOCUMENT = 16 * 1024 * 1024


class PredictionTables:
    """Reads Parquet, CSV and JSON; what is damaged is no evidence.

    A path that depends on the working directory is nobody's file: nothing is there.

    Args:
        max_bytes: Larger tables are left alone.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes

    def read(self, path: Path) -> pl.DataFrame | None:
        """Return a table; None where it is too large, absent, damaged or of another kind."""
        if not _is_below(path, self._max_bytes):
            return None
        try:
            match path.suffix.lower():
                case ".parquet":
                    return pl.read_parquet(path, glob=False)
                case ".csv":
                    return pl.read_csv(path, glob=False, infer_schema_length=10_000)
                case _:
                    return None
        except (pl.exceptions.PolarsError, OSError):
            return None

    def document(self, path: Path) -> Mapping[str, Any] | None:
        """Return a JSON object; None where it is too large, absent, damaged or no object."""
        if not _is_below(path, _MAX_DOCUMENT):
            return None
        try:
            document = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) else None


def _is_below(path: Path, limit: int) -> bool:
    try:
        return path.is_absolute() and path.is_file() and path.stat().st_size <= limit
    except OSError:
        return False
