"""The as-of proof: every row of a history was known before its application was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from scorewright.core.errors import FindingsError
from scorewright.core.features.frames import ENTITY
from scorewright.core.features.plan import FeaturePlan
from scorewright.core.features.relations import AsOf, AsOfUnit, History

__all__ = ["AsOfProof", "Offender", "merge_proofs", "prove_as_of", "refuse_future"]

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Offender:
    """A row that was not known at the decision, or whose date nobody knows.

    Attributes:
        key: The application's key, as text.
        column: The as-of column.
        date: Its value, as text; ``missing`` where it has none.
        decision: The decision date where the table is dated; ``0`` where it counts from it.
    """

    key: str
    column: str
    date: str
    decision: str


@dataclass(frozen=True, slots=True)
class AsOfProof:
    """What the proof found in one table.

    Attributes:
        table: Name of the history.
        rows: Rows that belong to an application.
        future: Rows with a date that is not before the decision.
        undated: Rows without the date that windows and orders rest on.
        offenders: The first few of both, by key.
        columns: The as-of columns; empty where the table has none and nothing can be proved.
    """

    table: str
    rows: int
    future: int
    undated: int
    offenders: tuple[Offender, ...]
    columns: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether every row was known before its decision."""
        return self.future == 0 and self.undated == 0

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form; `from_dict` reads it back."""
        return {
            "table": self.table,
            "rows": self.rows,
            "future": self.future,
            "undated": self.undated,
            "offenders": [
                {"key": o.key, "column": o.column, "date": o.date, "decision": o.decision}
                for o in self.offenders
            ],
            "columns": list(self.columns),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> AsOfProof:
        """Read the form written by `to_dict`."""
        return cls(
            document["table"],
            document["rows"],
            document["future"],
            document["undated"],
            tuple(Offender(**entry) for entry in document["offenders"]),
            tuple(document["columns"]),
        )


def prove_as_of(plan: FeaturePlan, tables: Mapping[str, pl.DataFrame]) -> tuple[AsOfProof, ...]:
    """Look at the dates of every row that belongs to an application.

    Args:
        plan: Which tables, and what their dates mean.
        tables: Typed rows of the applications and, with `ENTITY`, of each of ``plan.tables``.

    Returns:
        One proof per history the plan reads.
    """
    relations = plan.relations
    applications = tables[relations.entity.table]
    decisions = None
    if relations.entity.as_of is not None and plan.compares_dates:
        decisions = applications.select(
            pl.col(relations.key).alias(ENTITY),
            pl.col(relations.entity.as_of).cast(pl.Date).alias("__decision"),
        )
    return tuple(
        _prove_one(relations.history(name), tables[name], decisions) for name in plan.tables
    )


def _prove_one(history: History, frame: pl.DataFrame, decisions: pl.DataFrame | None) -> AsOfProof:
    as_of = history.as_of
    if as_of is None:
        return AsOfProof(history.name, frame.height, 0, 0, (), ())
    dated = frame.select(ENTITY, *as_of.columns)
    if as_of.unit is AsOfUnit.DATE and decisions is not None:
        dated = dated.join(decisions, on=ENTITY, how="left", maintain_order="left")
    future = pl.any_horizontal(_is_late(column, as_of) for column in as_of.columns)
    undated = pl.col(as_of.columns[0]).is_null()
    if as_of.unit is AsOfUnit.DATE:
        undated = undated | pl.col("__decision").is_null()
    counts = dated.select(future.sum().alias("future"), undated.sum().alias("undated")).row(0)
    offenders: tuple[Offender, ...] = ()
    if any(counts):
        bad = dated.filter(future | undated).sort(ENTITY, maintain_order=True).head(_SHOWN)
        offenders = tuple(_offender(row, as_of) for row in bad.iter_rows(named=True))
    return AsOfProof(
        history.name, frame.height, int(counts[0]), int(counts[1]), offenders, as_of.columns
    )


def _is_late(column: str, as_of: AsOf) -> pl.Expr:
    date = pl.col(column)
    if as_of.unit is AsOfUnit.DATE:
        offset = (date.cast(pl.Date) - pl.col("__decision")).dt.total_days()
    else:
        offset = date
    return (offset > as_of.latest).fill_null(value=False)


def _offender(row: Mapping[str, Any], as_of: AsOf) -> Offender:
    decision = row.get("__decision")
    column = as_of.columns[0]
    if row[column] is not None:
        column = next((c for c in as_of.columns if _late_value(row, c, as_of)), column)
    date = row[column]
    return Offender(
        key=str(row[ENTITY]),
        column=column,
        date="missing" if date is None else str(date),
        decision=("missing" if as_of.unit is AsOfUnit.DATE else "0")
        if decision is None
        else str(decision),
    )


def _late_value(row: Mapping[str, Any], column: str, as_of: AsOf) -> bool:
    value = row[column]
    if value is None:
        return False
    if as_of.unit is not AsOfUnit.DATE:
        return bool(value > as_of.latest)
    decision = row["__decision"]
    day = value.date() if hasattr(value, "date") else value
    return decision is not None and (day - decision).days > as_of.latest


def merge_proofs(parts: Sequence[Sequence[AsOfProof]]) -> tuple[AsOfProof, ...]:
    """Put the proofs of buckets together, table by table."""
    merged: dict[str, AsOfProof] = {}
    for proof in (proof for part in parts for proof in part):
        so_far = merged.get(proof.table)
        merged[proof.table] = (
            proof
            if so_far is None
            else AsOfProof(
                proof.table,
                so_far.rows + proof.rows,
                so_far.future + proof.future,
                so_far.undated + proof.undated,
                tuple(sorted((*so_far.offenders, *proof.offenders), key=lambda o: (o.key, o.date)))[
                    :_SHOWN
                ],
                proof.columns,
            )
        )
    return tuple(merged.values())


def refuse_future(proofs: Sequence[AsOfProof]) -> None:
    """Stop where a row was not known at the decision.

    Raises:
        FindingsError: ``features-future-rows``, with table, key and dates.
    """
    bad = [proof for proof in proofs if not proof.is_clean]
    if not bad:
        return
    first = bad[0]
    offender = first.offenders[0]
    kind = "have no date" if first.future == 0 else "lie in the future of their decision"
    count = first.future or first.undated
    raise FindingsError(
        f"{count:,} of {first.rows:,} rows of table '{first.table}' {kind}; the first: "
        f"application {offender.key}, {offender.column} = {offender.date}, decision "
        f"{offender.decision}.",
        remedy="Run 'scorewright features check' for every table. Take those rows out of the "
        "table, or mend as_of and latest under "
        f"[tables.{first.table}] of the feature file if they were known at the decision.",
        code="features-future-rows",
        details={"proofs": [proof.to_dict() for proof in bad]},
    )
