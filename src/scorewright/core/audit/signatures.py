"""Runs that are alike to the conventions, so that each kind is held against them once.

`missing` looks at the presence of names and at the values of tags, never at figures. Runs that
agree in all of that share their findings; names of runs and experiments are looked at apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from scorewright.core.audit.subjects import Subject
from scorewright.core.audit.view import StoreView
from scorewright.core.conventions import Conventions, RunRecord, missing
from scorewright.core.findings import Finding

__all__ = ["Alike", "alike_runs"]

#: Bits of one integer column.
_WORD = 60
_MODEL_TAGS = frozenset({"feature_strategy", "sampling_strategy", "model_type", "validation"})
_NOTE = "mlflow.note.content"
#: Tags whose values decide what else is asked.
_TOLD_APART = frozenset({"model_type", "validation"})
_NAMES = frozenset({"CONV-001", "CONV-002"})
_ARTIFACTS = frozenset({"CONV-006", "CONV-007"})


@dataclass(frozen=True, slots=True)
class Alike:
    """Runs that lack the same.

    Attributes:
        subjects: The runs, in the order of the view.
        findings: What each of them lacks, but for names.
    """

    subjects: tuple[Subject, ...]
    findings: tuple[Finding, ...]


def alike_runs(view: StoreView) -> tuple[Alike, ...]:
    """Group the active runs and hold one of each group against the conventions.

    What cannot be known of runs whose artifacts were not seen is not held against them, and
    runs that only hold others together are not asked for a model's tags.
    """
    conventions = view.given.conventions
    wanted = _wanted(conventions)
    table = _signatures(view, wanted)
    keys = [c for c in table.columns if c != "run_id"]
    groups = table.group_by(keys, maintain_order=True).agg("run_id")
    whole = replace(
        conventions, tags={k: v for k, v in conventions.tags.items() if k not in _MODEL_TAGS}
    )
    found = []
    for row in groups.iter_rows(named=True):
        record = _record(row, wanted)
        policy = whole if row["is_parent"] else conventions
        unknown = _NAMES if row["is_seen"] else _NAMES | _ARTIFACTS
        findings = [f for f in missing(record, policy) if f.code not in unknown]
        found.append(Alike(view.subjects(row["run_id"]), tuple(findings)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Names the conventions ask for, in a fixed order: a run's are bits in integers."""

    metrics: tuple[str, ...]
    params: tuple[str, ...]
    artifacts: tuple[str, ...]
    tags: tuple[str, ...]


def _wanted(conventions: Conventions) -> _Wanted:
    rules = conventions.metrics
    groups = rules.groups()
    figures = [f for group in rules.cross_validated.groups for f in groups[group]]
    forms = (*rules.cross_validated.figures, *rules.cross_validated.histories)
    metrics = {name for names in groups.values() for name in names}
    metrics |= {form.replace("{f}", figure) for figure in figures for form in forms}
    metrics |= set(rules.boosting.histories)
    lists = (conventions.params.common, *conventions.params.models.values())
    params = {part for names in lists for name in names for part in name.split("|")}
    tags = {*conventions.tags, "model_type", "validation"}
    return _Wanted(
        tuple(sorted(metrics)),
        tuple(sorted(params)),
        tuple(sorted(conventions.artifacts.required)),
        tuple(sorted(tags)),
    )


def _signatures(view: StoreView, wanted: _Wanted) -> pl.DataFrame:
    """Return one row per active run with everything `missing` looks at."""
    snapshot = view.given.snapshot
    finished = view.runs.filter(pl.col("is_finished")).select("run_id")
    # Only what is asked for: most figures of most runs are others.
    asked = snapshot.metrics.select("run_id", "key", "points").filter(
        pl.col("key").is_in(wanted.metrics)
    )
    metrics = asked.join(finished, on="run_id", how="semi")
    histories = metrics.filter(pl.col("points").fill_null(1) > 1)
    parts = [
        _bits(metrics.select("run_id", "key"), wanted.metrics, "metric"),
        _bits(histories.select("run_id", "key"), wanted.metrics, "history"),
        _bits(snapshot.params.select("run_id", "key"), wanted.params, "param"),
        _bits(view.files.select("run_id", key="path"), wanted.artifacts, "file"),
        _tag_values(view, wanted.tags),
    ]
    status = pl.when(pl.col("is_parent")).then(pl.lit("")).otherwise("status")
    table = view.runs.select(
        "run_id",
        "is_parent",
        "is_seen",
        status=status.fill_null(""),
        has_model=pl.col("run_id").is_in(_with_model(view)),
        has_input=pl.col("run_id").is_in(_with_input(view)),
    )
    for part in parts:
        table = table.join(part, on="run_id", how="left", maintain_order="left")
    return table


