"""MLflow's daily sums of traces in a target: what a consolidation makes stale."""

# ruff: noqa: S608 - names of tables are those below

from __future__ import annotations

from typing import Final

from scorewright.adapters.store_staging.session import Session, written
from scorewright.core.counting import counted

__all__ = ["tell_stale_rollups"]

_ROLLUPS: Final = (
    "sql_trace_metric_daily_rollups",
    "sql_span_cost_daily_rollups",
    "sql_assessment_daily_rollups",
)
#: Table of rows that are summed up -> milliseconds since 1970 of the day they count for.
_SUMMED: Final = {
    "trace_info": "timestamp_ms",
    "spans": "start_time_unix_nano / 1000000",
    "assessments": "trace_timestamp_ms",
}


def tell_stale_rollups(session: Session) -> None:
    """Add a note where days that the target has summed up get further traces.

    MLflow looks at such a day again only after it wrote to it itself. A plan cannot ask for that:
    the queue of days is emptied by MLflow, and could not be taken back.

    Args:
        session: With all sources merged.
    """
    names = session.con.execute("SELECT name FROM target.sqlite_master WHERE type = 'table'")
    there = {name for (name,) in names}
    rollups = [table for table in _ROLLUPS if table in there]
    if not any(session.one(f"SELECT COUNT(*) FROM target.{table}") for table in rollups):
        return
    built = " UNION ".join(f"SELECT experiment_id, rollup_day FROM target.{t}" for t in rollups)
    new = " UNION ".join(
        f"SELECT m.experiment_id, DATE(m.{when} / 1000, 'unixepoch') FROM main.{table} m "
        f"WHERE {written()}"
        for table, when in _SUMMED.items()
    )
    days = session.one(f"SELECT COUNT(*) FROM ({built} INTERSECT {new})")
    if days:
        session.notes.append(
            "The target keeps MLflow's daily sums of traces (rollups), and traces, spans or "
            f"assessments come to {counted(days, 'day')} of them: MLflow would go on showing "
            "the old sums. Once the plan has been carried out, or taken back, let it make them "
            "anew: mlflow db delete-trace-rollups URL"
        )
