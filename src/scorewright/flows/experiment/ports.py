"""What experiments need from the world besides what training needs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from scorewright.flows.ports import BundleStore, RunIndex
from scorewright.flows.train import TrainTools

__all__ = ["ExperimentTools", "Locks", "Scratch"]


class Locks(Protocol):
    """Keeps a second process off the same work; a process that dies holds nothing any more."""

    def hold(self, name: str) -> AbstractContextManager[None]:
        """Hold a lock while a ``with`` block lasts.

        Args:
            name: What is worked on.

        Raises:
            ScorewrightError: ``experiment-busy``: another process holds it.
        """
        ...


#: Opens a store of bundles that is gone afterwards; it signs with the project's own keys.
Scratch = Callable[[], AbstractContextManager[BundleStore]]


@dataclass(frozen=True, slots=True)
class ExperimentTools:
    """The ports of an experiment.

    Attributes:
        train: Ports of a training; its store of bundles gives way to a scratch store.
        index: Finds runs again.
        locks: Keeps a second process off.
        scratch: Where bundles of cells are made and proved.
    """

    train: TrainTools
    index: RunIndex
    locks: Locks
    scratch: Scratch
