"""A store of dictionaries, to carry plans out on."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scorewright.core.digests import canonical_json, sha256_hex, short
from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import (
    FileChange,
    Plan,
    Row,
    RowChange,
    RowsDigest,
    Step,
    StoreRef,
    TableRef,
    net_changes,
)
from scorewright.flows.events import Notify
from scorewright.flows.store.editing import Backup, FileChanges, RowChanges, State, Workshop

__all__ = ["LOCATION", "Clock", "MemoryStore", "plan_for", "rename", "write"]

LOCATION = "sqlite:///credit.db"


@dataclass(slots=True)
class Clock:
    """One second later at each look."""

    now: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass(slots=True)
class MemoryStore:
    """Rows, files, journals and receipts; what a test breaks is said by its attributes.

    Attributes:
        tables: Table -> value of the key "id" -> row.
        files: Path -> content's digest.
        journals: Plan -> entries.
        log: What was asked for, in order.
        refuses: Called before each commit; may raise.
    """

    tables: dict[str, dict[Any, Row]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    journals: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    purged: set[tuple[str, str]] = field(default_factory=set)
    payload_digest: str = ""
    sources: dict[str, StoreRef] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    refuses: Callable[[], None] = lambda: None
    holder: str = ""

    def open(self, plan: Plan) -> Workshop:
        """Return the workshop of a plan."""
        return Workshop(
            store=_Rows(self),
            files=_Files(self),
            journal=_Journal(self, plan.id),
            lock=_Lock(self),
            papers=_Papers(self, plan.id),
            look=self.sources.__getitem__,
            folder=Path("/state"),
            bin=Path("/state/bin") / short(plan.id),
        )

    def image(self) -> tuple[dict[str, dict[Any, Row]], dict[str, str]]:
        """Return what the store holds."""
        return copy.deepcopy(self.tables), dict(self.files)


@dataclass(slots=True)
class _Rows:
    world: MemoryStore

    def reference(self) -> StoreRef:
        found = []
        for name, rows in sorted(self.world.tables.items()):
            digest = RowsDigest(("key", "row"))
            digest.add((key, ascii(sorted(row.items()))) for key, row in rows.items())
            found.append(TableRef(name, digest.rows, digest.hexdigest()))
        lines = [[table.name, table.rows, table.digest] for table in found]
        filled = tuple(table for table in found if table.rows)
        return StoreRef(LOCATION, sha256_hex(canonical_json(lines)), tables=filled)

    def state(self, change: RowChanges) -> State:
        assert isinstance(change, RowChange)
        row = self.world.tables[change.table].get(change.key["id"])
        if _is(row, change.after):
            return State.AFTER
        return State.BEFORE if _is(row, change.before) else State.NEITHER

    def commit(self, changes: Sequence[RowChanges], notify: Notify) -> None:
        self.world.refuses()
        self.world.log.append(f"commit {len(changes)}")
        kept = copy.deepcopy(self.world.tables)
        for change in changes:
            assert isinstance(change, RowChange)
            if self.state(change) is State.NEITHER:
                self.world.tables.clear()
                self.world.tables.update(kept)
                raise ScorewrightError("Neither.", remedy="None.", code="apply-conflict")
            rows = self.world.tables[change.table]
            if change.after is None:
                rows.pop(change.key["id"], None)
            else:
                rows[change.key["id"]] = {**rows.get(change.key["id"], {}), **change.after}

    def backup(self, folder: Path) -> Backup:
        self.world.log.append("backup")
        return Backup(
            str(folder / "backup.db"), "b" * 64, sum(map(len, self.world.tables.values()))
        )

    def altered(
        self, backup: str, done: Sequence[RowChanges], begun: Sequence[RowChanges] = ()
    ) -> tuple[str, ...]:
        nets = net_changes([change for change in done if isinstance(change, RowChange)])
        wrong = {net.table for net in nets if self.state(net) is not State.AFTER}
        return tuple(f"{table}: 1 row not as the plan left it" for table in sorted(wrong))

    def check(self, *earlier: str, is_fresh: bool = False) -> tuple[str, ...]:
        self.world.log.append(" ".join(["check", *earlier]))
        return ("integrity: ok",)


@dataclass(slots=True)
class _Files:
    world: MemoryStore

    def require(self, change: FileChanges) -> None:
        """Everything in this world is the store's."""

    def listing(self) -> str:
        return sha256_hex(canonical_json(self.world.files))

    def state(self, change: FileChanges) -> State:
        assert isinstance(change, FileChange)
        found = self.world.files.get(change.path)
        if found == change.after:
            return State.AFTER
        return State.BEFORE if found == change.before else State.NEITHER

    def perform(self, change: FileChanges) -> None:
        assert isinstance(change, FileChange)
        assert self.state(change) is not State.NEITHER
        if change.after is None:
            self.world.files.pop(change.path, None)
        else:
            self.world.files[change.path] = change.after

    def perform_together(self, changes: Sequence[FileChange]) -> None:
        for change in changes:
            self.perform(change)


@dataclass(slots=True)
class _Journal:
    world: MemoryStore
    plan: str

    def entries(self) -> Sequence[Mapping[str, Any]]:
        return list(self.world.journals.get(self.plan, []))

    def write(self, entry: Mapping[str, Any]) -> None:
        self.world.log.append(str(entry["entry"]))
        self.world.journals.setdefault(self.plan, []).append(copy.deepcopy(dict(entry)))

    def archive(self) -> None:
        self.world.journals.pop(self.plan, None)


@dataclass(slots=True)
class _Lock:
    world: MemoryStore

    @contextmanager
    def held(self, holder: str, now: datetime) -> Iterator[None]:
        if self.world.holder:
            raise ScorewrightError("Busy.", remedy="Wait.", code="store-busy")
        self.world.holder = holder
        try:
            yield
        finally:
            self.world.holder = ""


@dataclass(slots=True)
class _Papers:
    world: MemoryStore
    plan: str

    def payload(self) -> str:
        return self.world.payload_digest

    def keep_payload(self) -> str:
        return "/state/payload.db"

    def receipt(self) -> Any:
        return self.world.receipts.get(self.plan)

    def is_purged(self, began: str) -> bool:
        return (self.plan, began) in self.world.purged

    def save_receipt(self, document: Mapping[str, Any]) -> str:
        self.world.receipts[self.plan] = copy.deepcopy(dict(document))
        return "/state/receipt.json"


def _is(row: Row | None, wanted: Row | None) -> bool:
    if row is None or wanted is None:
        return row is None and wanted is None
    return all(row.get(name) == value for name, value in wanted.items())


def rename(run: int, before: str, after: str) -> RowChange:
    """Another name for a run."""
    return RowChange("runs", {"id": run}, {"name": before}, {"name": after})


def write(path: str, content: str, before: str | None = None) -> FileChange:
    """A file that comes, or changes."""
    return FileChange(path, before, content, 1, origin="/elsewhere", content_before="bin")


def plan_for(world: MemoryStore, *changes: RowChange | FileChange, **more: Any) -> Plan:
    """A plan for a store as it is now, one step for each change."""
    steps = tuple(
        Step("change", str(number), f"Change {number}.", (change,))
        for number, change in enumerate(changes)
    )
    rows, files = _Rows(world).reference(), _Files(world).listing()
    target = StoreRef(LOCATION, rows.rows, files, rows.tables)
    given: dict[str, Any] = {"sources": (), "balance": (), **more}
    return Plan(
        kind="fix", target=target, steps=steps, made_at="2026-11-21", made_by="ana", **given
    )
