"""Compares two stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scorewright.core.snapshot import Snapshot, SourceKind
from scorewright.core.store_views.census import named_runs
from scorewright.core.store_views.compared import Compared, EntityKind, StoreComparison
from scorewright.core.store_views.facts import (
    Facts,
    digests_of,
    experiment_facts,
    logged_model_facts,
    registry_facts,
    run_facts,
    texts_of,
)

__all__ = ["compare_stores"]

#: Facts by which runs of different ids are known as the same.
_CONTENT = ("param", "tag", "metric", "history")
#: Fields of a run that no tracking server tells, but for what its tags say.
_UNTOLD = ("source_type", "source_name", "source_version", "entry_point_name")
#: Fields whose value is the id of a run.
_LINKS = ("tag.mlflow.parentRunId", "version.run_id", "model.source_run_id")


def compare_stores(
    a: Snapshot, b: Snapshot, files: tuple[pl.DataFrame, pl.DataFrame] | None = None
) -> StoreComparison:
    """Compare two stores.

    Runs are matched by id; those left over by content: parameters, tags that MLflow did not set
    itself, metrics with all their values, and name, one to one in the order of their start.
    Experiments are matched by name, registered models by name, versions by name and number,
    logged models by id. Of runs matched by content the links to logged models, whose ids are
    others too, are not compared. Ids of experiments and addresses of artifacts never are.

    Args:
        a: One store.
        b: The other; both with histories, or histories are not compared.
        files: Artifact files of both, columns of `scorewright.core.snapshot.FILES`.
    """
    has_history = a.history is not None and b.history is not None
    mine, theirs = files or (None, None)
    facts = run_facts(a, mine), run_facts(b, theirs)
    for one in facts if not has_history else ():
        one.pop("history", None)
    _forget_unknown_points(facts)
    if SourceKind.SERVER in {a.source.kind, b.source.kind}:
        for one in facts:
            one["run"] = one["run"].filter(~pl.col("key").is_in(_UNTOLD))
    labels = _run_labels(a), _run_labels(b)
    pairs = _by_id(labels[0], labels[1])
    contents = _by_content(facts, labels, pairs)
    renamed = dict(contents.rows())
    runs = _compared("run", facts, labels, pl.concat([pairs, contents]), renamed)
    registry = registry_facts(a, mine), registry_facts(b, theirs)
    logged = logged_model_facts(a, mine), logged_model_facts(b, theirs)
    parts = (
        _plain("experiment", (experiment_facts(a), experiment_facts(b)), {}),
        runs,
        _plain("logged model", logged, renamed),
        _plain("registered model", (registry[0][0], registry[1][0]), {}),
        _plain("model version", (registry[0][1], registry[1][1]), renamed),
    )
    return StoreComparison(a.source.location, b.source.location, parts, has_history, bool(files))


_Both = tuple[Facts, Facts]
_Labels = tuple[pl.DataFrame, pl.DataFrame]


def _forget_unknown_points(facts: Sequence[dict[str, pl.DataFrame]]) -> None:
    """Leave the number of values away where one store does not tell it."""
    told = [one["metric"].get_column("points", default=None) for one in facts]
    if any(column is None or column.null_count() for column in told):
        for one in facts:
            one["metric"] = one["metric"].select(pl.exclude("points"))


def _run_labels(snapshot: Snapshot) -> pl.DataFrame:
    """Return ``id`` and ``label`` of the runs, in the order of their start."""
    runs = named_runs(snapshot).unique("run_id", keep="first").sort("start_time", "run_id")
    name = pl.when(pl.col("name") != "").then("name").otherwise("run_id")
    return runs.select(id="run_id", label=name)


def _by_id(a: pl.DataFrame, b: pl.DataFrame) -> pl.DataFrame:
    both = a.join(b, on="id", how="semi")
    return both.select(id_a="id", id_b="id")


def _by_content(facts: _Both, labels: _Labels, pairs: pl.DataFrame) -> pl.DataFrame:
    """Match what has no twin of the same id."""
    left = [
        label.join(pairs, left_on="id", right_on=side, how="anti")
        for label, side in zip(labels, ("id_a", "id_b"), strict=True)
    ]
    if left[0].is_empty() or left[1].is_empty():
        return pairs.clear()
    keyed = []
    for rows, one in zip(left, facts, strict=True):
        digests = digests_of(_content(one, rows["id"]))
        keys = ["label", "first", "second", "facts"]
        # A run that says nothing is like any other of its kind: it is not matched.
        told = rows.join(digests, on="id", maintain_order="left")
        keyed.append(told.with_columns(place=pl.int_range(pl.len()).over(keys)))
    keys = ["label", "first", "second", "facts", "place"]
    return (
        keyed[0].join(keyed[1], on=keys, maintain_order="left").select(id_a="id", id_b="id_right")
    )


def _content(facts: Facts, ids: pl.Series) -> dict[str, pl.DataFrame]:
    mine = pl.col("id").is_in(ids.implode())
    found = {name: facts[name].filter(mine) for name in _CONTENT if name in facts}
    key = pl.col("key").fill_null("")
    found["tag"] = found["tag"].filter(~key.str.starts_with("mlflow."))
    return found


def _plain(kind: EntityKind, facts: _Both, renamed: Mapping[str, str]) -> Compared:
    labels = tuple(_labels(one) for one in facts)
    both = labels[0], labels[1]
    return _compared(kind, facts, both, _by_id(*both), renamed)


def _labels(facts: Facts) -> pl.DataFrame:
    """Return ``id`` and ``label`` of what the first table names."""
    first = next(iter(facts.values()))
    ids = first["id"].unique(maintain_order=True).drop_nulls()
    return pl.DataFrame({"id": ids, "label": ids})


def _compared(
    kind: EntityKind, facts: _Both, labels: _Labels, pairs: pl.DataFrame, renamed: Mapping[str, str]
) -> Compared:
    suspects = _suspects(facts, pairs)
    texts = [
        texts_of(one, suspects[side]) for one, side in zip(facts, ("id_a", "id_b"), strict=True)
    ]
    if renamed:
        is_link = pl.col("field").is_in(_LINKS)
        mapped = pl.when(is_link).then(pl.col("value").replace(renamed)).otherwise("value")
        texts[0] = texts[0].with_columns(value=mapped)
    differences = _differences(texts[0], texts[1], suspects, labels[0])
    if renamed and kind == "run":
        other = (pl.col("id_a") != pl.col("id_b")) & pl.col("field").str.starts_with("model.")
        differences = differences.filter(~other)
    return Compared(
        kind=kind,
        same=pairs.height - differences["id_a"].n_unique(),
        only_a=labels[0].join(pairs, left_on="id", right_on="id_a", how="anti"),
        only_b=labels[1].join(pairs, left_on="id", right_on="id_b", how="anti"),
        by_content=pairs.filter(pl.col("id_a") != pl.col("id_b")),
        differences=differences,
    )


def _suspects(facts: _Both, pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs whose facts are not all equal; most are, and cost little."""
    told = ["first", "second", "facts"]
    joined = pairs
    for one, side in zip(facts, ("id_a", "id_b"), strict=True):
        renamed = digests_of(one).rename({name: f"{name}_{side}" for name in told})
        joined = joined.join(renamed, left_on=side, right_on="id", how="left")
    same = pl.all_horizontal(
        pl.col(f"{name}_id_a").eq_missing(pl.col(f"{name}_id_b")) for name in told
    )
    return joined.filter(~same).select("id_a", "id_b")


def _differences(
    a: pl.DataFrame, b: pl.DataFrame, pairs: pl.DataFrame, labels: pl.DataFrame
) -> pl.DataFrame:
    left = a.rename({"id": "id_a"}).join(pairs, on="id_a")
    right = b.rename({"id": "id_b"}).join(pairs, on="id_b")
    joined = left.join(right, on=["id_a", "id_b", "field"], how="full", coalesce=True)
    changed = joined.filter(pl.col("value").ne_missing(pl.col("value_right")))
    named = changed.join(labels, left_on="id_a", right_on="id", how="left")
    return named.select("id_a", "id_b", "label", "field", a="value", b="value_right").sort(
        "label", "id_a", "field"
    )
