"""Runs that say the same: copies, and one model with several optimal thresholds."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from scorewright.core.audit.rule import Check, Hit
from scorewright.core.audit.view import StoreView

__all__ = ["COPY_CHECKS"]

#: Tags that differ between a run and its copy: names, machines, ids.
_VOLATILE = r"^mlflow\."
#: Figures that differ between two equal trainings.
_CLOCK = r"(?i)(seconds|duration|elapsed|_time$|^time_)"
_THRESHOLDS = r"(?i)(threshold|cutoff|^cost_)"
_SEEDS = (1, 2)
_SLICE = 100_000


def _content(rows: pl.DataFrame, part: str) -> pl.DataFrame:
    """Return two sums of hashes per run, perhaps in several rows: equal for equal rows.

    A slice after the other is summed up, for hashing takes several times the memory of the rows.
    """
    columns = [pl.lit(part), *(pl.col(c) for c in rows.columns if c != "run_id")]
    hashes = [pl.struct(columns).hash(seed).alias(f"h{seed}") for seed in _SEEDS]
    slices = rows.iter_slices(_SLICE) if rows.height else [rows]
    return pl.concat([_digests([piece.select("run_id", *hashes)]) for piece in slices])


def _digests(parts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(parts).group_by("run_id").agg(pl.col(f"h{s}").sum() for s in _SEEDS)


def _without(rows: pl.DataFrame, pattern: str) -> pl.DataFrame:
    """Leave out the rows whose key matches; few keys stand in many rows."""
    keys = rows["key"].unique().drop_nulls()
    left_out = keys.filter(keys.str.contains(pattern))
    is_whole = left_out.is_empty() and not rows["key"].null_count()
    return rows if is_whole else rows.filter(~pl.col("key").is_in(left_out.to_list()))


def _copies(view: StoreView) -> Iterator[Hit]:
    """Tell of finished runs with the parameters, figures and tags of an earlier one."""
    snapshot = view.given.snapshot
    runs = view.runs.filter(pl.col("is_finished")).select("run_id")
    metrics, tags = _without(snapshot.metrics, _CLOCK), _without(snapshot.tags, _VOLATILE)
    # A run without a figure is empty, not a copy of another empty one.
    told = runs.join(metrics.select("run_id").unique(), on="run_id", how="semi")
    parts = [
        _content(metrics.select("run_id", "key", "value", "is_nan", "points"), "metric"),
        _content(snapshot.params.select("run_id", "key", "value"), "param"),
        _content(tags.select("run_id", "key", "value"), "tag"),
    ]
    digests = told.join(_digests(parts), on="run_id", how="inner", maintain_order="left")
    sums = [f"h{seed}" for seed in _SEEDS]
    groups = digests.group_by(sums, maintain_order=True).agg("run_id")
    for runs_alike in groups.filter(pl.col("run_id").list.len() > 1)["run_id"]:
        first, *copies = runs_alike.to_list()
        text = f"as {view.subject(first).label}"
        yield Hit(view.subjects(copies), text, {"first": first, "copies": copies})


def _several_optima(view: StoreView) -> Iterator[Hit]:
    """Tell of one model, at the same costs, with different thresholds called optimal.

    The same model is the same parameters, data and ranking, in whichever experiments it lies. Runs
    that logged no parameter or no ranking figure are told apart by their experiment.
    """
    snapshot = view.given.snapshot
    thresholds = snapshot.metrics.filter(
        pl.col("key") == "optimal_threshold", pl.col("value").is_finite()
    ).select("run_id", threshold="value")
    params = snapshot.params.select("run_id", "key", "value")
    costs = params.filter(pl.col("key").is_in(["cost_fn", "cost_fp"]))
    tags = snapshot.tags.filter(pl.col("key").is_in(["model_type", "data_version"]))
    ranks = snapshot.metrics.filter(pl.col("key").is_in(["roc_auc", "mean_roc_auc", "brier"]))
    same = _digests(
        [
            _content(_without(params, _THRESHOLDS), "param"),
            _content(costs, "cost"),
            _content(tags.select("run_id", "key", "value"), "tag"),
            _content(ranks.select("run_id", "key", "value"), "rank"),
        ]
    )
    rows = (
        view.runs.filter(pl.col("is_finished"))
        .select("run_id", "experiment_id", "experiment")
        .join(thresholds, on="run_id", how="inner", maintain_order="left")
        .join(same, on="run_id", how="inner", maintain_order="left")
    )
    is_told = pl.col("run_id").is_in(ranks["run_id"].unique().to_list())
    is_told &= pl.col("run_id").is_in(params["run_id"].unique().to_list())
    place = pl.when(is_told).then(pl.lit("")).otherwise("experiment_id").alias("place")
    sums = [f"h{seed}" for seed in _SEEDS]
    groups = rows.group_by(place, *sums, maintain_order=True).agg(
        "run_id", "threshold", pl.col("experiment").unique(maintain_order=True)
    )
    for row in groups.iter_rows(named=True):
        values = sorted({round(value, 9) for value in row["threshold"]})
        if len(values) > 1:
            shown = ", ".join(f"{value:g}" for value in values)
            text = f"one model of {', '.join(row['experiment'])}, thresholds {shown}"
            yield Hit(view.subjects(row["run_id"]), text, {"thresholds": values})


COPY_CHECKS: dict[str, Check] = {"RUN-005": _copies, "RUN-014": _several_optima}
