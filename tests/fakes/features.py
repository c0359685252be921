"""A small relational world with feature sets, and ports that keep everything in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from scorewright.core.contracts import Column, ColumnType, Contract, Use
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.features import (
    AsOf,
    AsOfUnit,
    Feature,
    FeatureBuild,
    FeatureLibrary,
    FeatureSet,
    PartFile,
    TableLink,
    compile_plan,
    parse,
    profile,
    prove_as_of,
    with_entity,
)
from scorewright.core.features import compute as computed
from scorewright.flows.events import Event
from scorewright.flows.features.declared import Declared
from scorewright.flows.features.ports import (
    BucketReceipt,
    BucketTask,
    Partitioned,
    RowSource,
    Workspace,
)
from scorewright.flows.ports import BundleStore, TableFile, TableSource

__all__ = [
    "CONTRACTS",
    "Heard",
    "MemoryBuilds",
    "MemoryEngine",
    "MemoryWorkspace",
    "NoBundles",
    "declare",
    "frames",
    "library",
]

_INTEGER, _NUMBER = ColumnType.INTEGER, ColumnType.NUMBER

CONTRACTS: Mapping[str, Contract] = {
    "loans": Contract(
        "loans",
        (
            Column("loan_id", _INTEGER, nullable=False),
            Column("decided", ColumnType.DATE, nullable=False),
            Column("income", _NUMBER, unit="EUR"),
            Column("sex", ColumnType.CATEGORY, use=Use.MONITORING, categories=("f", "m")),
            Column("tax_number", _INTEGER, use=Use.PROHIBITED),
            Column("bad", _INTEGER, nullable=False),
        ),
        key="loan_id",
        target="bad",
        bad_value="1",
        as_of="decided",
    ),
    "bureau": Contract(
        "bureau",
        (
            Column("loan_id", _INTEGER, nullable=False, use=Use.PROHIBITED),
            Column("bureau_id", _INTEGER, nullable=False),
            Column("opened", ColumnType.DATE),
            Column("amount", _NUMBER),
            Column("kind", ColumnType.CATEGORY, categories=("car", "card")),
        ),
    ),
    "months": Contract(
        "months",
        (
            Column("bureau_id", _INTEGER, nullable=False),
            Column("month", _INTEGER),
            Column("late", _INTEGER),
        ),
    ),
    "notes": Contract(
        "notes",
        (Column("loan_id", _INTEGER), Column("length", _INTEGER)),
    ),
}

_LINKS = (
    TableLink("bureau", None, "loan_id", "bureau_id", AsOf(("opened",), AsOfUnit.DATE)),
    TableLink("months", "bureau", "bureau_id", None, AsOf(("month",), AsOfUnit.MONTHS)),
    TableLink("notes", None, "loan_id"),
)


def _features(**values: str) -> tuple[Feature, ...]:
    return tuple(Feature(name, parse(value)) for name, value in values.items())


def library() -> FeatureLibrary:
    """Two sets of which the second extends the first, and a third with a name of the first."""
    plain = (
        Feature("loans_count", parse("count(bureau)"), "loans", "Loans at other lenders."),
        *_features(
            amount_sum="sum(bureau, amount)",
            late_share="share(months, late > 0)",
            last_kind="last(bureau, kind)",
        ),
    )
    more = _features(
        debt_ratio="amount_sum / income",
        debt_ratio_log="log1p(debt_ratio)",
        female_income='income if sex == "f" else 0.0',
        tax_debt="amount_sum / tax_number",
    )
    other = _features(late_share="share(months, late > 1)", notes_count="count(notes)")
    return FeatureLibrary(
        _LINKS,
        (
            FeatureSet("plain", plain, about="Aggregates as they are."),
            FeatureSet("more", more, extends=("plain",)),
            FeatureSet("other", other),
        ),
    )


def frames() -> dict[str, pl.DataFrame]:
    """Rows in which nothing is wrong: three loans, the last without any history."""
    day = date(2024, 6, 1)
    return {
        "loans": pl.DataFrame(
            {
                "loan_id": [1, 2, 3],
                "decided": [day, day, day],
                "income": [100.0, 200.0, None],
                "sex": ["f", "m", "f"],
                "tax_number": [11, 12, 13],
                "bad": [0, 1, 0],
            }
        ),
        "bureau": pl.DataFrame(
            {
                "loan_id": [1, 1, 2, 99],
                "bureau_id": [10, 11, 12, 13],
                "opened": [date(2023, 1, 1), date(2024, 5, 31), date(2020, 2, 2), date(2030, 1, 1)],
                "amount": [5.0, 7.0, None, 1.0],
                "kind": ["car", "card", "car", "car"],
            }
        ),
        "months": pl.DataFrame(
            {
                "bureau_id": [10, 10, 11, 12],
                "month": [-2, -1, -1, -3],
                "late": [0, 1, 0, 2],
            }
        ),
        "notes": pl.DataFrame({"loan_id": [1, 2], "length": [3, 4]}),
    }


def declare(name: str = "more", sets: FeatureLibrary | None = None) -> Declared:
    """Declare a set over the small world."""
    found = library() if sets is None else sets
    relations = found.relations(CONTRACTS["loans"], CONTRACTS)
    plan = compile_plan(relations, found.resolve(name))
    sources = {
        table: TableSource(TableFile(table, (f"/nowhere/{table}.parquet",)), Path("none"))
        for table in ("loans", *plan.tables)
    }
    return Declared(found, plan, sources)


@dataclass
class Heard:
    """Listens and keeps what it heard."""

    events: list[Event] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    @property
    def text(self) -> str:
        return " ".join(map(repr, self.events))


@dataclass
class MemoryBuilds:
    """A `BuildStore`; ``make`` gives the workspace of a build that does not fit."""

    make: Callable[[], Workspace] | None = None
    saved: dict[str, FeatureBuild] = field(default_factory=dict)
    parts: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)

    def find(self, digest: str) -> FeatureBuild | None:
        return self.saved.get(digest)

    def workspace(self, digest: str) -> Workspace:
        assert self.make is not None, digest
        return self.make()

    def write(self, digest: str, frame: pl.DataFrame) -> PartFile:
        self.parts[digest, "memory.parquet"] = frame
        return PartFile("memory.parquet", frame.height, 1000)

    def save(self, build: FeatureBuild) -> Path:
        self.saved[build.digest] = build
        return Path("/builds") / build.digest

    def read(self, build: FeatureBuild, columns: Sequence[str] | None = None) -> pl.DataFrame:
        try:
            whole = pl.concat([self.parts[build.digest, part.name] for part in build.parts])
        except KeyError:
            raise IntegrityError("Gone.", remedy="Build again.", code="features-build") from None
        return whole if columns is None else whole.select(columns)

    def remove(self, digest: str) -> None:
        self.saved.pop(digest, None)
        self.parts = {key: part for key, part in self.parts.items() if key[0] != digest}


class NoBundles:
    """A `BundleStore` in which nothing was ever published."""

    def directory(self, reference: str) -> Path:
        raise UsageError("Nothing has been trained yet.", remedy="Train.", code="no-bundle")

    def current(self) -> Any:
        raise UsageError("Nothing has been trained yet.", remedy="Train.", code="no-bundle")

    @classmethod
    def store(cls) -> BundleStore:
        return cls()  # type: ignore[return-value]  # what a description asks of it


@dataclass
class MemoryWorkspace:
    """A `Workspace` that splits applicants by the remainder of their key."""

    source: RowSource
    tables: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    receipts: dict[int, BucketReceipt] = field(default_factory=dict)
    results: dict[int, pl.DataFrame] = field(default_factory=dict)

    def partition(
        self,
        plan: Any,
        tables: Mapping[str, TableFile],
        buckets: int,
        notify_rows: Callable[[str, int], None],
    ) -> Partitioned:
        entity, key = plan.relations.entity.table, plan.relations.key
        read = {
            name: pl.concat(
                self.source.batches(tables[name], plan.relations.contract(name), columns)
            )
            for name in (entity, *plan.tables)
            for columns in (plan.columns_of(name),)
        }
        ready = {entity: read[entity], **with_entity(plan, read)}
        for name, frame in ready.items():
            by = key if name == entity else "__entity"
            self.tables[name] = [frame.filter(pl.col(by) % buckets == b) for b in range(buckets)]
            notify_rows(name, frame.height)
        names = [{n: Path(f"{n}-{b}") for n in ready} for b in range(buckets)]
        rows = {name: frame.height for name, frame in ready.items()}
        return Partitioned(tuple(names), rows, dict.fromkeys(plan.tables, 0))

    def tasks(self, plan: Any, parts: Partitioned) -> tuple[BucketTask, ...]:
        return tuple(
            BucketTask(i, Path("plan.json"), inputs, Path(f"part-{i:04d}.parquet"))
            for i, inputs in enumerate(parts.buckets)
        )

    def receipt(self, task: BucketTask) -> BucketReceipt | None:
        return self.receipts.get(task.index)

    def part(self, task: BucketTask, receipt: BucketReceipt) -> PartFile:
        return PartFile(task.output.name, receipt.rows, 1000)


@dataclass
class MemoryEngine:
    """An `Engine` in this process; after ``dies_after`` buckets it is killed, once."""

    plan: Any
    workspace: MemoryWorkspace
    builds: MemoryBuilds
    digest: str = ""
    dies_after: int | None = None
    name: str = "memory-buckets"
    ran: list[int] = field(default_factory=list)

    def run(self, tasks: Sequence[BucketTask], done: Callable[[BucketReceipt], None]) -> None:
        for task in tasks:
            if self.dies_after is not None and len(self.ran) == self.dies_after:
                self.dies_after = None
                raise KeyboardInterrupt
            receipt = self._one(task)
            self.workspace.receipts[task.index] = receipt
            self.ran.append(task.index)
            done(receipt)

    def each(self, program: str, documents: Any, done: Any) -> None:
        raise NotImplementedError

    def _one(self, task: BucketTask) -> BucketReceipt:
        tables = {name: parts[task.index] for name, parts in self.workspace.tables.items()}
        proofs = prove_as_of(self.plan, tables)
        if not all(proof.is_clean for proof in proofs):
            return BucketReceipt(task.index, 0, 0.5, 1000, proofs, ())
        frame = computed(self.plan, tables)
        self.builds.parts[self.digest, task.output.name] = frame
        profiles = profile(frame, self.plan.names)
        receipt = BucketReceipt(task.index, frame.height, 0.5, 1000, proofs, profiles)
        return replace(receipt, peak_bytes=1000 + task.index)
