"""Applications that are scored: their rows in memory, the histories where they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.features import ENTITY, FeaturePlan, LateKeys, late_keys, merge_late
from scorewright.core.project import FeatureSettings
from scorewright.core.tables import frame_digest
from scorewright.flows.features.build import BuildTools
from scorewright.flows.features.ports import RowSource
from scorewright.flows.ports import TableFile, TableSource

__all__ = ["KeptRows", "RowsToScore", "find_late"]

_ABOVE = "__above"
_BATCH = 100_000


@dataclass(frozen=True, slots=True)
class RowsToScore:
    """Where the histories of applications lie, and what computing features of them takes.

    Attributes:
        settings: Engine and memory.
        sources: The project's tables by name.
        rows: Reads them.
        build: Makes the ports of a build that reads all its tables from a given source.
    """

    settings: FeatureSettings
    sources: Mapping[str, TableSource]
    rows: RowSource
    build: Callable[[RowSource], BuildTools]


@dataclass(frozen=True, slots=True)
class KeptRows:
    """A `RowSource` whose applications are the rows that keep their contract, and no others.

    Attributes:
        table: Name of the applications.
        frame: Their typed rows.
        below: Reads every other table.
    """

    table: str
    frame: pl.DataFrame
    below: RowSource

    def digest(self, table: TableFile) -> str:
        """Return the digest of the kept rows, or of another table; see `RowSource`."""
        return frame_digest(self.frame) if self._is_mine(table) else self.below.digest(table)

    def size(self, table: TableFile) -> int:
        """Return about how many bytes the table takes in memory; see `RowSource`."""
        return (
            int(self.frame.estimated_size()) if self._is_mine(table) else self.below.size(table)
        )

    def batches(
        self, table: TableFile, contract: Contract, columns: Sequence[str]
    ) -> Iterator[pl.DataFrame]:
        """Yield the rows in their order; see `RowSource`."""
        if not self._is_mine(table):
            yield from self.below.batches(table, contract, columns)
        elif self.frame.height:
            yield from self.frame.select(columns).iter_slices(_BATCH)
        else:
            yield self.frame.select(columns)

    def _is_mine(self, table: TableFile) -> bool:
        return table.name == self.table


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
