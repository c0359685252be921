"""Snapshots have one shape, whatever a reader found."""

from __future__ import annotations

from dataclasses import fields

import polars as pl
import pytest

from scorewright.core.snapshot import HISTORY, TABLES, Snapshot, Source, SourceKind, snapshot_of

SOURCE = Source("sqlite:///x.db", SourceKind.SQLITE)


def test_every_table_is_an_attribute() -> None:
    names = {field.name for field in fields(Snapshot)}
    assert set(TABLES) | {"source", "history", "findings"} == names


def test_missing_tables_and_columns_are_filled() -> None:
    runs = pl.DataFrame({"run_id": ["a"], "experiment_id": [3], "surplus": [1]})
    found = snapshot_of(SOURCE, {"runs": runs})
    assert found.runs.row(0, named=True)["experiment_id"] == "3"
    assert found.runs["artifact_uri"].to_list() == [None]
    assert {name: table.schema for name, table in found.tables().items()} == TABLES
    assert found.history is None


def test_the_history_has_its_shape_too() -> None:
    found = snapshot_of(SOURCE, {}, history=pl.DataFrame({"run_id": ["a"], "value": [1]}))
    assert found.history is not None
    assert found.history.schema == HISTORY


def test_unknown_tables_are_refused() -> None:
    with pytest.raises(KeyError, match="jobs"):
        snapshot_of(SOURCE, {"jobs": pl.DataFrame()})
