"""What was logged in several runs of one production, brought onto one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scorewright.core.plans import Row, RowChange
from scorewright.core.rationalise.ideas import run_tag
from scorewright.core.rationalise.rawrows import Need, RawRows, TableShape

__all__ = ["MOVED_FROM", "MOVED_TO", "Gather", "is_carried"]

MOVED_FROM = "scorewright.moved_from"
MOVED_TO = "scorewright.moved_to"
#: They are about a run itself, not about its model.
_OWN = frozenset({"stage", "status"})
_OWN_PREFIXES = ("mlflow.", "scorewright.")
_RUN = "run_uuid"
_METRICS = ("latest_metrics", "metrics")


def is_carried(tag: str) -> bool:
    """Return whether a tag goes along."""
    return tag not in _OWN and not tag.startswith(_OWN_PREFIXES)


@dataclass(frozen=True, slots=True)
class Gather:
    """Copy what only other runs have: parameters, tags, and metrics with their whole history.

    The other runs keep what they have. Both sides are marked.

    Attributes:
        into: Id of the run that gets it.
        others: Ids of the runs that have it; the first one wins.
    """

    into: str
    others: tuple[str, ...]

    def needs(self, shapes: Mapping[str, TableShape]) -> Iterable[Need]:
        """Ask for everything of the runs."""
        for table in ("params", "tags", *_METRICS):
            if table in shapes:
                for run in (self.into, *self.others):
                    yield Need(table, _RUN, run)

    def changes(self, rows: RawRows) -> Iterable[RowChange]:
        """Copy row by row, each key once."""
        givers = []
        for other in self.others:
            found = [*self._named(rows, "params", other), *self._named(rows, "tags", other)]
            found += self._metrics(rows, other)
            for change in found:
                rows.put(change)
            yield from found
            if found:
                givers.append(other)
        if givers:
            yield from self._marks(rows, givers)

    def _named(self, rows: RawRows, table: str, other: str) -> Iterable[RowChange]:
        there = {row["key"] for row in rows.find(table, {_RUN: self.into})}
        for row in rows.find(table, {_RUN: other}):
            if row["key"] not in there and (table == "params" or is_carried(str(row["key"]))):
                yield self._copied(rows, table, row)

    def _metrics(self, rows: RawRows, other: str) -> Iterable[RowChange]:
        tables = [table for table in _METRICS if table in rows.shapes]
        there = {row["key"] for table in tables for row in rows.find(table, {_RUN: self.into})}
        for table in tables:
            for row in rows.find(table, {_RUN: other}):
                if row["key"] not in there:
                    yield self._copied(rows, table, row)

    def _copied(self, rows: RawRows, table: str, row: Row) -> RowChange:
        new = {**row, _RUN: self.into}
        return RowChange(table, rows.key_of(table, new), None, new)

    def _marks(self, rows: RawRows, givers: list[str]) -> Iterable[RowChange]:
        tagged = rows.find("tags", {_RUN: self.into, "key": MOVED_FROM})
        before = [part for part in str(tagged[0]["value"]).split(",") if part] if tagged else []
        value = ",".join(dict.fromkeys([*before, *givers]))
        yield from run_tag(self.into, MOVED_FROM, value).changes(rows)
        for giver in givers:
            yield from run_tag(giver, MOVED_TO, self.into).changes(rows)
