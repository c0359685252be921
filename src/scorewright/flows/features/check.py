"""Prove that every row of every history was known at its decision, before anything is computed.

Table by table, keys and dates alone, a batch at a time: what stays in memory are the keys of the
applications and of the tables that others hang on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Final

import polars as pl

from scorewright.core.features import (
    ENTITY,
    AsOfProof,
    FeatureBuild,
    FeaturePlan,
    History,
    merge_proofs,
    prove_as_of,
)
from scorewright.core.findings import Finding
from scorewright.flows.events import Note, Notify, StageDone, StageStarted, StepDone
from scorewright.flows.features.declared import Declared
from scorewright.flows.features.describe import find_build
from scorewright.flows.features.findings import (
    build_findings,
    duplicate_findings,
    table_findings,
)
from scorewright.flows.features.ports import BuildStore, RowSource
from scorewright.flows.ports import TableFile

__all__ = ["CheckTools", "FeaturesCheck", "TableCheck", "check_features"]

STAGE: Final = "features-check"
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class CheckTools:
    """The ports of a check, and who listens.

    Attributes:
        rows: Reads the tables.
        builds: Holds what was built of them.
        notify: Hears the progress.
    """

    rows: RowSource
    builds: BuildStore
    notify: Notify


@dataclass(frozen=True, slots=True)
class TableCheck:
    """What was found in one table.

    Attributes:
        table: Its name.
        rows: All of them.
        proof: The as-of proof over those that belong to an application; None for the
            applications themselves.
        orphans: Rows whose parent row does not exist.
        key: The key others hang on, or that of the applications; None where nothing does.
        duplicates: How many of its values are repeated or missing.
        examples: The first few of those.
    """

    table: str
    rows: int
    proof: AsOfProof | None
    orphans: int = 0
    key: str | None = None
    duplicates: int = 0
    examples: tuple[str, ...] = ()

    def cells(self) -> tuple[str, ...]:
        """Return table, dates, rows, future, undated, orphans and key, for people."""
        key = "" if self.key is None else f"{self.key} {self._uniqueness()}"
        proof = self.proof
        if proof is None:
            return (self.table, "", f"{self.rows:,}", "", "", "", key)
        rows = f"{self.rows:,}"
        if proof.rows != self.rows:
            rows = f"{proof.rows:,} of {rows}"
        counts = (f"{n:,}" for n in (proof.future, proof.undated, self.orphans))
        return (self.table, ", ".join(proof.columns) or "none", rows, *counts, key)

    def _uniqueness(self) -> str:
        return f"({self.duplicates:,} repeated)" if self.duplicates else "(unique)"

    def to_dict(self) -> Mapping[str, Any]:
        """Return a JSON-ready form."""
        return {
            "table": self.table,
            "rows": self.rows,
            "orphans": self.orphans,
            "key": self.key,
            "duplicates": self.duplicates,
            "proof": None if self.proof is None else self.proof.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class FeaturesCheck:
    """The whole check.

    Attributes:
        tables: The applications first, then the histories the features need.
        findings: What is wrong, errors first.
        build: Digest of the build whose result was looked at; None where there is none.
    """

    tables: tuple[TableCheck, ...]
    findings: tuple[Finding, ...]
    build: str | None

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong that would fail a build."""
        return not any(finding.severity == "error" for finding in self.findings)

    def table_rows(self) -> list[tuple[str, ...]]:
        """Return the columns of `TableCheck.cells`, for people."""
        return [table.cells() for table in self.tables]

    def finding_rows(self) -> list[tuple[str, str, str, str, str]]:
        """Return code, severity, subject, message and remedy, for people."""
        return [(f.code, f.severity, f.subject, f.message, f.remedy) for f in self.findings]

    def to_dict(self) -> Mapping[str, Any]:
        """Return the JSON document of ``features check --json``."""
        return {
            "schema_version": 1,
            "is_clean": self.is_clean,
            "build": self.build,
            "tables": [table.to_dict() for table in self.tables],
            "findings": [asdict(finding) for finding in self.findings],
        }


def check_features(declared: Declared, tools: CheckTools) -> FeaturesCheck:
    """Check the dates, keys and links of every table, and what a build said of the features.

    Args:
        declared: Definition and tables.
        tools: Ports.

    Returns:
        The tables with what was found in each.

    Raises:
        UsageError, FindingsError: As `RowSource.batches`.
    """
    plan, notify = declared.plan, tools.notify
    names = _parents_first(plan)
    notify(StageStarted(STAGE, steps=1 + len(names)))
    files = {name: source.file for name, source in declared.sources.items()}
    work = _Work(plan, files, tools.rows)
    tables = [work.applications()]
    for step, name in enumerate(names, start=1):
        tables.append(work.history(name, partial(_hear, notify, step, name)))
    build = find_build(plan, declared, tools.rows, tools.builds)
    if build is None:
        notify(Note("These rows are not built yet; what came out of a build was not looked at."))
    findings = _findings(plan, tables, build)
    rows = sum(table.rows for table in tables)
    notify(StageDone(STAGE, f"{len(tables)} tables, {rows:,} rows, {len(findings)} findings"))
    return FeaturesCheck(tuple(tables), findings, None if build is None else build.digest)


def _hear(notify: Notify, step: int, table: str, rows: int) -> None:
    notify(StepDone(STAGE, step, f"{table}, {rows:,} rows"))


