"""Bucket tasks as the documents that every engine carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from scorewright.adapters.engines.bucket import PROGRAM
from scorewright.flows.features.ports import BucketReceipt, BucketTask

__all__ = ["Carrier", "run_buckets"]


class Carrier(Protocol):
    """An engine's one ability: to have documents worked on."""

    def each(
        self,
        program: str,
        documents: Sequence[Mapping[str, Any]],
        done: Callable[[Mapping[str, Any]], None],
    ) -> None:
        """See `Engine.each`."""
        ...


def run_buckets(
    carrier: Carrier, tasks: Sequence[BucketTask], done: Callable[[BucketReceipt], None]
) -> None:
    """Have bucket tasks done by `run_bucket` in the engine's workers.

    Args:
        carrier: The engine.
        tasks: The buckets.
        done: Hears each receipt, in this process.
    """
    documents = [task.to_dict() for task in tasks]
    carrier.each(PROGRAM, documents, lambda receipt: done(BucketReceipt.from_dict(receipt)))
