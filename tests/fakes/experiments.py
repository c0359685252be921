"""A laboratory: a project with a matrix, and ports that keep everything in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.fakes.bundles import GoldenProver, MemoryBundles
from tests.fakes.features import MemoryBuilds
from tests.fakes.histories import MemoryRows
from tests.fakes.learners import Memoriser
from tests.fakes.machine import CountingClock
from tests.fakes.run_log import MemoryRun
from tests.fakes.tables import MemoryContracts
from tests.fakes.training import World, settings

from scorewright.adapters.learners import Learners
from scorewright.core.errors import ScorewrightError
from scorewright.core.features import Feature, FeatureLibrary, FeatureSet, Products, parse
from scorewright.flows.events import ignore
from scorewright.flows.experiment import ExperimentResult, ExperimentTools, run_experiment
from scorewright.flows.features.attach import ProjectFeatures
from scorewright.flows.features.build import BuildTools
from scorewright.flows.ports import (
    BundleStore,
    FitTask,
    FittedModel,
    Learner,
    TableFile,
    TableSource,
)

__all__ = ["LIBRARY", "FewLearners", "FragileLearner", "Lab", "MemoryLocks", "matrix_settings"]

RATIOS = (
    Feature("debt_less_income", parse("debt - income")),
    Feature("debt_and_income", parse("debt + income")),
)
LIBRARY = FeatureLibrary(
    (),
    (
        FeatureSet("domain", RATIOS),
        FeatureSet("polynomial", tuple(Products(("debt", "income")).features())),
    ),
)


def matrix_settings(experiment: Mapping[str, Any], **sections: Any) -> Any:
    """Return quick settings with a matrix."""
    given: dict[str, Any] = {
        "validation": {"folds": 3},
        "features": {"files": ["features.toml"], "set": "domain"},
        "leakage": {"shuffle_control": False, "max_iv": 3.0},
        **sections,
    }
    learner = {"name": "logistic", "params": {}, **given.pop("learner", {})}
    return settings(experiment=dict(experiment), learner=learner, **given)


@dataclass
class MemoryLocks:
    """`Locks` that somebody else may hold."""

    taken: set[str] = field(default_factory=set)
    held: list[str] = field(default_factory=list)

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        if name in self.taken:
            raise ScorewrightError("busy", remedy="wait", code="experiment-busy")
        self.taken.add(name)
        self.held.append(name)
        try:
            yield
        finally:
            self.taken.remove(name)


@dataclass
class FragileLearner(Memoriser):
    """A learner that fails, or is interrupted, at fits on matrices of so many columns."""

    name: str = "fragile"
    columns: int = 0
    error: BaseException | None = None

    def fit(self, task: FitTask) -> FittedModel:
        if self.error is not None and task.x.shape[1] == self.columns:
            raise self.error
        return super().fit(task)


@dataclass
class FewLearners:
    """The installed learners and a few more."""

    more: Mapping[str, Learner]

    def names(self) -> tuple[str, ...]:
        return tuple(sorted({*Learners().names(), *self.more}))

    def get(self, name: str) -> Learner:
        return self.more[name] if name in self.more else Learners().get(name)


@dataclass
class Lab:
    """One project in which experiments are run again and again."""

    world: World
    library: FeatureLibrary | None = LIBRARY

    def __post_init__(self) -> None:
        self.locks = MemoryLocks()
        self.scratches: list[MemoryBundles] = []
        self.scratch_bundles = MemoryBundles(self.world.journal)
        features = None if self.library is None else self._features(self.library)
        self.train = replace(
            self.world.tools,
            features=features,
            prover=GoldenProver(self.scratch_bundles, self.world.learners),
        )
        self.tools = ExperimentTools(self.train, self.world.run_log, self.locks, self._scratch)
        table = TableFile("loans", ("/project/loans.parquet",))
        self.source = TableSource(table, Path("/project/contracts/loans.toml"))

    def run(self, chosen: Any) -> ExperimentResult:
        """Run the matrix."""
        return run_experiment(chosen, self.source, self.tools)

    @property
    def parents(self) -> Sequence[MemoryRun]:
        return [r for r in self.world.run_log.runs if r.start.tags["scorewright.kind"] == "matrix"]

    @property
    def cells(self) -> Sequence[MemoryRun]:
        return [r for r in self.world.run_log.runs if r.start.tags["scorewright.kind"] == "cell"]

    @contextmanager
    def _scratch(self) -> Iterator[BundleStore]:
        self.world.journal.append("scratch opened")
        yield self.scratch_bundles
        self.world.journal.append("scratch gone")

    def _features(self, library: FeatureLibrary) -> ProjectFeatures:
        source = TableSource(
            TableFile("loans", ("/project/loans.parquet",)), Path("/project/contracts/loans.toml")
        )

        def never() -> Any:
            raise AssertionError("so few rows need no engine")

        rows = MemoryRows({"loans": self.world.frame})
        tools = BuildTools(rows, MemoryBuilds(), never, CountingClock(), ignore)
        return ProjectFeatures(library, {"loans": source}, MemoryContracts(), tools)
