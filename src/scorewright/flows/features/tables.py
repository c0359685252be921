"""Whole tables of a plan, for a build in memory."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from scorewright.core.features import FeaturePlan
from scorewright.flows.features.ports import RowSource
from scorewright.flows.ports import TableFile

__all__ = ["count_orphans", "load_tables"]


def load_tables(
    plan: FeaturePlan, files: Mapping[str, TableFile], source: RowSource
) -> dict[str, pl.DataFrame]:
    """Read the columns a plan needs of every table it needs.

    Args:
        plan: The definition.
        files: Table name -> where it lies.
        source: Reads them.
    """
    names = (plan.relations.entity.table, *plan.tables)
    return {
        name: pl.concat(source.batches(files[name], contract, plan.columns_of(name)))
        for name, contract in ((n, plan.relations.contract(n)) for n in names)
    }


def count_orphans(plan: FeaturePlan, tables: Mapping[str, pl.DataFrame]) -> dict[str, int]:
    """Count the rows of deep tables whose parent is not there.

    A row below the applications themselves is no orphan where its applicant is absent: files of
    histories often hold those of other portfolios too.

    Args:
        plan: The definition.
        tables: Name -> rows, as from `load_tables`.

    Returns:
        Table name -> rows; tables below the applications are left out.
    """
    counts: dict[str, int] = {}
    for name in plan.tables:
        history = plan.relations.history(name)
        if history.parent == plan.relations.entity.table:
            continue
        parent = plan.relations.history(history.parent)
        keys = tables[parent.name].select(pl.col(parent.key or "").alias(history.on))
        counts[name] = tables[name].join(keys, on=history.on, how="anti").height
    return counts
