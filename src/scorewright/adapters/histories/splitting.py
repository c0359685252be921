"""Tables of a plan split by the applicants their rows belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from scorewright.adapters.histories.buckets import BucketFiles
from scorewright.adapters.histories.durable import folder_aside
from scorewright.adapters.histories.links import Links
from scorewright.adapters.histories.receipts import Split, SplitReceipt
from scorewright.core.features import FeaturePlan
from scorewright.flows.features.ports import RowSource
from scorewright.flows.ports import TableFile

__all__ = ["Splitter"]


@dataclass(frozen=True, slots=True)
class Splitter:
    """Splits one table at a time into a folder of buckets.

    Attributes:
        plan: Which tables and columns.
        tables: Where they lie.
        source: Reads them.
        links: From rows to applicants.
        memory: Bytes that rows waiting to be written may take.
        notify_rows: Hears table and rows as they pass.
    """

    plan: FeaturePlan
    tables: Mapping[str, TableFile]
    source: RowSource
    links: Links
    memory: int
    notify_rows: Callable[[str, int], None]

    def split(self, split: Split, target: Path) -> SplitReceipt:
        """Split a table; the folder takes the place of what is there, its receipt within it.

        Raises:
            UsageError, FindingsError: As `RowSource.batches`.
            FindingsError: ``features-duplicate-key``.
        """
        applicants = self.links.applicants()
        frames = self.links.with_entity(split.table, self._batches(split))
        seen = 0
        with folder_aside(target) as folder:
            frame, positions = next(frames)
            with BucketFiles(folder, dict(frame.schema), split.buckets, self.memory) as files:
                files.add(frame, applicants.bucket_of(positions))
                seen += frame.height
                for frame, positions in frames:
                    files.add(frame, applicants.bucket_of(positions))
                    seen += frame.height
                listing = files.finish()
            rows = sum(count for _, count, _ in listing)
            receipt = SplitReceipt(rows, seen - rows, tuple(listing))
            receipt.write(split, folder)
        return receipt

    def _batches(self, split: Split) -> Iterator[pl.DataFrame]:
        contract = self.plan.relations.contract(split.table)
        for frame in self.source.batches(self.tables[split.table], contract, split.columns):
            yield frame
            self.notify_rows(split.table, frame.height)
