"""Last values of metrics, how many were logged, and all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from scorewright.adapters.database_stores.links import count_rows
from scorewright.adapters.database_stores.rows import Doubts, Words, frame_and_words, frame_of
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
_BETWEEN: Final = "\x1f"
#: The names of all values of a run as one text, its shape; most runs have that of another.
_SHAPES: Final = {"run_id": _TEXT, "shape": _TEXT, "parts": _INT}
_NAMED: Final = (
    'SELECT "run_uuid", group_concat("key", x\'1f\'), COUNT(*) FROM "metrics" GROUP BY "run_uuid"'
)
#: The same with each name once and the number of its values, for metrics of many values.
_NUMBERED: Final = (
    'SELECT "run_uuid", group_concat("key" || x\'1e\' || "points", x\'1f\'), COUNT(*) '  # noqa: S608 - fixed
    f'FROM ({_COUNTED}) GROUP BY "run_uuid"'
)
_NUMBER: Final = r"(?s)^(.*)\x1e(\d+)$"
#: Up to so many values of a metric the first is faster.
_FEW: Final = 4


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
    last, words = frame_and_words(session, _last_values(there["latest_metrics"]), _VALUES, doubts)
    found = _by_shape(session, words) if words and session.has_group_concat else None
    if found is None:
        counted = frame_of(session, _COUNTED, _POINTS, doubts)
        found = _counts(last, counted), counted.height
    points, metrics = found
    joined = last.with_columns(points.alias("points"))
    if metrics > int((points > 0).sum()):
        rest = _derived(session, doubts).join(last, on=["run_id", "key"], how="anti")
        return pl.concat([_with_nan(joined), rest], how="diagonal")
    return _with_nan(joined)


def _by_shape(session: Session, words: Mapping[str, Words]) -> tuple[pl.Series, int] | None:
    """Count the values of each metric through the shapes of runs.

    One row per run instead of one per metric, and few shapes: a third of the time.

    Returns:
        Number of values for each row of last values, 0 where there are none, and of how many
        metrics there are values; None where that cannot be told so.
    """
    runs, keys = words["run_id"], words["key"]
    is_short = count_rows(session, "metrics") <= _FEW * len(runs.codes)
    sql, ours = _NAMED if is_short else _NUMBERED, Doubts()
    rows, coded = frame_and_words(session, sql, _SHAPES, ours, often=("shape",))
    if not coded or ours.latin or ours.lost or rows["run_id"].n_unique() < rows.height:
        return None
    shape = coded["shape"]
    split = shape.known.str.split(_BETWEEN)
    if not np.array_equal(split.list.len().to_numpy()[shape.codes], rows["parts"].to_numpy()):
        return None  # a name holds what stands between two names
    parts = _parts(split, is_short=is_short)
    metrics = np.bincount(parts["shape"].to_numpy(), minlength=len(split))[shape.codes].sum()
    numbered = parts.join(
        pl.DataFrame({"key": keys.known}).with_row_index("number"), on="key", how="inner"
    )
    # A shape and a name are made one integer: joining by texts takes three times the memory.
    shape_of = pl.DataFrame({"run_id": runs.known}).join(
        rows.select("run_id", shape=pl.Series(shape.codes, dtype=pl.Int64)),
        on="run_id",
        how="left",
        maintain_order="left",
    )["shape"]
    code = shape_of.fill_null(-1).to_numpy()[runs.codes] * len(keys.known) + keys.codes
    known = numbered.select(
        "points", code=pl.col("shape") * len(keys.known) + pl.col("number").cast(_INT)
    )
    found = pl.DataFrame({"code": code}).join(known, on="code", how="left", maintain_order="left")
    return found["points"].fill_null(0), int(metrics)


def _parts(split: pl.Series, *, is_short: bool) -> pl.DataFrame:
    """Return the number of values of each metric (``points``) of each shape (its place)."""
    parts = pl.DataFrame({"shape": np.arange(len(split)), "key": split}).explode(
        "key", empty_as_null=True
    )
    if is_short:
        return parts.group_by("shape", "key").agg(points=pl.len().cast(_INT))
    named = pl.col("key").str.extract_groups(_NUMBER)
    return parts.select(
        "shape", key=named.struct.field("1"), points=named.struct.field("2").cast(_INT)
    )


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
        pl.col("value").fill_null(float("nan")),
        pl.col("value").fill_null(float("nan")).is_nan().alias("is_nan"),
    )