def _bits(rows: pl.DataFrame, names: Sequence[str], prefix: str) -> pl.DataFrame:
    """Return which of the names each run has, as bits of integer columns."""
    place = pl.DataFrame(
        {
            "key": list(names),
            "word": [i // _WORD for i in range(len(names))],
            "bit": [1 << (i % _WORD) for i in range(len(names))],
        },
        schema={"key": pl.String, "word": pl.Int64, "bit": pl.Int64},
    )
    words = range(-(-len(names) // _WORD))
    return (
        rows.join(place, on="key", how="inner")
        .group_by("run_id")
        .agg(
            pl.col("bit").filter(pl.col("word") == word).bitwise_or().alias(f"{prefix}{word}")
            for word in words
        )
    )


def _tag_values(view: StoreView, names: Sequence[str]) -> pl.DataFrame:
    """Return the tags of each run; of allowed values one stands for all, as does any note."""
    rules = view.given.conventions.tags
    note = (pl.col("key") == _NOTE) & (pl.col("value").str.strip_chars() != "")
    rows = view.given.snapshot.tags.filter(pl.col("key").is_in(names)).with_columns(
        value=pl.when(note).then(pl.lit("told")).otherwise("value").fill_null("")
    )
    values = rows.select("key", "value").unique().sort("key", "value")
    stand_in: dict[str, str] = {}
    shown = [
        stand_in.setdefault(key, value)
        if key in rules and key not in _TOLD_APART and rules[key].allows(value)
        else value
        for key, value in values.iter_rows()
    ]
    merged = values.with_columns(shown=pl.Series(shown, dtype=pl.String))
    return (
        rows.join(merged, on=["key", "value"], how="inner")
        .group_by("run_id")
        .agg(
            pl.col("shown").filter(pl.col("key") == name).first().alias(f"tag:{name}")
            for name in names
        )
    )


def _with_model(view: StoreView) -> list[str]:
    """Return runs that logged a model, or have files of one."""
    snapshot = view.given.snapshot
    alive = snapshot.logged_models.filter(pl.col("lifecycle_stage").fill_null("") != "deleted")
    outputs = snapshot.run_models.filter(pl.col("role") == "output")["run_id"]
    return sorted({*alive["source_run_id"].drop_nulls(), *outputs, *view.model_files})


def _with_input(view: StoreView) -> list[str]:
    """Return runs that name a data set with a digest and a role."""
    snapshot = view.given.snapshot
    told = snapshot.datasets.filter(pl.col("digest").fill_null("") != "").select("dataset_id")
    inputs = snapshot.inputs.filter(pl.col("context").fill_null("") != "")
    return sorted(set(inputs.join(told, on="dataset_id", how="semi")["run_id"]))


def _record(row: dict[str, Any], wanted: _Wanted) -> RunRecord:
    """Return a run that stands for all of its signature."""
    tags = {name: row[f"tag:{name}"] for name in wanted.tags}
    tags = {name: value for name, value in tags.items() if value is not None}
    several = _unpacked(row, wanted.metrics, "history")
    metrics = _unpacked(row, wanted.metrics, "metric")
    return RunRecord(
        name="",
        experiment="",
        status=row["status"],
        metrics=dict.fromkeys(metrics, 0.0),
        histories={name: (0.0,) * (2 if name in several else 1) for name in metrics},
        params=dict.fromkeys(_unpacked(row, wanted.params, "param"), ""),
        tags=tags,
        artifacts=frozenset(_unpacked(row, wanted.artifacts, "file")),
        has_model=row["has_model"],
        inputs=int(row["has_input"]),
        model_type=tags.get("model_type", ""),
    )


def _unpacked(row: dict[str, Any], names: Sequence[str], prefix: str) -> set[str]:
    return {
        name
        for i, name in enumerate(names)
        if (row[f"{prefix}{i // _WORD}"] or 0) >> (i % _WORD) & 1
    }