def _parents_first(plan: FeaturePlan) -> list[str]:
    return sorted(plan.tables, key=lambda name: len(plan.relations.path(name)))


def _findings(
    plan: FeaturePlan, tables: Sequence[TableCheck], build: FeatureBuild | None
) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for table in tables:
        found += duplicate_findings(table.table, table.key, table.duplicates, table.examples)
        if table.proof is not None:
            found += table_findings(plan, table.proof, table.rows, table.orphans)
    found += [] if build is None else build_findings(build)
    return tuple(sorted(found, key=lambda finding: finding.severity != "error"))


@dataclass(slots=True)
class _Work:
    """One pass over all tables; holds the keys that later tables hang on.

    ``keys`` has, by table, a frame of the keys others name (`ENTITY` of the application beside
    each); that of the applications has their decision date as well, under its own name.
    """

    plan: FeaturePlan
    files: Mapping[str, TableFile]
    source: RowSource
    keys: dict[str, pl.DataFrame] = field(default_factory=dict)

    def applications(self) -> TableCheck:
        """Read the keys and decision dates of the applications."""
        relations = self.plan.relations
        entity, key = relations.entity.table, relations.key
        date = relations.entity.as_of
        frame = pl.concat(self._batches(entity, (key, *((date,) if date else ()))))
        frame = frame.with_columns(_comparable(frame, key))
        self.keys[entity] = frame.unique(subset=[key], keep="first", maintain_order=True)
        return _keyed(TableCheck(entity, frame.height, None), key, frame)

    def history(self, name: str, hear: Callable[[int], None]) -> TableCheck:
        """Read the links and dates of a history, batch by batch; say how many rows have passed."""
        relations, history = self.plan.relations, self.plan.relations.history(name)
        needed = [history.on, *(history.as_of.columns if history.as_of else ())]
        is_parent = any(relations.history(other).parent == name for other in self.plan.tables)
        key = history.key if is_parent else None
        needed += [key] if key is not None else []
        rows = orphans = 0
        proofs: list[tuple[AsOfProof, ...]] = []
        kept: list[pl.DataFrame] = []
        for batch in self._batches(name, tuple(dict.fromkeys(needed))):
            rows += batch.height
            hear(rows)
            linked = self._linked(history, batch)
            if history.parent != relations.entity.table:
                orphans += linked.get_column(ENTITY).null_count()
            if key is not None:
                kept.append(linked.select(_comparable(linked, key), ENTITY))
            proofs.append((self._proof(history, linked),))
        check = TableCheck(name, rows, merge_proofs(proofs)[0], orphans)
        if key is None:
            return check
        keys = pl.concat(kept)
        self.keys[name] = keys.unique(subset=[key], keep="first", maintain_order=True)
        return _keyed(check, key, keys)

    def _batches(self, table: str, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        contract = self.plan.relations.contract(table)
        return self.source.batches(self.files[table], contract, columns)

    def _linked(self, history: History, batch: pl.DataFrame) -> pl.DataFrame:
        """Add the application's key; it is missing where the parent row does not exist."""
        relations = self.plan.relations
        link = batch.with_columns(_comparable(batch, history.on))
        if history.parent == relations.entity.table:
            return link.with_columns(pl.col(history.on).alias(ENTITY))
        parent = relations.history(history.parent)
        above = self.keys[parent.name].select(pl.col(parent.key or "").alias(history.on), ENTITY)
        return link.join(above, on=history.on, how="left", maintain_order="left")

    def _proof(self, history: History, linked: pl.DataFrame) -> AsOfProof:
        """Prove the rows of a batch that belong to an application."""
        relations = self.plan.relations
        applications = self.keys[relations.entity.table]
        known = applications.select(pl.col(relations.key).alias(ENTITY))
        mine = linked.join(known, on=ENTITY, how="semi", maintain_order="left")
        tables = {name: self._empty(name, mine) for name in self.plan.tables}
        proofs = prove_as_of(
            self.plan, {**tables, relations.entity.table: applications, history.name: mine}
        )
        return next(proof for proof in proofs if proof.table == history.name)

    def _empty(self, name: str, like: pl.DataFrame) -> pl.DataFrame:
        as_of = self.plan.relations.history(name).as_of
        columns = as_of.columns if as_of is not None else ()
        date = pl.Date() if as_of is not None and as_of.unit == "date" else pl.Int64()
        return pl.DataFrame(schema={ENTITY: like.schema[ENTITY], **dict.fromkeys(columns, date)})


def _comparable(frame: pl.DataFrame, key: str) -> pl.Expr:
    """Return a key as it is compared: whole numbers of any width as one type."""
    wide = pl.col(key).cast(pl.Int64) if frame.schema[key].is_integer() else pl.col(key)
    return wide.alias(key)


def _keyed(check: TableCheck, key: str, frame: pl.DataFrame) -> TableCheck:
    """Add how well a key tells the rows apart."""
    column = frame.get_column(key)
    if column.null_count() == 0 and column.n_unique() == len(column):
        return TableCheck(check.table, check.rows, check.proof, check.orphans, key)
    twice = column.filter(column.is_duplicated() | column.is_null()).unique().sort()
    shown = tuple("missing" if v is None else str(v) for v in twice.head(_SHOWN))
    return TableCheck(check.table, check.rows, check.proof, check.orphans, key, len(twice), shown)
