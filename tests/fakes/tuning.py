"""A search in memory: its studies in a journal, its runs in lists, its processes imagined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
from tests.fakes.bundles import MemoryBundles
from tests.fakes.run_log import MemoryRun
from tests.fakes.training import World, settings

from scorewright.adapters.tuning import OptunaStudies
from scorewright.core.project import Settings
from scorewright.flows.ports import TableFile, TableSource
from scorewright.flows.train import TrainTools
from scorewright.flows.tuning import TuneResult, TuneTools, tune

#: Quick folds, and a search over two parameters of a logistic regression.
SPACE = {"C": {"low": 0.001, "high": 10.0, "log": True}}
SOURCE = TableSource(
    TableFile("loans", ("/project/loans.parquet",)), Path("/project/contracts/loans.toml")
)


def tuning_settings(learner: dict[str, Any] | None = None, **tuning: Any) -> Settings:
    """Return settings of a quick search."""
    return settings(
        learner=learner or {"name": "logistic", "params": {}},
        validation={"bootstrap": 0, "folds": 3},
        leakage={"shuffle_control": False, "max_iv": 9.0},
        tuning={"trials": 4, "space": SPACE, "objective": "roc_auc"} | tuning,
    )


@dataclass
class NoWorkers:
    """A `WorkerPool` that remembers what it was asked for."""

    asked: list[int] = field(default_factory=list)

    @contextmanager
    def start(self, count: int) -> Iterator[Callable[[], Sequence[str]]]:
        self.asked.append(count)
        yield lambda: ["process 1 ended with code -9; the others go on."]


@dataclass
class Searching:
    """A world in which searches are made."""

    world: World
    folder: Path
    storage: str = "journal:study.log"
    workers: NoWorkers = field(default_factory=NoWorkers)

    def tools(self, chosen: Settings, **train: Any) -> TuneTools:
        """Return the ports; those of a training can be replaced."""
        ports: TrainTools = replace(self.world.tools, **train)

        @contextmanager
        def scratch() -> Iterator[MemoryBundles]:
            # The fake prover reads from the world's own store.
            yield self.world.bundles

        return TuneTools(
            train=ports,
            scratch=scratch,
            index=self.world.run_log,
            studies=OptunaStudies(self.storage, self.folder, chosen.tuning.study),
            workers=self.workers,
        )

    def tune(self, chosen: Settings, **train: Any) -> TuneResult:
        """Search."""
        return tune(chosen, SOURCE, self.tools(chosen, **train))

    def runs(self, kind: str = "trial") -> list[MemoryRun]:
        """Return the runs of a kind."""
        return [r for r in self.world.run_log.runs if r.start.tags.get("scorewright.kind") == kind]


def table(rows: int = 240) -> pl.DataFrame:
    """Return a small table of loans."""
    from tests.fakes.training import loans

    return loans(rows)
