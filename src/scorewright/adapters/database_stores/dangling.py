"""Rows that point at something that is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from scorewright.core.findings import Finding

__all__ = ["dangling"]

_EXAMPLES: Final = 10


@dataclass(frozen=True, slots=True)
class _Reference:
    """Columns of one table that name rows of another, whose columns may be called differently."""

    table: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


def _one(table: str, column: str, target: str) -> _Reference:
    return _Reference(table, (column,), target, (column,))


_VERSION: Final = ("name", "version")
_REFERENCES: Final = (
    *(
        _one(table, "experiment_id", "experiments")
        for table in ("experiment_tags", "runs", "datasets", "logged_models", "traces")
    ),
    *(
        _one(table, "run_id", "runs")
        for table in ("params", "tags", "metrics", "inputs", "run_models")
    ),
    _one("inputs", "dataset_id", "datasets"),
    *(
        _one(table, "model_id", "logged_models")
        for table in (
            "logged_model_params",
            "logged_model_tags",
            "logged_model_metrics",
            "run_models",
        )
    ),
    *(
        _one(table, "name", "registered_models")
        for table in ("registered_model_tags", "registered_model_aliases", "model_versions")
    ),
    _Reference("registered_model_aliases", _VERSION, "model_versions", _VERSION),
    _Reference("model_version_tags", _VERSION, "model_versions", _VERSION),
)


def dangling(tables: Mapping[str, pl.DataFrame]) -> tuple[Finding, ...]:
    """Find rows whose run, experiment, data set or model is gone, one finding per table.

    Args:
        tables: Names and columns of `scorewright.core.snapshot.TABLES`; versions that were
            deleted (stage ``Deleted_Internal``) count as gone for aliases.
    """
    return tuple(_findings(tables))


def _findings(tables: Mapping[str, pl.DataFrame]) -> Iterator[Finding]:
    for name in dict.fromkeys(reference.table for reference in _REFERENCES):
        if name not in tables or tables[name].is_empty():
            continue
        lost = [
            (reference, rows)
            for reference in _REFERENCES
            if reference.table == name and (rows := _lost(reference, tables)).height
        ]
        if lost:
            yield _finding(name, lost)


def _lost(reference: _Reference, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    rows = tables[reference.table].select(reference.columns).drop_nulls()
    targets = tables.get(reference.target)
    if targets is None:
        return rows
    if reference.table == "registered_model_aliases" and "stage" in targets.columns:
        targets = targets.filter(pl.col("stage").fill_null("") != "Deleted_Internal")
    if len(reference.columns) == 1:
        known = targets[reference.target_columns[0]].drop_nulls()
        return rows.filter(~pl.col(reference.columns[0]).is_in(known.implode()))
    return rows.join(
        targets.select(reference.target_columns),
        left_on=reference.columns,
        right_on=reference.target_columns,
        how="anti",
    )


def _finding(name: str, lost: Sequence[tuple[_Reference, pl.DataFrame]]) -> Finding:
    parts, evidence = [], {}
    for reference, rows in lost:
        ids = rows.unique().sort(reference.columns)
        parts.append(f"{rows.height} point at {ids.height} of '{reference.target}'")
        evidence[reference.target] = {
            "rows": rows.height,
            "missing": ids.height,
            "examples": [" ".join(map(str, row)) for row in ids.head(_EXAMPLES).iter_rows()],
        }
    return Finding(
        code="STORE-021",
        severity="warning",
        subject=name,
        message=f"Rows of '{name}' point at nothing: {', '.join(parts)} that are not there.",
        remedy="A consolidated store leaves them out and lists them: scorewright store consolidate",
        evidence=evidence,
    )
