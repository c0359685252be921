"""How far a plan has come, as its journal says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from scorewright.core.plans import StoreRef, TableRef
from scorewright.flows.store.editing import Backup, Journal

__all__ = ["Progress"]


class Progress:
    """Reads the journal once, and writes it.

    Attributes:
        done: Steps that are done.
        groups: Groups of the next step that are done.
        has_begun: Whether the next step was begun.
        is_refused: Whether its next group of changes was tried and refused: nothing of it is done.
        has_started: Whether the plan was begun.
        is_ended: Whether the plan is finished.
        undone_by: Id of the plan that takes back what is done of this one; "" where none does.
        holder, began, before: Of its beginning.
        backup: None until it is made.
        seen: The store when it was left in good order, None once it has changed since.
        meanwhile: What somebody else changed while the plan stood still, one line each.

    Args:
        journal: Of the plan.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.done = 0
        self.groups = 0
        self.has_begun = False
        self.is_refused = False
        self.has_started = False
        self.is_ended = False
        self.undone_by = ""
        self.holder = ""
        self.began = ""
        self.before = StoreRef("", "")
        self.backup: Backup | None = None
        self.seen: StoreRef | None = None
        self.meanwhile: tuple[str, ...] = ()
        for entry in journal.entries():
            self._take(entry)

    def start(self, holder: str, began: str, before: StoreRef) -> None:
        """Say that the plan begins, and how the store is."""
        self._write({"entry": "start", "holder": holder, "began": began, "before": asdict(before)})

    def keep_backup(self, backup: Backup) -> None:
        """Say that the backup is there."""
        self._write({"entry": "backup", **asdict(backup)})

    def begin_step(self, step: int) -> None:
        """Say that a step begins."""
        self._write({"entry": "begin", "step": step})

    def finish_group(self, step: int) -> None:
        """Say that a group of changes of a step is done."""
        self._write({"entry": "group", "step": step})

    def refuse_group(self, step: int) -> None:
        """Say that a group of changes of a step was tried, and that nothing of it is done."""
        self._write({"entry": "refused", "step": step})

    def try_again(self, step: int) -> None:
        """Say that a group of changes that was refused is tried again."""
        self._write({"entry": "again", "step": step})

    def finish_step(self, step: int) -> None:
        """Say that a step is done."""
        self._write({"entry": "done", "step": step})

    def end(self, receipt: str) -> None:
        """Say that the plan is finished and its receipt written."""
        self._write({"entry": "end", "receipt": receipt})

    def leave(self, seen: StoreRef) -> None:
        """Say how the store is while the plan stands still."""
        self._write({"entry": "seen", "store": asdict(seen)})

    def find_changed(self, lines: Sequence[str]) -> None:
        """Say what somebody else changed while the plan stood still."""
        self._write({"entry": "meanwhile", "changed": list(lines)})

    def turn_back(self, plan: str) -> None:
        """Say that another plan takes back what is done of this one."""
        self._write({"entry": "undo", "plan": plan})

    def _write(self, entry: Mapping[str, Any]) -> None:
        self._journal.write(entry)
        self._take(entry)

    def _take(self, entry: Mapping[str, Any]) -> None:
        self.seen = None
        match entry["entry"]:
            case "start":
                self.has_started = True
                self.holder, self.began = str(entry["holder"]), str(entry["began"])
                self.before = _reference(entry["before"])
            case "backup":
                self.backup = Backup(entry["path"], entry["sha256"], int(entry["rows"]))
            case "begin":
                self.has_begun, self.groups = True, 0
            case "group":
                self.groups += 1
            case "refused" | "again":
                self.is_refused = entry["entry"] == "refused"
            case "done":
                self.done, self.groups, self.has_begun = int(entry["step"]) + 1, 0, False
            case "seen":
                self.seen = _reference(entry["store"])
            case "meanwhile":
                self.meanwhile += tuple(entry["changed"])
            case "undo":
                self.undone_by = str(entry["plan"])
            case _:
                self.is_ended = True


def _reference(document: Mapping[str, Any]) -> StoreRef:
    tables = tuple(TableRef(**table) for table in document["tables"])
    return StoreRef(document["location"], document["rows"], document["files"], tables)
