"""The folder of one build: plan, buckets of rows, results and receipts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from scorewright.adapters.durable import load_json
from scorewright.adapters.histories.durable import (
    translated_writes,
    write_document,
)
from scorewright.adapters.histories.links import Links
from scorewright.adapters.histories.receipts import Split, SplitReceipt
from scorewright.adapters.histories.splitting import Splitter
from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.core.errors import IntegrityError
from scorewright.core.features import FeaturePlan, PartFile
from scorewright.flows.features.ports import BucketReceipt, BucketTask, Partitioned, RowSource
from scorewright.flows.ports import TableFile

__all__ = ["DiskWorkspace"]

_MEGABYTE: Final = 1 << 20
_WAITING: Final = 4
"""Rows waiting to be written may take this part of the memory; the rest is for reading."""


class DiskWorkspace:
    """`Workspace` in a folder, to be named by the digest of the build.

    ``plan.json``, ``rows/<buckets>/<table>/bucket-0007.parquet`` with ``receipt.json``, and
    ``parts/<buckets>/part-0007.parquet`` with the worker's ``part-0007.json``. The number of
    buckets is in the path because the same build may run with several numbers at once: what one
    process reads, no other splits in another way.

    Args:
        directory: The folder; made where it is missing.
        source: Reads the tables.
        memory_mb: What splitting may take, about. The keys of the applications and of histories
            that others hang on are held beside it, some 20 bytes each.
    """

    def __init__(self, directory: Path, source: RowSource, memory_mb: int = 1024) -> None:
        self._directory = directory
        self._source = source
        self._memory = memory_mb * _MEGABYTE

    def partition(
        self,
        plan: FeaturePlan,
        tables: Mapping[str, TableFile],
        buckets: int,
        notify_rows: Callable[[str, int], None],
    ) -> Partitioned:
        """Split every table, or find it split already; see `Workspace`.

        The bytes of a bucket depend on the source's batches, the number of buckets and the memory
        setting alone, never on threads. A second process that wants as many buckets waits for the
        first and finds its work.

        Raises:
            UsageError, FindingsError: As `RowSource.batches`.
            FindingsError: ``features-duplicate-key``.
            ScorewrightError: ``write-failed``.
        """
        links = Links(plan, tables, self._source, buckets)
        memory = self._memory // _WAITING
        splitter = Splitter(plan, tables, self._source, links, memory, notify_rows)
        relations = sha256_hex(canonical_json(plan.relations.to_dict()))
        receipts: dict[str, SplitReceipt] = {}
        with translated_writes(self._directory):
            folder = self._directory / "rows" / str(buckets)
            folder.mkdir(parents=True, exist_ok=True)
            # Not among the rows: whoever finishes the build first removes those.
            with FileLock(self._directory / f".lock-{buckets}"):
                for table in (plan.relations.entity.table, *plan.tables):
                    split = Split(table, plan.columns_of(table), buckets, relations)
                    target = folder / table
                    receipts[table] = SplitReceipt.read(split, target) or splitter.split(
                        split, target
                    )
        return Partitioned(
            buckets=tuple(
                {table: folder / table / r.files[i][0] for table, r in receipts.items()}
                for i in range(buckets)
            ),
            rows={table: receipt.rows for table, receipt in receipts.items()},
            orphans={table: receipt.orphans for table, receipt in receipts.items()},
        )

    def tasks(self, plan: FeaturePlan, parts: Partitioned) -> tuple[BucketTask, ...]:
        """Return the work of all buckets, the plan beside them; see `Workspace`.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        with translated_writes(self._directory):
            folder = self._parts / str(len(parts.buckets))
            folder.mkdir(parents=True, exist_ok=True)
            if load_json(self._plan) != plan.to_dict():
                write_document(self._plan, plan.to_dict())
        return tuple(
            BucketTask(i, self._plan, inputs, folder / f"part-{i:04d}.parquet")
            for i, inputs in enumerate(parts.buckets)
        )

    def receipt(self, task: BucketTask) -> BucketReceipt | None:
        """Return the receipt of a bucket that is finished under this plan, or None."""
        document = load_json(task.output.with_suffix(".json"))
        plan = load_json(task.plan)
        if document is None or plan is None or not _stands(task, document, plan):
            return None
        try:
            return BucketReceipt.from_dict(document)
        except (KeyError, TypeError, ValueError):
            return None

    def part(self, task: BucketTask, receipt: BucketReceipt) -> PartFile:
        """Return the part that a finished bucket is; see `Workspace`.

        Raises:
            IntegrityError: ``bucket-damaged``.
        """
        try:
            size = task.output.stat().st_size
        except OSError as error:
            raise IntegrityError(
                f"The file {task.output} of a feature build is gone.",
                remedy="Run the same command again: it goes on where it stopped.",
                code="bucket-damaged",
                details={"file": str(task.output)},
            ) from error
        return PartFile(task.output.relative_to(self._parts).as_posix(), receipt.rows, size)

    @property
    def _parts(self) -> Path:
        return self._directory / "parts"

    @property
    def _plan(self) -> Path:
        return self._directory / "plan.json"


def _stands(task: BucketTask, receipt: Mapping[str, Any], plan: dict[str, Any]) -> bool:
    """Tell whether a receipt is of this plan and these rows, and its output still whole."""
    files = {**task.inputs, "": task.output}
    if not all(path.is_file() for path in files.values()):
        return False
    sizes = {name: path.stat().st_size for name, path in files.items()}
    output = sizes.pop("")
    return (
        receipt.get("plan_digest") == sha256_hex(canonical_json(plan))
        and receipt.get("output_bytes") == output
        and receipt.get("input_bytes") == sizes
    )
