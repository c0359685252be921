"""Every run of a store with what belongs to it, as one table."""

from __future__ import annotations

import polars as pl

from scorewright.core.snapshot import Snapshot
from scorewright.core.store_views.words import moment, state_of

__all__ = ["GONE", "census_of", "named_runs", "versions_of"]

#: The registry keeps the numbers of deleted versions, with this stage.
GONE = "Deleted_Internal"
_CROWNED = ("champion", "production")
_PARENT, _NAME, _STAGE = "mlflow.parentRunId", "mlflow.runName", "stage"


def census_of(snapshot: Snapshot, files: pl.DataFrame) -> pl.DataFrame:
    """Return one row per run, deleted ones too.

    Args:
        snapshot: The store.
        files: Its artifact files, columns of `scorewright.core.snapshot.FILES`.

    Returns:
        Columns ``experiment_id``, ``experiment`` (name), ``run_id``, ``name`` ("" if none),
        ``status``, ``state`` ("deleted" also where the experiment is), ``user``, ``start``,
        ``end`` (UTC), ``seconds``, ``parent_id``, ``params``, ``metrics``, ``points``, ``tags``,
        ``inputs``, ``models`` (counts), ``versions`` ("name/3@champion", texts with commas),
        ``is_production``, ``files`` and ``bytes`` (its own and those of logged models it made).
        Sorted by experiment, start and id.
    """
    runs = named_runs(snapshot).with_columns(
        start=moment("start_time"),
        end=moment("end_time"),
        user=pl.col("user_id"),
        seconds=(pl.col("end_time") - pl.col("start_time")) / 1000,
    )
    points = pl.col("points").sum().alias("points") if _has_points(snapshot) else None
    for table, extra in (
        ("params", None), ("metrics", points), ("tags", None), ("inputs", None),
    ):  # fmt: skip
        made = [pl.len().cast(pl.Int64).alias(table), *([] if extra is None else [extra])]
        counted = getattr(snapshot, table).group_by("run_id").agg(made)
        runs = runs.join(counted, on="run_id", how="left", maintain_order="left")
        runs = runs.with_columns(pl.col(table).fill_null(0))
    for more in (
        _parents(snapshot), _models(snapshot), _version_labels(snapshot), _sizes(snapshot, files),
    ):  # fmt: skip
        runs = runs.join(more, on="run_id", how="left", maintain_order="left")
    if points is None:
        runs = runs.with_columns(points=pl.lit(None, dtype=pl.Int64))
    stage = _tag(snapshot, _STAGE)
    runs = runs.join(stage, on="run_id", how="left", maintain_order="left")
    return runs.with_columns(
        pl.col("models", "files", "bytes").fill_null(0),
        pl.col("versions").fill_null(""),
        is_production=(pl.col(_STAGE).str.to_lowercase() == "production").fill_null(value=False)
        | pl.col("crowned").fill_null(value=False),
    ).select(
        "experiment_id", "experiment", "run_id", "name", "status", "state", "user", "start", "end",
        "seconds", "parent_id", "params", "metrics", "points", "tags", "inputs", "models",
        "versions", "is_production", "files", "bytes",
    )  # fmt: skip


def named_runs(snapshot: Snapshot) -> pl.DataFrame:
    """Return the runs with ``name``, ``state`` and ``experiment``, whatever wrote the name.

    Args:
        snapshot: The store.
    """
    experiments = snapshot.experiments.unique("experiment_id", keep="first").select(
        "experiment_id", experiment=pl.col("name").fill_null(""), above=state_of()
    )
    runs = snapshot.runs.join(experiments, on="experiment_id", how="left").join(
        _tag(snapshot, _NAME), on="run_id", how="left"
    )
    own = pl.when(pl.col("name").fill_null("") != "").then("name").otherwise(pl.col(_NAME))
    is_deleted = (state_of() == "deleted") | (pl.col("above").fill_null("active") == "deleted")
    return runs.with_columns(
        name=own.fill_null(""),
        experiment=pl.col("experiment").fill_null(""),
        state=pl.when(is_deleted).then(pl.lit("deleted")).otherwise(pl.lit("active")),
    ).sort("experiment_id", "start_time", "run_id", nulls_last=True)


def versions_of(snapshot: Snapshot) -> pl.DataFrame:
    """Return the versions that are, with ``label`` ("name/3@champion"), ``aliases``, ``crowned``.

    Args:
        snapshot: The store.
    """
    aliases = (
        snapshot.registered_model_aliases.sort("alias")
        .group_by("name", "version", maintain_order=True)
        .agg(aliases=pl.col("alias").drop_nulls())
    )
    versions = snapshot.model_versions.filter(pl.col("stage").fill_null("") != GONE)
    joined = versions.join(aliases, on=["name", "version"], how="left", maintain_order="left")
    names = pl.col("aliases").fill_null(pl.lit([], dtype=pl.List(pl.String)))
    text = names.list.eval("@" + pl.element()).list.join("")
    return joined.with_columns(
        aliases=names,
        label=pl.concat_str(
            pl.col("name").fill_null(""), pl.lit("/"), pl.col("version").cast(pl.String), text
        ),
        crowned=(pl.col("stage") == "Production").fill_null(value=False)
        | names.list.eval(pl.element().str.to_lowercase().is_in(_CROWNED)).list.any(),
    ).sort("name", "version")


def _has_points(snapshot: Snapshot) -> bool:
    """Tell whether values were counted: a server is not asked for each of them."""
    points = snapshot.metrics["points"]
    return points.null_count() < points.len() or points.is_empty()


def _tag(snapshot: Snapshot, key: str) -> pl.DataFrame:
    rows = snapshot.tags.filter(pl.col("key") == key).unique("run_id", keep="first")
    return rows.select("run_id", pl.col("value").alias(key))


def _parents(snapshot: Snapshot) -> pl.DataFrame:
    return _tag(snapshot, _PARENT).rename({_PARENT: "parent_id"})


def _models(snapshot: Snapshot) -> pl.DataFrame:
    made = _makers(snapshot)
    return made.group_by("run_id").agg(models=pl.len().cast(pl.Int64))


def _makers(snapshot: Snapshot) -> pl.DataFrame:
    """Return logged models that are, each with the run that made it."""
    models = snapshot.logged_models.filter(state_of() == "active")
    return models.select("model_id", run_id="source_run_id").drop_nulls().unique("model_id")


def _version_labels(snapshot: Snapshot) -> pl.DataFrame:
    versions = versions_of(snapshot).drop_nulls("run_id")
    return versions.group_by("run_id", maintain_order=True).agg(
        versions=pl.col("label").str.join(", "), crowned=pl.col("crowned").any()
    )


def _sizes(snapshot: Snapshot, files: pl.DataFrame) -> pl.DataFrame:
    own = files.filter(pl.col("owner") == "run").select("size", run_id="owner_id")
    models = files.filter(pl.col("owner") == "model").join(
        _makers(snapshot), left_on="owner_id", right_on="model_id"
    )
    both = pl.concat([own, models.select("size", "run_id")])
    return both.group_by("run_id").agg(
        files=pl.len().cast(pl.Int64), bytes=pl.col("size").sum().cast(pl.Int64)
    )
