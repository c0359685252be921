"""Applications that are scored: their rows in memory, the histories where they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.errors import UsageError
from scorewright.core.features import FeatureLibrary, FeaturePlan
from scorewright.core.project import FeatureSettings
from scorewright.core.tables import frame_digest
from scorewright.flows.features.attach import join_features
from scorewright.flows.features.build import BuildTools, features_once
from scorewright.flows.features.declared import Declared
from scorewright.flows.features.ports import RowSource
from scorewright.flows.ports import TableFile, TableSource

__all__ = ["KeptRows", "RowsToScore", "dated", "histories_of", "with_features"]

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
        return int(self.frame.estimated_size()) if self._is_mine(table) else self.below.size(table)

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


def dated(
    raw: pl.DataFrame, plan: FeaturePlan | None, today: date | None
) -> tuple[pl.DataFrame, date | None]:
    """Add the date of the decision where features need one and the file has no column of it.

    Args:
        raw: Rows as they were read.
        plan: What is computed; None where nothing is.
        today: The date; None adds nothing.

    Returns:
        The rows, and the date where it was added.
    """
    if plan is None or today is None:
        return raw, None
    entity = plan.relations.entity
    as_of = entity.as_of
    if as_of is None or as_of in raw.columns or as_of not in plan.columns_of(entity.table):
        return raw, None
    return raw.with_columns(pl.lit(today).alias(as_of)), today


def histories_of(plan: FeaturePlan, below: RowsToScore | None) -> dict[str, TableSource]:
    """Return where the tables lie that the bundle's features are made of.

    Raises:
        UsageError: ``features-relations``.
    """
    if below is None:
        raise UsageError(
            "The bundle computes features of histories, and no tables of them are named.",
            remedy="Score inside the project whose scorewright.toml names the tables.",
            code="features-relations",
        )
    sources = {name: s for name, s in below.sources.items() if name in plan.tables}
    absent = sorted(set(plan.tables) - set(sources))
    if absent:
        raise UsageError(
            f"The bundle reads the table '{absent[0]}', which the project does not have.",
            remedy=f"Add [tables.{absent[0]}] to scorewright.toml.",
            code="features-relations",
        )
    return sources


def with_features(frame: pl.DataFrame, plan: FeaturePlan, below: RowsToScore) -> pl.DataFrame:
    """Compute the bundle's features for these applications and join them.

    Args:
        frame: Typed rows that keep their contract.
        plan: The bundle's features.
        below: The histories.

    Raises:
        FindingsError, UsageError, ScorewrightError: As `features_once`.
    """
    # The project may name its table of applications otherwise than the bundle does.
    entity = plan.relations.entity.table
    own = frame.select(plan.columns_of(entity))
    applications = TableSource(TableFile(entity, ()), Path())
    sources = {entity: applications, **histories_of(plan, below)}
    declared = Declared(FeatureLibrary((), ()), plan, sources)
    tools = below.build(KeptRows(entity, own, below.rows))
    # Features of people who were scored lie nowhere afterwards but in the result.
    return join_features(frame, features_once(declared, below.settings, tools), plan)
