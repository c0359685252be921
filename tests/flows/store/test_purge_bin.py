"""Deleted for good: only what was named, only with consent, never while a plan needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest
from tests.fakes.store_editing import Clock, MemoryStore, plan_for, rename

from scorewright.core.digests import short
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.plans import Receipt
from scorewright.flows.events import Event, Note, ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.purge_bin import Kept, Remains, purge, unfinished_plans
from scorewright.flows.store.undo_receipt import plan_back


@dataclass(slots=True)
class MemoryAttic:
    """What is kept, and what is said of its going."""

    found: list[Remains]
    open_plans: list[str] = field(default_factory=list)
    marks: list[Mapping[str, Any]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    is_full: bool = False
    documents: dict[str, str] = field(default_factory=dict)

    def remains(self) -> Sequence[Remains]:
        return [
            replace(r, kept=tuple(k for k in r.kept if k.path not in self.removed))
            for r in self.found
        ]

    def unfinished(self) -> Sequence[str]:
        return self.open_plans

    def document(self, name: str) -> str:
        return self.documents.get(name, "")

    @contextmanager
    def held(self, holder: str, now: datetime) -> Iterator[None]:
        assert holder == "ana"
        assert now.tzinfo is not None
        yield

    def mark(self, entry: Mapping[str, Any]) -> None:
        self.marks.append(entry)

    def remove(self, kept: Kept) -> None:
        if self.is_full and self.removed:
            raise ScorewrightError("No.", remedy="None.", code="store-write-failed")
        assert self.marks, "it has to be journaled first"
        self.removed.append(kept.path)


@pytest.fixture
def receipt() -> Receipt:
    world = MemoryStore({"runs": {1: {"name": "a"}}})
    plan = plan_for(world, rename(1, "a", "b"))
    return apply_plan(plan, world.open(plan), Clock(), ignore, "ana")


@pytest.fixture
def attic(receipt: Receipt) -> MemoryAttic:
    kept = (Kept("bin", "/s/bin/x", 1000, 3), Kept("backup", "/s/backup.db", 200))
    return MemoryAttic(
        [
            Remains(short(receipt.plan.id), kept, receipt),
            Remains("f" * 12, (Kept("backup", "/s/backup-2.db", 50),)),
        ]
    )


def test_without_consent_nothing_goes_and_all_is_named(attic: MemoryAttic) -> None:
    name = attic.found[0].id
    for consent in ((), ("f" * 12,), (name[:6],)):
        with pytest.raises(UsageError) as caught:
            purge([name], consent, attic, Clock(), ignore, "ana")
        assert caught.value.code == "purge-consent"
        assert "1,200 bytes" in caught.value.message
        assert "/s/bin/x" in caught.value.message
        assert f"--consent {name}" in str(caught.value.remedy)
    assert (attic.removed, attic.marks) == ([], [])


def test_with_consent_it_is_journaled_and_goes(attic: MemoryAttic, receipt: Receipt) -> None:
    name = attic.found[0].id

    purged = purge([name], [name], attic, Clock(), ignore, "ana")

    assert attic.removed == ["/s/bin/x", "/s/backup.db"]
    assert purged.size == 1200
    begin, done = attic.marks
    assert (begin["entry"], begin["plan"], begin["began"]) == (
        "begin", receipt.plan.id, receipt.began,
    )  # fmt: skip
    assert (done["entry"], done["id"]) == ("done", name)
    told: list[Event] = []
    assert purge([name], [name], attic, Clock(), told.append, "ana").size == 0
    assert any(isinstance(event, Note) for event in told)
    assert len(attic.marks) == 2


def test_a_stopped_purge_is_finished_by_the_same_call(attic: MemoryAttic) -> None:
    name = attic.found[0].id
    attic.is_full = True
    with pytest.raises(ScorewrightError):
        purge([name], [name], attic, Clock(), ignore, "ana")
    attic.is_full = False
    assert purge([name], [name], attic, Clock(), ignore, "ana").size == 200


def test_nothing_goes_while_a_plan_is_not_finished(attic: MemoryAttic, receipt: Receipt) -> None:
    name = attic.found[0].id
    attic.open_plans = ["a" * 12]
    with pytest.raises(UsageError, match=f"plan {'a' * 12} is not finished") as caught:
        purge([name], [name], attic, Clock(), ignore, "ana")
    assert caught.value.code == "purge-unfinished"
    attic.open_plans = ["a" * 12, short(plan_back(receipt).id)]
    with pytest.raises(UsageError, match="being taken back"):
        purge([name], [name], attic, Clock(), ignore, "ana")
    assert attic.removed == []


def test_an_unfinished_plan_comes_with_the_commands_that_end_it(
    attic: MemoryAttic, receipt: Receipt
) -> None:
    back, name = short(plan_back(receipt).id), attic.found[0].id
    attic.open_plans = ["b" * 12, "a" * 12]
    attic.documents = {"a" * 12: "/my store/plan-a.json", name: "/s/receipt.json"}
    (what, way), (_, other) = unfinished_plans(attic)
    assert what == f"The plan {'a' * 12} is not finished"
    assert "scorewright store apply '/my store/plan-a.json'" in way
    assert "scorewright store undo '/my store/plan-a.json'" in way
    assert "undo PLAN" in other
    attic.open_plans = [back]
    assert unfinished_plans(attic) == (
        (f"The receipt {name} is being taken back",
         "Finish it: scorewright store undo /s/receipt.json"),
    )  # fmt: skip


def test_what_is_not_there_is_refused(attic: MemoryAttic) -> None:
    with pytest.raises(UsageError) as caught:
        purge(["0" * 12], ["0" * 12], attic, Clock(), ignore, "ana")
    assert caught.value.code == "purge-unknown"
    assert "f" * 12 in caught.value.message
