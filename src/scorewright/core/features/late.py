"""Whose histories hold rows that were not known at the decision: all keys, where a proof counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from scorewright.core.features.frames import ENTITY
from scorewright.core.features.plan import FeaturePlan
from scorewright.core.features.relations import AsOf, AsOfUnit

__all__ = ["LateKeys", "late_keys", "merge_late"]

_DECISION = "__decision"


@dataclass(frozen=True, slots=True, eq=False)
class LateKeys:
    """Applications that `scorewright.core.features.prove_as_of` would find fault with.

    Attributes:
        table: Name of the history.
        columns: Its as-of columns.
        future: Keys of applications with a row that is not before the decision, each once.
        undated: Keys of those with a row (or a decision) whose date is missing, each once.
    """

    table: str
    columns: tuple[str, ...]
    future: pl.Series
    undated: pl.Series


def late_keys(plan: FeaturePlan, tables: Mapping[str, pl.DataFrame]) -> tuple[LateKeys, ...]:
    """Find the applications with rows that were not known at their decision.

    Args:
        plan: Which tables, and what their dates mean.
        tables: Typed rows of the applications (key and, where a history is dated, the decision)
            and, with `ENTITY`, of any of ``plan.tables``; a few of their rows will do.

    Returns:
        One entry per dated history that was given.
    """
    relations = plan.relations
    applications = tables[relations.entity.table]
    found = []
    for name in plan.tables:
        as_of = relations.history(name).as_of
        if as_of is None or name not in tables:
            continue
        dated = tables[name].select(ENTITY, *as_of.columns)
        if as_of.unit is AsOfUnit.DATE:
            decisions = applications.select(
                pl.col(relations.key).alias(ENTITY),
                pl.col(relations.entity.as_of or "").cast(pl.Date).alias(_DECISION),
            )
            dated = dated.join(decisions, on=ENTITY, how="left", maintain_order="left")
        found.append(
            LateKeys(
                name,
                as_of.columns,
                _keys(dated, pl.any_horizontal(_is_late(c, as_of) for c in as_of.columns)),
                _keys(dated, _is_undated(as_of)),
            )
        )
    return tuple(found)


def merge_late(parts: Sequence[LateKeys]) -> tuple[LateKeys, ...]:
    """Put what was found in parts of tables together, table by table."""
    by_table: dict[str, list[LateKeys]] = {}
    for part in parts:
        by_table.setdefault(part.table, []).append(part)
    return tuple(
        LateKeys(
            table,
            same[0].columns,
            pl.concat(part.future for part in same).unique().sort(),
            pl.concat(part.undated for part in same).unique().sort(),
        )
        for table, same in by_table.items()
    )


def _keys(dated: pl.DataFrame, which: pl.Expr) -> pl.Series:
    return dated.filter(which).get_column(ENTITY).unique().sort()


def _is_late(column: str, as_of: AsOf) -> pl.Expr:
    offset = pl.col(column)
    if as_of.unit is AsOfUnit.DATE:
        offset = (offset.cast(pl.Date) - pl.col(_DECISION)).dt.total_days()
    return (offset > as_of.latest).fill_null(value=False)


def _is_undated(as_of: AsOf) -> pl.Expr:
    undated = pl.col(as_of.columns[0]).is_null()
    return undated | pl.col(_DECISION).is_null() if as_of.unit is AsOfUnit.DATE else undated
