"""Our side: the template's features in buckets with an engine, or all in memory."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.features.data import declared
from benchmarks.features.usage import tree_cpu, tree_peak_bytes
from scorewright.adapters.engines import engine
from scorewright.adapters.histories import DiskWorkspace, Rows
from scorewright.core.features import compute, prove_as_of, refuse_future, with_entity
from scorewright.flows.features.declared import Declared
from scorewright.flows.features.ports import BucketReceipt, Partitioned
from scorewright.flows.features.tables import load_tables

__all__ = ["Work", "workspace"]


def workspace(arguments: Mapping[str, Any]) -> Work:
    """Return the work that arguments describe: ``root``, ``set``, ``work``, ``buckets``."""
    return Work(
        declared(Path(arguments["root"]), arguments["set"]),
        Path(arguments["work"]),
        arguments["buckets"],
        arguments["memory_mb"],
    )


@dataclass(frozen=True, slots=True)
class Work:
    """One set of features over one portfolio.

    Attributes:
        declared: Plan and tables.
        folder: Of the buckets and results.
        buckets: How many.
        memory_mb: What splitting may take.
    """

    declared: Declared
    folder: Path
    buckets: int
    memory_mb: int

    def parts(self) -> Partitioned:
        """Split the tables, or find them split."""
        files = {name: source.file for name, source in self.declared.sources.items()}
        plan, disk = self.declared.plan, self._disk()
        return disk.partition(plan, files, self.buckets, lambda _table, _rows: None)

    def build(self, name: str, processes: int) -> dict[str, Any]:
        """Compute all buckets; tell the workers' own CPU time from starting and carrying."""
        plan, parts = self.declared.plan, self.parts()
        tasks = self._disk().tasks(plan, parts)
        for task in tasks:
            task.output.unlink(missing_ok=True)
        began, first = time.perf_counter(), 0.0
        receipts: list[BucketReceipt] = []
        spent = (0.0, 0)

        def done(receipt: BucketReceipt) -> None:
            nonlocal first, spent
            first = first or time.perf_counter() - began - receipt.cpu_seconds
            receipts.append(receipt)
            if len(receipts) == len(tasks):
                spent = tree_cpu(), tree_peak_bytes()

        engine(name, processes).run(tasks, done)
        return {
            "features": len(plan.features),
            "rows": sum(receipt.rows for receipt in receipts),
            "work_cpu": sum(receipt.cpu_seconds for receipt in receipts),
            "worker_bytes": max(receipt.peak_bytes for receipt in receipts),
            "first_start": max(0.0, first),
            "cpu": spent[0],
            "all_bytes": spent[1],
            "output": str(tasks[0].output.parent),
        }

    def in_memory(self, output: Path) -> dict[str, Any]:
        """Read all tables, prove the dates, compute, write."""
        plan = self.declared.plan
        files = {name: source.file for name, source in self.declared.sources.items()}
        tables = load_tables(plan, files, self._rows())
        entity = plan.relations.entity.table
        ready = {entity: tables[entity], **with_entity(plan, tables)}
        refuse_future(prove_as_of(plan, ready))
        frame = compute(plan, ready)
        frame.write_parquet(output)
        return {"features": len(plan.features), "rows": frame.height}

    def _rows(self) -> Rows:
        return Rows(os.environ)

    def _disk(self) -> DiskWorkspace:
        return DiskWorkspace(self.folder, self._rows(), self.memory_mb)
