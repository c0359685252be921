"""Batches that are scored in this process: a desk over a folder, and the job it runs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.decision_log import CountingIds, MemoryLog

from scorewright.adapters.batch_files import FolderKeep
from scorewright.adapters.batch_jobs import BatchFolder, DiskDesk
from scorewright.core.decision_log import Keeping, LoggedDecision, SubjectKey
from scorewright.flows.ports import Clock, TableFile
from scorewright.flows.score_batch import BatchTools
from scorewright.flows.serve import BatchOrder, Variant
from scorewright.flows.verify_bundle import Deployment
from scorewright.wiring.batches import score_folder_of

KEEPING = Keeping(SubjectKey("k1", b"s" * 32))


@dataclass
class HereRunner:
    """Scores a batch in the thread that asks for it."""

    deployment: Deployment
    clock: Clock
    log: MemoryLog
    most: int = 100_000
    told: list[tuple[int | None, int, int, int]] = field(default_factory=list)

    def __call__(self, folder: BatchFolder, over: threading.Event) -> str:
        score_folder_of(folder, lambda order: self.job(order, folder))
        return ""

    def job(
        self, order: BatchOrder, folder: BatchFolder
    ) -> tuple[Variant, TableFile, int, BatchTools]:
        tools = BatchTools(FolderKeep(folder.path), self._append, KEEPING, self.clock, self._hear)
        return Variant.of(self.deployment), TableFile("applications", ()), self.most, tools

    def _append(self, records: Sequence[LoggedDecision]) -> int:
        return self.log.append_many(records)

    def _hear(self, rows: int | None, done: int, rejected: int, logged: int) -> None:
        self.told.append((rows, done, rejected, logged))


def desk_on(folder: Path, runner: HereRunner, places: int = 2) -> DiskDesk:
    return DiskDesk(folder / "batches", runner, CountingIds(), places)
