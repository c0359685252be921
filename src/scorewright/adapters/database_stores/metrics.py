"""Last values of metrics, how many were logged, and all of them."""

from __future__ import annotations

from typing import Final

import polars as pl

from scorewright.adapters.database_stores.rows import Doubts, frame_of
from scorewright.adapters.database_stores.session import Session

__all__ = ["METRIC_TABLES", "read_history", "read_metrics"]

METRIC_TABLES: Final = ("metrics", "latest_metrics")

_TEXT, _INT, _FLOAT = pl.String(), pl.Int64(), pl.Float64()
_VALUES: Final = {
    "run_id": _TEXT,
    "key": _TEXT,
    "value": _FLOAT,
    "timestamp": _INT,
    "step": _INT,
}
_PAST: Final = {**_VALUES, "run_id": pl.Categorical(), "key": pl.Categorical()}
_POINTS: Final = {"run_id": _TEXT, "key": _TEXT, "points": _INT}
_COUNTED: Final = (
    'SELECT "run_uuid", "key", COUNT(*) AS "points" FROM "metrics" GROUP BY "run_uuid", "key"'
)
_SEPARATOR: Final = "\x1f"
_PACKED: Final = (
    'SELECT "run_uuid", group_concat("key", x\'1f\'), group_concat("points", \' \') '  # noqa: S608 - fixed
    f'FROM ({_COUNTED}) GROUP BY "run_uuid"'
)


def read_metrics(session: Session, doubts: Doubts) -> pl.DataFrame:
    """Read the last value of each metric of each run, and the number of its values.

    A metric that has values but no last one, or the other way round, is there too: an interrupted
    copy leaves such.
    """
    there = session.columns
    if "metrics" not in there:
        return _with_nan(frame_of(session, _last_values(there["latest_metrics"]), _VALUES, doubts))
    if "latest_metrics" not in there:  # MLflow before 1.3
        return _derived(session, doubts)
    last = frame_of(session, _last_values(there["latest_metrics"]), _VALUES, doubts)
    points = _points(session, doubts)
    joined = last.with_columns(_counts(last, points))
    if points.height > int((joined["points"] > 0).sum()):
        rest = _derived(session, doubts).join(last, on=["run_id", "key"], how="anti")
        return pl.concat([_with_nan(joined), rest], how="diagonal")
    return _with_nan(joined)


def _counts(last: pl.DataFrame, points: pl.DataFrame) -> pl.Series:
    """Look up the number of values of each metric, 0 where there are none.

    Two texts are made one integer before: joining by texts takes three times the memory.
    """
    names = ("run_id", "key")
    known = {
        name: pl.concat([last[name].unique(), points[name].unique()]).unique().drop_nulls()
        for name in names
    }
    codes = [pl.col(name).cast(pl.Enum(known[name])).to_physical().cast(_INT) for name in names]
    code = (codes[0] * len(known["key"]) + codes[1]).alias("code")
    found = last.select(code).join(
        points.select(code, "points"), on="code", how="left", maintain_order="left"
    )
    return found["points"].fill_null(0)


def _points(session: Session, doubts: Doubts) -> pl.DataFrame:
    """Count the values of each metric of each run."""
    if session.has_group_concat:
        # One row per run instead of one per metric: half the time.
        packed = frame_of(session, _PACKED, dict.fromkeys(_POINTS, _TEXT), ours := Doubts())
        lists = packed.with_columns(
            pl.col("key").str.split(_SEPARATOR), pl.col("points").str.split(" ")
        )
        same = lists["key"].list.len().eq_missing(lists["points"].list.len())
        if same.all() and not (ours.latin or ours.lost or packed["key"].null_count()):
            unpacked = lists.explode("key", "points", empty_as_null=True)
            return unpacked.with_columns(pl.col("points").cast(_INT))
    return frame_of(session, _COUNTED, _POINTS, doubts)


def read_history(session: Session, doubts: Doubts) -> pl.DataFrame:
    """Read every value of every metric, in the order of the database."""
    if "metrics" not in session.columns:
        return _with_nan(pl.DataFrame(schema=_PAST))
    there = session.columns["metrics"]
    # Column names come from this file.
    sql = f'SELECT "run_uuid", "key", {_value(there)}, "timestamp", {_step(there)} FROM "metrics"'  # noqa: S608
    return _with_nan(frame_of(session, sql, _PAST, doubts))


def _last_values(there: frozenset[str]) -> str:
    return (
        f'SELECT "run_uuid", "key", {_value(there)}, "timestamp", {_step(there)} '  # noqa: S608 - names of this file
        'FROM "latest_metrics"'
    )


def _derived(session: Session, doubts: Doubts) -> pl.DataFrame:
    """Choose last values as MLflow does: the largest step, then timestamp, then value."""
    there = session.columns["metrics"]
    step = _step(there)
    sql = (
        'SELECT "run_uuid", "key", "last_value", "timestamp", "last_step", "points" FROM ('  # noqa: S608 - names of this file
        f'SELECT "run_uuid", "key", {_value(there)} AS "last_value", "timestamp", '
        f'{step} AS "last_step", COUNT(*) OVER (PARTITION BY "run_uuid", "key") AS "points", '
        'ROW_NUMBER() OVER (PARTITION BY "run_uuid", "key" ORDER BY '
        f'{step} DESC, "timestamp" DESC, "value" DESC) AS "place" FROM "metrics") AS "ranked" '
        'WHERE "place" = 1'
    )
    return _with_nan(frame_of(session, sql, {**_VALUES, "points": _INT}, doubts))


def _value(there: frozenset[str]) -> str:
    """A value that is no number is asked for as null, which spares a column of millions."""
    return 'CASE WHEN "is_nan" THEN NULL ELSE "value" END' if "is_nan" in there else '"value"'


def _step(there: frozenset[str]) -> str:
    return '"step"' if "step" in there else "0"


def _with_nan(values: pl.DataFrame) -> pl.DataFrame:
    return values.with_columns(
        pl.col("value").fill_null(float("nan")), pl.col("value").is_null().alias("is_nan")
    )
