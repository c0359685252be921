"""Plan, apply, undo, stop and go on, in any order: the store is always where it should be."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.adapters.store_editing.small import (
    Small,
    clock,
    fingerprint,
    run_id,
    sha,
    simple_plan,
    small_at,
)

from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import FileChange, Plan, Receipt, Row, RowChange, Step
from scorewright.flows.events import Event, StepDone, ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.purge_bin import purge
from scorewright.flows.store.undo_receipt import undo_receipt, undo_unfinished

NAMES = st.sampled_from(["a", "b", "grün", ""])
WISHED_NAMES = st.lists(NAMES, max_size=3)
CONTENTS = st.sampled_from([b"", b"one", b"two" * 5000])
WISHED_CONTENTS = st.lists(st.none() | CONTENTS, max_size=3)


class _Stopped(KeyboardInterrupt):
    """Somebody presses Ctrl-C after a step."""


class Promises(RuleBasedStateMachine):
    """Keeps what the fingerprints have to be."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="scorewright-promises-"))
        self.small: Small
        self.expected: Any = None
        self.purged: set[str] = set()
        self.receipts: list[tuple[Receipt, Any]] = []
        self.stopped: tuple[Plan, Any] | None = None

    @initialize()
    def begin(self) -> None:
        self.small = small_at(self.folder / "s", self.template)
        self.expected = fingerprint(self.small)

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @invariant()
    def as_expected(self) -> None:
        if self.stopped is None and self.expected is not None:
            assert fingerprint(self.small) == self.expected

    def _plan(self, names: list[str], contents: list[bytes | None]) -> Plan:
        steps = []
        with closing(sqlite3.connect(self.small.database)) as connection:
            for number, name in enumerate(names):
                key = run_id(number)
                sql = "SELECT name FROM runs WHERE run_uuid = ?"
                (old,) = connection.execute(sql, (key,)).fetchone()
                middle: Row = {"name": "between"}
                changes = (
                    RowChange("runs", {"run_uuid": key}, {"name": old}, middle),
                    RowChange("runs", {"run_uuid": key}, middle, {"name": name}),
                )
                steps.append(Step("rename_run", key, "Rename", changes))
        for number, content in enumerate(contents):
            change = self._file_change(number, content)
            if change is not None:
                steps.append(Step("write_file", str(number), "Write", (change,)))
        return simple_plan(self.small, *steps)

    def _file_change(self, number: int, content: bytes | None) -> FileChange | None:
        place = self.small.artifacts / "9" / str(number) / "x.txt"
        before = sha(place.read_bytes()) if place.exists() else None
        if content is None:
            return (
                None
                if before is None
                else FileChange(str(place), before, None, 1, content_before="bin")
            )
        origin = self.folder / f"origin-{sha(content)[:8]}"
        origin.write_bytes(content)
        kept = "bin" if before else ""
        if before == sha(content):
            return None
        return FileChange(str(place), before, sha(content), len(content), str(origin), kept)

    def _keep(self, receipt: Receipt, before: Any) -> None:
        """Keep a receipt once: an empty plan is the same plan each time, and is finished."""
        if all(receipt != known for known, _ in self.receipts):
            self.receipts.append((receipt, before))

    @precondition(lambda self: self.stopped is None)
    @rule(names=WISHED_NAMES, contents=WISHED_CONTENTS)
    def apply(self, names: list[str], contents: list[bytes | None]) -> None:
        plan = self._plan(names, contents)
        before = self.expected
        receipt = apply_plan(plan, self.small.open(plan), clock, ignore, "ana")
        self.expected = fingerprint(self.small)
        self._keep(receipt, before)

    @precondition(lambda self: self.stopped is None)
    @rule(after=st.integers(0, 3), names=WISHED_NAMES, contents=WISHED_CONTENTS)
    def stop(self, after: int, names: list[str], contents: list[bytes | None]) -> None:
        plan = self._plan(names, contents)
        before = self.expected

        def interrupt(event: Event) -> None:
            if isinstance(event, StepDone) and event.stage == "apply" and event.done == after + 1:
                raise _Stopped

        try:
            receipt = apply_plan(plan, self.small.open(plan), clock, interrupt, "ana")
        except _Stopped as error:
            assert "steps of the plan" in error.__notes__[0]  # noqa: PT017
            self.stopped = (plan, before)
        else:
            self.expected = fingerprint(self.small)
            self._keep(receipt, before)

    @precondition(lambda self: self.stopped is not None)
    @rule()
    def go_on(self) -> None:
        assert self.stopped is not None
        plan, before = self.stopped
        receipt = apply_plan(plan, self.small.open(plan), clock, ignore, "ben")
        self.expected = fingerprint(self.small)
        self._keep(receipt, before)
        self.stopped = None

    @precondition(lambda self: self.stopped is not None)
    @rule()
    def take_back(self) -> None:
        assert self.stopped is not None
        plan, self.expected = self.stopped
        undo_unfinished(plan, self.small.open, clock, ignore, "ben")
        self.stopped = None

    @precondition(lambda self: self.stopped is None and self.receipts)
    @rule()
    def undo_last(self) -> None:
        receipt, before = self.receipts[-1]
        if receipt.began in self.purged:
            with pytest.raises(ScorewrightError) as caught:
                undo_receipt(receipt, self.small.open, clock, ignore, "ana")
            assert caught.value.code == "plan-purged"
            return
        self.receipts.pop()
        undo_receipt(receipt, self.small.open, clock, ignore, "ana")
        self.expected = before

    @precondition(lambda self: self.stopped is None and len(self.receipts) > 1)
    @rule()
    def undo_an_older_one(self) -> None:
        (receipt, before), *_ = self.receipts
        try:
            undo_receipt(receipt, self.small.open, clock, ignore, "ana")
        except ScorewrightError as error:
            assert error.code in ("plan-stale", "plan-purged")  # noqa: PT017
        else:  # what came after it came to nothing
            self.expected = before
            self.receipts = []

    @precondition(lambda self: self.receipts)
    @rule(place=st.integers(0, 3))
    def purge(self, place: int) -> None:
        receipt, _ = self.receipts[min(place, len(self.receipts) - 1)]
        attic = self.small.workshops().attic()
        names = [remains.id for remains in attic.remains() if remains.receipt == receipt]
        if names and self.stopped is not None:
            with pytest.raises(ScorewrightError) as caught:
                purge(names, names, attic, clock, ignore, "ana")
            assert caught.value.code == "purge-unfinished"
        elif names and purge(names, names, attic, clock, ignore, "ana").kept:
            self.purged.add(receipt.began)

    @precondition(lambda self: self.stopped is None and self.receipts)
    @rule()
    def repeat_last(self) -> None:
        receipt, _ = self.receipts[-1]
        again = apply_plan(receipt.plan, self.small.open(receipt.plan), clock, ignore, "ana")
        assert again == receipt


@pytest.mark.slow
def test_promises_are_kept(template: Path) -> None:
    machine = type("Machine", (Promises,), {"template": template})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
