"""Rows of an inventory: experiments, files and registered models."""

from __future__ import annotations

import polars as pl

from scorewright.core.snapshot import Snapshot
from scorewright.core.store_views.census import versions_of
from scorewright.core.store_views.words import moment, state_of

__all__ = ["best_first", "experiment_rows", "file_rows", "model_rows"]


def best_first(runs: pl.DataFrame, *, minimise: bool) -> pl.DataFrame:
    """Sort runs by ``value``, the best first; of equals the earliest.

    Args:
        runs: With ``value``, ``start`` and ``run_id``.
        minimise: The least value is the best.
    """
    return runs.sort(
        "value", "start", "run_id", descending=[not minimise, False, False], nulls_last=True
    )


def experiment_rows(snapshot: Snapshot, runs: pl.DataFrame, *, minimise: bool) -> pl.DataFrame:
    """Return one row per experiment, deleted ones last.

    Args:
        snapshot: The store.
        runs: From `census_of`, with ``value``.
        minimise: The least value is the best.
    """
    is_active = pl.col("state") == "active"
    counts = runs.group_by("experiment_id").agg(
        runs=is_active.sum(),
        # Of a deleted experiment all runs are.
        deleted_runs=(~is_active).sum(),
        running=(is_active & (pl.col("status") == "RUNNING")).sum(),
        failed=(is_active & pl.col("status").is_in(["FAILED", "KILLED"])).sum(),
        children=(is_active & pl.col("parent_id").is_not_null()).sum(),
        production=(is_active & pl.col("is_production")).sum(),
        first_start=pl.col("start").min(),
        last_end=pl.max_horizontal("start", "end").max(),
        models=pl.col("models").sum(),
        files=pl.col("files").sum(),
        bytes=pl.col("bytes").sum(),
    )
    best = best_first(runs.filter(is_active).drop_nulls("value"), minimise=minimise)
    best = best.unique("experiment_id", keep="first", maintain_order=True).select(
        "experiment_id", best_run="run_id", best_name="name", best_value="value"
    )
    traces = snapshot.traces.group_by("experiment_id").agg(traces=pl.col("traces").sum())
    rows = snapshot.experiments.select(
        "experiment_id", "name", state=state_of(), created=moment("creation_time")
    )
    for more in (counts, traces, best):
        rows = rows.join(more, on="experiment_id", how="left")
    numbers = [
        "runs", "deleted_runs", "running", "failed", "children", "production", "models", "files",
        "bytes", "traces",
    ]  # fmt: skip
    return rows.with_columns(pl.col(numbers).fill_null(0).cast(pl.Int64)).sort(
        "state", pl.col("experiment_id").cast(pl.Int64, strict=False), "experiment_id"
    )


def file_rows(snapshot: Snapshot, runs: pl.DataFrame, files: pl.DataFrame) -> pl.DataFrame:
    """Return one row per artifact file, with the name of its owner.

    Args:
        snapshot: The store.
        runs: From `census_of`.
        files: Columns of `scorewright.core.snapshot.FILES`.
    """
    names = pl.concat(
        [
            runs.select("name", owner=pl.lit("run"), owner_id="run_id"),
            snapshot.logged_models.select("name", owner=pl.lit("model"), owner_id="model_id"),
        ]
    ).unique(["owner", "owner_id"], keep="first")
    return (
        files.join(names, on=["owner", "owner_id"], how="left", maintain_order="left")
        .with_columns(modified=(pl.col("modified") // 1_000_000).alias("modified"))
        .with_columns(modified=moment("modified"))
        .select(
            "owner", "owner_id", "name", "path", "size", "modified", "inode", "sha256", "folder"
        )
        .sort("owner", "owner_id", "path")
    )


def model_rows(snapshot: Snapshot) -> pl.DataFrame:
    """Return one row per registered model.

    Args:
        snapshot: The store.
    """
    versions = versions_of(snapshot)
    counted = versions.group_by("name").agg(
        versions=pl.len().cast(pl.Int64),
        stages=pl.col("stage").filter(pl.col("stage").fill_null("None") != "None").unique().sort(),
    )
    aliases = snapshot.registered_model_aliases.group_by("name").agg(
        aliases=pl.concat_str(
            "alias", pl.lit("="), pl.col("version").cast(pl.String)
        ).drop_nulls().sort()
    )  # fmt: skip
    names = pl.concat([snapshot.registered_models["name"], versions["name"]]).unique().sort()
    rows = names.drop_nulls().to_frame()
    for more in (counted, aliases):
        rows = rows.join(more, on="name", how="left", maintain_order="left")
    return rows.with_columns(
        pl.col("versions").fill_null(0), pl.col("stages", "aliases").list.join(", ").fill_null("")
    ).select("name", "versions", "aliases", "stages")
