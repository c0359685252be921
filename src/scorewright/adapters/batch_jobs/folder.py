"""One batch on disk. Its state follows from which files are there, so nothing can disagree.

``order.json`` is written when the files have come, ``started.json`` when scoring begins,
``progress.json`` while it goes on, ``report.json`` when it is over; whoever receives the files or
scores them holds a lock.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from scorewright.adapters.durable import load_json, save_json
from scorewright.core.errors import ScorewrightError
from scorewright.flows.serve import Batch, BatchOrder, BatchProblem, BatchState

__all__ = ["BatchFolder", "Progress"]

REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is; with ``problem`` or ``ended``, what came of it."""

    rows: int | None = None
    done: int = 0
    rejected: int = 0
    logged: int = 0
    decisions: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    ended: str | None = None
    problem: Mapping[str, Any] | None = None
    dropped: int = 0


class BatchFolder:
    """The folder of one batch.

    Args:
        path: The folder; its name is the batch's id.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = FileLock(path / ".lock", mode=0o600, thread_local=False)

    @property
    def files(self) -> Path:
        """Where the files that were sent lie."""
        return self.path / "files"

    @property
    def is_removed(self) -> bool:
        """Whether it was removed, and only waits for its child to end."""
        return (self.path / REMOVED).exists()

    def order(self) -> BatchOrder | None:
        """Return what was asked; None where the files have not all come."""
        found = load_json(self.path / "order.json")
        try:
            return None if found is None else BatchOrder(**found)
        except TypeError:
            return None

    @property
    def is_ordered(self) -> bool:
        """Whether the files have all come."""
        return (self.path / "order.json").exists()

    def put_order(self, order: BatchOrder) -> None:
        """Write what is asked: from now on it is a batch.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        save_json(self.path / "order.json", asdict(order))

    def put_started(self, moment: str) -> None:
        """Note that scoring begins; where that cannot be written, it does not begin.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        note = self.path / "started.json"
        try:
            save_json(note, {"started": moment})
        except ScorewrightError:
            with suppress(OSError):
                note.unlink(missing_ok=True)
            raise

    def put_progress(self, progress: Progress) -> None:
        """Note how far it is; a note that gets lost is no harm."""
        aside = self.path / ".progress.part"
        with suppress(OSError):
            aside.write_text(json.dumps(asdict(progress)), encoding="utf-8")
            aside.replace(self.path / "progress.json")

    def put_report(self, progress: Progress) -> None:
        """Note what came of it: it is over."""
        save_json(self.path / "report.json", asdict(progress))

    @property
    def is_over(self) -> bool:
        """Whether there is a report."""
        return (self.path / "report.json").exists()

    @property
    def is_waiting(self) -> bool:
        """Whether something comes of it yet: files still come, it waits, or it is at work."""
        if self.is_over:
            return False
        batch = self.batch()
        return batch is None or not batch.is_over

    @property
    def is_started(self) -> bool:
        """Whether somebody began to score it."""
        return (self.path / "started.json").exists()

    def batch(self) -> Batch | None:
        """Return the batch as it is now; None where it is none (yet, or any more)."""
        order = self.order()
        if order is None or self.is_removed:
            return None
        # In this order: who scores holds the lock from before the one file until after the other.
        started = load_json(self.path / "started.json")
        is_held = started is not None and not self.is_over and self._is_held()
        report = load_json(self.path / "report.json")
        found = report or load_json(self.path / "progress.json") or {}
        progress = Progress(**found)
        problem = None if progress.problem is None else BatchProblem.from_dict(progress.problem)
        state: BatchState
        if report is not None:
            state = "done" if problem is None else "failed"
        elif started is None:
            state = "queued"
        else:
            state = "running" if is_held else "interrupted"
        return Batch(
            order,
            state,
            None if started is None else started.get("started"),
            progress.ended,
            progress.rows,
            progress.done,
            progress.rejected,
            progress.logged,
            progress.decisions,
            progress.seconds,
            problem,
            progress.dropped,
        )

    def remove(self) -> None:
        """Mark it as gone, and take its files away as soon as nobody works on them."""
        with suppress(OSError):
            (self.path / REMOVED).touch(mode=0o600)
        self._if_free(self.clear)

    def clear(self) -> None:
        """Take the files away; whoever calls holds the lock."""
        # First: without its order it is no batch, however far the rest is taken away.
        with suppress(OSError):
            (self.path / "order.json").unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def forget_inputs(self) -> None:
        """Take away what was sent: nobody needs it when the batch is over."""
        shutil.rmtree(self.path / ".features", ignore_errors=True)
        for left in self.path.glob(".inputs-*"):
            left.unlink(missing_ok=True)
        for left in self.path.glob(".*.part"):
            left.unlink(missing_ok=True)
        # Last: while these are there, something may be left to take away.
        shutil.rmtree(self.files, ignore_errors=True)

    def forget_abandoned(self) -> None:
        """Take away what was sent where whoever began to score it has died."""
        if self.is_started and self.files.exists():
            self._if_free(self.forget_inputs)

    def forget_upload(self) -> None:
        """Take away what was sent where whoever received it has died: no order follows."""
        self._if_free(lambda: None if self.is_ordered else self.clear())

    def _if_free(self, act: Callable[[], None]) -> None:
        """Act while nobody else works on the files; not at all where somebody does."""
        try:
            self.lock.acquire(timeout=0)
        except (Timeout, OSError):
            return
        try:
            act()
        finally:
            with suppress(OSError):
                self.lock.release()

    def _is_held(self) -> bool:
        if self.lock.is_locked:
            return True
        probe = FileLock(self.path / ".lock", mode=0o600, thread_local=False)
        try:
            probe.acquire(timeout=0)
        except (Timeout, OSError):
            return True
        probe.release()
        return False
