"""What a store says of its runs, experiments and models, in a form that can be compared."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from scorewright.core.snapshot import Snapshot
from scorewright.core.store_views.census import named_runs, versions_of
from scorewright.core.store_views.words import state_of

__all__ = [
    "Facts",
    "digests_of",
    "experiment_facts",
    "logged_model_facts",
    "registry_facts",
    "run_facts",
    "texts_of",
]

#: MLflow's databases keep an infinite value as this.
_LARGEST = 1.7976931348623157e308
_SEEDS = (17, 42)
#: Of the table ``run``: fields that say what a run is, not where it lies.
_RUN = (
    "name", "experiment", "status", "lifecycle_stage", "start_time", "end_time", "user_id",
    "source_type", "source_name", "source_version", "entry_point_name",
)  # fmt: skip

Facts = Mapping[str, pl.DataFrame]


def run_facts(snapshot: Snapshot, files: pl.DataFrame | None = None) -> dict[str, pl.DataFrame]:
    """Return facts of runs by table, each with ``id`` (run), ``key`` and values.

    Where a run lies (experiment id, address of artifacts) is no fact of it. Empty texts count as
    lacking; an infinite value as the largest number, which databases keep in its place.

    Args:
        snapshot: The store.
        files: Artifact files, if they are compared too.
    """
    runs = named_runs(snapshot).unique("run_id", keep="first")
    # Databases keep a word where nothing was said.
    known = pl.when(pl.col("source_type") != "UNKNOWN").then("source_type")
    runs = runs.with_columns(lifecycle_stage=state_of(), source_type=known)
    found = {
        "run": _melted(runs.rename({"run_id": "id"}), _RUN),
        "param": snapshot.params.select("key", "value", id="run_id"),
        "tag": snapshot.tags.select("key", "value", id="run_id"),
        "metric": _metrics(snapshot),
        "input": _inputs(snapshot),
        "input tag": _input_tags(snapshot),
        "model": snapshot.run_models.select(
            "step", id="run_id", key=pl.concat_str("role", pl.lit(" "), "model_id")
        ),
    }
    if snapshot.history is not None:
        found["history"] = _history(snapshot.history)
    if files is not None:
        found["artifact"] = _artifacts(files, "run")
    return {name: frame.unique(maintain_order=False) for name, frame in found.items()}


def experiment_facts(snapshot: Snapshot) -> dict[str, pl.DataFrame]:
    """Return facts of experiments by table; ``id`` is the name.

    Args:
        snapshot: The store.
    """
    rows = snapshot.experiments.with_columns(
        id=pl.col("name").fill_null(pl.col("experiment_id")), lifecycle_stage=state_of()
    ).unique("id", keep="first", maintain_order=True)
    names = rows.select("experiment_id", "id")
    tags = snapshot.experiment_tags.join(names, on="experiment_id").select("id", "key", "value")
    traces = snapshot.traces.join(names, on="experiment_id").select(
        "id", "traces", key=pl.col("status").fill_null("")
    )
    fields = ("lifecycle_stage", "creation_time")
    return {
        "experiment": _melted(rows, fields),
        "tag": tags,
        "traces": traces,
        "data set": _datasets(snapshot, names),
    }


def registry_facts(
    snapshot: Snapshot, files: pl.DataFrame | None = None
) -> tuple[dict[str, pl.DataFrame], dict[str, pl.DataFrame]]:
    """Return facts of registered models and of their versions (``id`` "name/3").

    Args:
        snapshot: The store.
        files: Artifact files, if they are compared too.
    """
    models = snapshot.registered_models.with_columns(id="name")
    version = pl.col("version").cast(pl.String)
    aliases = snapshot.registered_model_aliases.select(id="name", key="alias", value=version)
    tags = snapshot.registered_model_tags.select("key", "value", id="name")
    label = pl.concat_str("name", pl.lit("/"), version)
    versions = versions_of(snapshot).with_columns(
        id=label,
        stage=pl.when(pl.col("stage") != "None").then("stage"),
    )
    fields = (
        "stage", "status", "status_message", "description", "run_id", "run_link", "user_id",
        "creation_time",
    )  # fmt: skip
    of_versions = {
        "version": _melted(versions, fields),
        "tag": snapshot.model_version_tags.select("key", "value", id=label),
    }
    if files is not None:
        of_versions["artifact"] = _artifacts(files, "version")
    of_models = {
        "model": _melted(models, ("description", "creation_time")), "alias": aliases, "tag": tags,
    }  # fmt: skip
    return of_models, of_versions


def logged_model_facts(
    snapshot: Snapshot, files: pl.DataFrame | None = None
) -> dict[str, pl.DataFrame]:
    """Return facts of logged models by table; ``id`` is the model's.

    Args:
        snapshot: The store.
        files: Artifact files, if they are compared too.
    """
    models = snapshot.logged_models.with_columns(id="model_id", lifecycle_stage=state_of())
    fields = (
        "name", "status", "status_message", "model_type", "lifecycle_stage", "source_run_id",
        "creation_time",
    )  # fmt: skip
    value = pl.col("value").clip(-_LARGEST, _LARGEST)
    key = pl.concat_str(
        pl.col("key").fill_null(""), pl.lit(" @"), pl.col("step").fill_null(0).cast(pl.String)
    )
    dataset = _named(pl.col("dataset_name"), pl.col("dataset_digest"))
    metrics = snapshot.logged_model_metrics.select(
        "timestamp", dataset, id="model_id", key=key, value=value
    )
    found = {
        "model": _melted(models, fields),
        "param": snapshot.logged_model_params.select("key", "value", id="model_id"),
        "tag": snapshot.logged_model_tags.select("key", "value", id="model_id"),
        "metric": metrics,
    }
    if files is not None:
        found["artifact"] = _artifacts(files, "model")
    return found


def digests_of(facts: Facts) -> pl.DataFrame:
    """Return one row per id with numbers that are equal where all facts are.

    128 bits from Polars' hash, summed over the facts so that their order does not matter. They
    hold within a process only.

    Args:
        facts: By table.

    Returns:
        Columns ``id``, ``first``, ``second`` (128 bits) and ``facts``.
    """
    parts = []
    for table, frame in facts.items():
        known = _without_nothing(frame)
        told = pl.struct(pl.lit(table).alias("table"), pl.exclude("id"))
        parts.append(known.select("id", first=told.hash(_SEEDS[0]), second=told.hash(_SEEDS[1])))
    return (
        pl.concat(parts)
        .group_by("id")
        .agg(pl.col("first").sum(), pl.col("second").sum(), facts=pl.len())
    )


def texts_of(facts: Facts, ids: pl.Series) -> pl.DataFrame:
    """Return the facts of some ids as texts.

    Args:
        facts: By table.
        ids: Whose.

    Returns:
        Columns ``id``, ``field`` (such as "param.max_depth") and ``value``.
    """
    parts = []
    for table, frame in facts.items():
        mine = _without_nothing(frame.filter(pl.col("id").is_in(ids.implode())))
        for name in mine.columns:
            if name not in {"id", "key"}:
                # "metric.auc" is the value; "metric.auc step" one thing more.
                more = "" if name in {"value", "traces"} else f" {name}"
                field = pl.concat_str(pl.lit(f"{table}."), "key", pl.lit(more))
                value = pl.col(name).cast(pl.String)
                parts.append(mine.select("id", field=field, value=value))
    return pl.concat(parts).drop_nulls("value").unique(["id", "field"], keep="first")


def _without_nothing(frame: pl.DataFrame) -> pl.DataFrame:
    """Drop facts that say nothing: a lacking value and an empty one are the same."""
    known = frame.with_columns(pl.col("key").fill_null(""))
    if known.schema.get("value") == pl.String:
        return known.filter(pl.col("value").fill_null("") != "")
    return known


def _melted(frame: pl.DataFrame, fields: tuple[str, ...]) -> pl.DataFrame:
    texts = frame.select("id", *(pl.col(field).cast(pl.String) for field in fields))
    return texts.unpivot(index="id", variable_name="key", value_name="value")


def _metrics(snapshot: Snapshot) -> pl.DataFrame:
    is_nan = pl.col("is_nan").fill_null(value=False)
    value = pl.when(is_nan).then(float("nan")).otherwise(pl.col("value").clip(-_LARGEST, _LARGEST))
    chosen = snapshot.metrics.select(
        "key", "step", "timestamp", id="run_id", value=value.fill_null(float("nan"))
    )
    if snapshot.history is not None:
        return chosen
    return chosen.with_columns(points=snapshot.metrics["points"])


def _history(history: pl.DataFrame) -> pl.DataFrame:
    """Return number and digest of the values of each metric, whatever their order."""
    is_nan = pl.col("is_nan").fill_null(value=False)
    value = pl.when(is_nan).then(float("nan")).otherwise(pl.col("value").clip(-_LARGEST, _LARGEST))
    points = history.select(
        "run_id", "key", point=pl.struct(value.alias("value"), "step", "timestamp").hash(_SEEDS[0])
    )
    counted = points.group_by("run_id", "key").agg(values=pl.len(), digest=pl.col("point").sum())
    return counted.with_columns(
        pl.col("key").cast(pl.String), id=pl.col("run_id").cast(pl.String)
    ).drop("run_id")


def _inputs(snapshot: Snapshot) -> pl.DataFrame:
    joined = snapshot.inputs.join(_dataset_names(snapshot), on="dataset_id", how="left")
    key = pl.col("dataset").fill_null("?@")
    return joined.select(id="run_id", key=key, value=pl.col("context").fill_null("") + "read")


def _input_tags(snapshot: Snapshot) -> pl.DataFrame:
    joined = snapshot.input_tags.join(_dataset_names(snapshot), on="dataset_id", how="left")
    key = pl.concat_str(pl.col("dataset").fill_null("?@"), pl.lit(" "), "key")
    return joined.select("value", id="run_id", key=key)


def _datasets(snapshot: Snapshot, names: pl.DataFrame) -> pl.DataFrame:
    """Return what is said of the data sets of experiments; ``names`` has the latters' ids."""
    known = snapshot.datasets.join(_dataset_names(snapshot), on="dataset_id")
    mine = known.join(names, on="experiment_id").unique(["id", "dataset"], keep="first")
    fields = ("source_type", "source", "schema", "profile")
    texts = mine.unpivot(fields, index=["id", "dataset"])
    key = pl.concat_str("dataset", pl.lit(" "), "variable")
    return texts.select("id", "value", key=key)


def _dataset_names(snapshot: Snapshot) -> pl.DataFrame:
    """Return ``dataset_id`` and ``dataset``, such as "loans@3f2a"."""
    known = snapshot.datasets.unique("dataset_id", keep="first")
    named = _named(pl.col("name").fill_null("?"), pl.col("digest"))
    return known.select("dataset_id", named)


def _named(name: pl.Expr, digest: pl.Expr) -> pl.Expr:
    """Name a data set; null where it has no name."""
    return pl.concat_str(name, pl.lit("@"), digest.fill_null("")).alias("dataset")


def _artifacts(files: pl.DataFrame, owner: str) -> pl.DataFrame:
    mine = files.filter(pl.col("owner") == owner)
    return mine.select("size", "sha256", id="owner_id", key="path")
