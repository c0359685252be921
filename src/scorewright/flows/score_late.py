"""Applications no features can be made of: keys that name no row, rows that were not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from scorewright.core.features import ENTITY, FeaturePlan, LateKeys, late_keys, merge_late
from scorewright.core.tables import Failure, TableReport
from scorewright.flows.features.ports import RowSource
from scorewright.flows.ports import TableFile

__all__ = ["find_late", "late_failures", "with_repeated"]

_ABOVE = "__above"


def with_repeated(report: TableReport, key: str) -> TableReport:
    """Let rows whose key is missing or repeated break the contract: histories hang on it.

    Args:
        report: Of the applications.
        key: Their key.

    Returns:
        The report with errors ``duplicate-key`` in place of the warnings.
    """
    if key not in report.frame.columns:
        return report
    series = report.frame.get_column(key)
    told = [f.rows for f in report.failures if f.column == key and f.severity == "error"]
    wrong = series.is_duplicated() | series.is_null()
    wrong = wrong.scatter(np.concatenate([np.empty(0, np.int64), *told]), values=False)
    if not wrong.any():
        return report
    others = [f for f in report.failures if (f.column, f.code) != (key, "duplicate-key")]
    rule = ("duplicate-key", "a value of its own in every row")
    return replace(report, failures=(*others, Failure.where(key, rule, wrong, series)))


def find_late(
    plan: FeaturePlan,
    applications: pl.DataFrame,
    files: Mapping[str, TableFile],
    source: RowSource,
) -> tuple[LateKeys, ...]:
    """Find the applications with rows that were not known at their decision.

    Links, keys and dates are read, a batch at a time. What stays in memory are the keys of these
    applications, and those that others hang on.

    Args:
        plan: Which histories.
        applications: Typed rows, key and decision date among them.
        files: Where the histories lie.
        source: Reads them.

    Raises:
        UsageError, FindingsError: As `RowSource.batches`.
    """
    relations = plan.relations
    entity = relations.entity.table
    keys = {entity: applications.select(_as(relations.key, _ABOVE), _as(relations.key, ENTITY))}
    parents = {relations.history(name).parent for name in plan.tables}
    found: list[LateKeys] = []
    for name in sorted(plan.tables, key=lambda n: len(relations.path(n))):
        history = relations.history(name)
        key = history.key if name in parents else None
        dates = () if history.as_of is None else history.as_of.columns
        if key is None and not dates:
            continue
        columns = tuple(dict.fromkeys((history.on, *dates, *((key,) if key else ()))))
        kept = []
        for batch in source.batches(files[name], history.contract, columns):
            mine = batch.join(keys[history.parent], left_on=history.on, right_on=_ABOVE)
            found += late_keys(plan, {entity: applications, name: mine})
            if key is not None:
                kept.append(mine.select(_as(key, _ABOVE), ENTITY))
        if kept:
            keys[name] = pl.concat(kept).unique(_ABOVE, keep="first", maintain_order=True)
    return merge_late(found)


def _as(column: str, name: str) -> pl.Expr:
    return pl.col(column).alias(name)


def late_failures(keys: pl.Series, late: Iterable[LateKeys]) -> list[Failure]:
    """Return the rows of applications that were found late, as failures of their contract.

    Args:
        keys: Of all applications, row by row.
        late: By `find_late`.

    Returns:
        Failures with the codes ``future-row`` and ``undated-row``.
    """
    failures = []
    for found in late:
        column = f"{found.table}.{found.columns[0]}"
        for wrong, code, expected in (
            (found.future, "future-row", "no row that was not known at the decision"),
            (found.undated, "undated-row", "a date in every row"),
        ):
            if len(wrong):
                mask = keys.is_in(wrong.implode())
                failures.append(Failure.where(column, (code, expected), mask, keys))
    return failures
