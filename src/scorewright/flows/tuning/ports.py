"""What the search needs from the world: a study that survives, and further processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from scorewright.core.tuning import Space, Trial
from scorewright.flows.ports import BundleStore, RunIndex
from scorewright.flows.train import TrainTools

__all__ = [
    "Broken",
    "Done",
    "Drawn",
    "Outcome",
    "Source",
    "Stopped",
    "Study",
    "StudyPlan",
    "StudyStore",
    "TuneTools",
    "WorkerPool",
]


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What a study is opened with.

    Attributes:
        name: Name in the storage.
        identity: Digest per part of what its trials are compared on.
        space: What trials draw from.
        sampler: ``tpe``, ``random`` or ``manual``.
        is_small_better: Direction of the objective.
        prune: Whether trials may be stopped after some folds.
        seed: Seed of the draws.
        worker: Number of this process, from 0.
        base: What a trial takes for searched parameters it does not set itself.
    """

    name: str
    identity: Mapping[str, str]
    space: Space
    sampler: Literal["tpe", "random", "manual"]
    is_small_better: bool
    prune: bool
    seed: int
    worker: int = 0
    base: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the figures of a trial come from.

    Attributes:
        run_id, run_name: Its run, empty where none is kept.
        reused: Whether it had been finished before.
        seconds: What the work took.
    """

    run_id: str = ""
    run_name: str = ""
    reused: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Done:
    """A complete trial: its objective, and constraint -> by how much it is broken."""

    value: float
    violations: Mapping[str, float]
    source: Source


@dataclass(frozen=True, slots=True)
class Stopped:
    """A trial that was given up after some folds."""

    reason: str
    source: Source


@dataclass(frozen=True, slots=True)
class Broken:
    """A trial that failed.

    Attributes:
        reason: Why.
        source: Its run.
        again: Whether its parameters are tried again: they were not to blame.
        is_counted: Whether it is a failure; False where there was nothing left to do for it.
    """

    reason: str
    source: Source = Source()
    again: bool = False
    is_counted: bool = True


Outcome = Done | Stopped | Broken


class Drawn(Protocol):
    """A trial this process works on."""

    @property
    def number(self) -> int:
        """Its number in the study."""
        ...

    @property
    def params(self) -> Mapping[str, Any] | None:
        """What it tries, on top of the settings; None where nothing was left to draw."""
        ...

    @property
    def is_queued(self) -> bool:
        """Whether its parameters were given rather than drawn."""
        ...

    def report(self, fold: int, value: float) -> str | None:
        """Tell the objective of a fold; return why the trial should stop, or None."""
        ...

    def is_current(self) -> bool:
        """Return whether nobody took it for dead and began it again."""
        ...


class Study(Protocol):
    """A study that many processes work on, and that outlives them."""

    def trials(self) -> Sequence[Trial]:
        """Return all trials in the order of their numbers."""
        ...

    def alive(self) -> frozenset[int]:
        """Return the numbers of running trials whose process lives, as far as is known."""
        ...

    def enqueue(self, sets: Sequence[Mapping[str, Any]]) -> None:
        """Have parameter sets tried first; those that were given before are left out."""
        ...

    def recover(self) -> Sequence[int]:
        """Queue the parameters of dead processes' trials again; return their numbers."""
        ...

    def work(self, do: Callable[[Drawn], Outcome]) -> None:
        """Draw one trial, do it and keep what came of it.

        Left by an interrupt, its parameters are queued again.
        """
        ...

    def recall(self, key: str) -> str | None:
        """Return what was kept under a key."""
        ...

    def remember(self, key: str, value: str) -> None:
        """Keep a text for every process of the study."""
        ...

    def alone(self, what: str) -> AbstractContextManager[None]:
        """Let one process of this machine after the other do something, named ``what``."""
        ...

    def wait(self) -> None:
        """Wait a little for the others."""
        ...

    def importance(self) -> Mapping[str, float]:
        """Return how much each parameter decides the objective; empty with too few trials."""
        ...


class StudyStore(Protocol):
    """Where studies lie."""

    def open(self, plan: StudyPlan) -> AbstractContextManager[Study]:
        """Open a study, or make it.

        Raises:
            UsageError: ``tuning-other-study``, ``tuning-storage``, ``missing-extra``.
            ScorewrightError: ``tuning-storage-unreachable``.
        """
        ...

    def location(self) -> str:
        """Return where, without a password."""
        ...


class WorkerPool(Protocol):
    """Further processes that work on the same study."""

    def start(self, count: int) -> AbstractContextManager[Callable[[], Sequence[str]]]:
        """Start processes; the context gives a function that tells of those that died.

        Left without an error it waits for them to end their trials; else they are ended.
        """
        ...


@dataclass(frozen=True, slots=True)
class TuneTools:
    """The ports of a search.

    Attributes:
        train: Ports of a training.
        scratch: Gives a store for the bundle of one trial, gone afterwards.
        index: Finds runs of earlier processes.
        studies: Where studies lie.
        workers: Further processes.
    """

    train: TrainTools
    scratch: Callable[[], AbstractContextManager[BundleStore]]
    index: RunIndex
    studies: StudyStore
    workers: WorkerPool
