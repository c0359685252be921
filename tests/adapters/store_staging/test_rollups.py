"""MLflow's daily sums of traces in a target that gets further traces."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.adapters.store_staging.world import note_with, planned
from tests.stores.schema import create_database, insert

DAY = 86_400_000


def _store(path: Path, trace: str, moment: int, built: str = "") -> Path:
    with closing(create_database(path)) as connection, connection:
        insert(
            connection, "experiments", experiment_id=0, name="Default", workspace="default",
            artifact_location=str(path.parent / "0"), lifecycle_stage="active",
        )  # fmt: skip
        insert(
            connection, "trace_info", request_id=trace, experiment_id=0, timestamp_ms=moment,
            status="OK", db_payload_generation=0,
        )  # fmt: skip
        if built:
            insert(
                connection, "sql_trace_metric_daily_rollups", experiment_id=0, rollup_day=built,
                metric_name="trace_count", grouping_set="global", sample_count=1,
            )  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("built", "is_told"), [("1970-01-11", True), ("1970-01-12", False), ("", False)]
)
def test_days_that_are_summed_up_already_are_told(
    built: str, is_told: bool, tmp_path: Path
) -> None:
    source = _store(tmp_path / "a.db", "tr-a", 10 * DAY + 5)
    target = _store(tmp_path / "t.db", "tr-t", 10 * DAY, built)
    change = planned([source], target, artifact_root=str(tmp_path / "artifacts"))
    if is_told:
        told = note_with(change.plan.notes, "mlflow db delete-trace-rollups URL")
        assert "come to 1 day of them" in told
    else:
        assert not [note for note in change.plan.notes if "rollup" in note and "URL" in note]


def test_nothing_is_told_of_what_is_there_already(tmp_path: Path) -> None:
    target = _store(tmp_path / "t.db", "tr-t", 10 * DAY, "1970-01-11")
    source = tmp_path / "a.db"
    with closing(sqlite3.connect(target)) as connection, closing(sqlite3.connect(source)) as copy:
        connection.backup(copy)
        copy.execute("DELETE FROM sql_trace_metric_daily_rollups")
        copy.commit()
    change = planned([source], target, artifact_root=str(tmp_path / "artifacts"))
    assert not [note for note in change.plan.notes if "delete-trace-rollups" in note]
