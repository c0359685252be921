"""How the rows of every table find their applicant: read once, kept while tables are split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from scorewright.adapters.histories.keys import Applicants, KeyMap, Positions
from scorewright.core.features import ENTITY, FeaturePlan, History, refuse_repeated_key
from scorewright.flows.features.ports import RowSource
from scorewright.flows.ports import TableFile

__all__ = ["Links"]

_SHOWN = 5


@dataclass(slots=True)
class Links:
    """Keys of the applications and of the histories that others hang on.

    Attributes:
        plan: Its relations.
        tables: Where the tables lie.
        source: Reads them.
        buckets: How many.
    """

    plan: FeaturePlan
    tables: Mapping[str, TableFile]
    source: RowSource
    buckets: int
    _applicants: Applicants | None = None
    _maps: dict[str, KeyMap] = field(default_factory=dict)

    def applicants(self) -> Applicants:
        """Return the applications' keys and buckets.

        Raises:
            FindingsError: ``features-duplicate-key``.
        """
        if self._applicants is None:
            relations = self.plan.relations
            keys = pl.concat(
                frame.get_column(relations.key)
                for frame in self._read(relations.entity.table, [relations.key])
            )
            refuse_repeated_key(relations.entity.table, keys)
            self._applicants = Applicants.of(keys, self.buckets)
        return self._applicants

    def with_entity(
        self, table: str, frames: Iterator[pl.DataFrame]
    ) -> Iterator[tuple[pl.DataFrame, Positions]]:
        """Yield frames with the positions of their rows' applicants, histories with `ENTITY`."""
        applicants = self.applicants()
        if table == self.plan.relations.entity.table:
            own, start = applicants.own(), 0
            for frame in frames:
                yield frame, own[start : start + frame.height]
                start += frame.height
            return
        history = self.plan.relations.history(table)
        keys = self._map(history.parent)
        for frame in frames:
            positions = keys.positions_of(frame.get_column(history.on))
            yield frame.with_columns(applicants.keys_at(positions).alias(ENTITY)), positions

    def _map(self, table: str) -> KeyMap:
        """Return the way from the keys of a table to its rows' applicants."""
        if table not in self._maps:
            if table == self.plan.relations.entity.table:
                applicants = self.applicants()
                self._maps[table] = KeyMap(applicants.keys, applicants.own())
            else:
                self._maps[table] = self._deep(self.plan.relations.history(table))
        return self._maps[table]

    def _deep(self, history: History) -> KeyMap:
        above = self._map(history.parent)
        key = history.key or ""
        keys, positions = [], []
        for frame in self._read(history.name, list(dict.fromkeys([key, history.on]))):
            keys.append(frame.get_column(key))
            positions.append(above.positions_of(frame.get_column(history.on)))
        joined = pl.concat(keys)
        refuse_repeated_key(history.name, joined)
        return KeyMap(joined, np.concatenate(positions))

    def _read(self, table: str, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        contract = self.plan.relations.contract(table)
        return self.source.batches(self.tables[table], contract, columns)
