"""Rows of a snapshot's tables, gathered while a tree is read."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from scorewright.adapters.file_stores.points import Points
from scorewright.core.snapshot import HISTORY, TABLES

__all__ = ["History", "Rows", "last_of"]


class Rows:
    """The tables, column by column."""

    def __init__(self) -> None:
        self._columns: dict[str, dict[str, list[Any]]] = {
            table: {name: [] for name in schema} for table, schema in TABLES.items()
        }
        self._lists = {table: list(found.values()) for table, found in self._columns.items()}

    def add(self, table: str, *values: object) -> None:
        """Add a row.

        Args:
            table: As in `TABLES`.
            values: In the order of its columns.
        """
        for column, value in zip(self._lists[table], values, strict=True):
            column.append(value)

    def add_named(self, table: str, values: Mapping[str, object]) -> None:
        """Add a row by names of columns; others are null."""
        for name, column in self._columns[table].items():
            column.append(values.get(name))

    def frames(self) -> dict[str, pl.DataFrame]:
        """Return the tables."""
        return {
            table: pl.DataFrame(columns, schema=TABLES[table])
            for table, columns in self._columns.items()
        }


class History:
    """Every value of every metric, 24 bytes each."""

    def __init__(self) -> None:
        self._runs: list[str] = []
        self._keys: list[str] = []
        self._counts: list[int] = []
        self._timestamps = array("q")
        self._values = array("d")
        self._steps = array("q")

    def add(self, run_id: str, key: str, points: Points) -> None:
        """Add the values of a metric."""
        self._runs.append(run_id)
        self._keys.append(key)
        self._counts.append(len(points.steps))
        self._timestamps.extend(points.timestamps)
        self._values.extend(points.values)
        self._steps.extend(points.steps)

    def frame(self) -> pl.DataFrame:
        """Return the table, columns of `HISTORY`; NaN is 0 with ``is_nan``."""
        index = np.repeat(np.arange(len(self._counts)), self._counts)
        values = np.frombuffer(self._values, dtype=np.float64)
        is_nan = np.isnan(values)
        return pl.DataFrame(
            {
                "run_id": pl.Series(self._runs, dtype=pl.String).gather(index),
                "key": pl.Series(self._keys, dtype=pl.String).gather(index),
                "value": np.where(is_nan, 0.0, values),
                "timestamp": np.frombuffer(self._timestamps, dtype=np.int64),
                "step": np.frombuffer(self._steps, dtype=np.int64),
                "is_nan": is_nan,
            },
            schema=HISTORY,
        )


def last_of(points: Points) -> tuple[float, int, int, bool]:
    """Return value, timestamp, step and whether it is NaN of what MLflow shows."""
    index = points.last()
    value = points.values[index]
    is_nan = math.isnan(value)
    return 0.0 if is_nan else value, points.timestamps[index], points.steps[index], is_nan
