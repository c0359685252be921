"""Everything the training flow asks of the world, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from tests.fakes.bundles import GoldenProver, MemoryBundles
from tests.fakes.machine import CountingClock, NoCharts, OneCommit
from tests.fakes.run_log import MemoryRun, MemoryRunLog
from tests.fakes.tables import MemoryContracts, MemoryReader

from scorewright.adapters.learners import Learners
from scorewright.adapters.samplers import Samplers
from scorewright.core.conventions import Conventions
from scorewright.core.decision import Policy
from scorewright.core.matrix import to_matrix
from scorewright.core.project import Settings
from scorewright.core.scoring import Scorer
from scorewright.flows.events import Event
from scorewright.flows.ports import LearnerCatalogue, TableFile, TableSource
from scorewright.flows.train import TrainResult, TrainTools, train

#: A small boosting model: enough to learn something, quick to fit.
SMALL_TREES = {"n_estimators": 25, "num_leaves": 7, "min_child_samples": 20}


def settings(**sections: dict[str, Any]) -> Settings:
    """Return quick settings for a table ``loans`` with key and target."""
    data = {"table": "loans", "target": "bad", "bad_value": 1, "key": "id"}
    return Settings.model_validate(
        {
            "project": {"name": "demo", "owner": "risk"} | sections.pop("project", {}),
            "tables": {"loans": {"files": "loans.parquet"}},
            "data": data | sections.pop("data", {}),
            "learner": {"name": "lgbm", "params": SMALL_TREES} | sections.pop("learner", {}),
            "validation": {"bootstrap": 20} | sections.pop("validation", {}),
            **sections,
        }
    )


def loans(rows: int = 500, seed: int = 5) -> pl.DataFrame:
    """Return applications with two informative columns, about a quarter of them bad."""
    rng = np.random.default_rng(seed)
    income, debt = rng.normal(size=rows), rng.normal(size=rows)
    job = rng.choice(["fixed", "freelance", "none"], rows)
    risk = -1.4 + 0.6 * debt - 0.5 * income + 0.5 * (job == "none")
    bad = rng.random(rows) < 1 / (1 + np.exp(-risk))
    return pl.DataFrame(
        {
            "id": [f"A{i:05d}" for i in range(rows)],
            "income": income,
            "debt": debt,
            "job": job,
            "bad": bad.astype(np.int64),
        }
    )


@dataclass
class World:
    """One training environment; ``journal`` tells in which order things were done."""

    frame: pl.DataFrame
    conventions: Conventions
    learners: LearnerCatalogue = field(default_factory=Learners)
    journal: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.run_log = MemoryRunLog(self.journal)
        self.bundles = MemoryBundles(self.journal)
        self.tools = TrainTools(
            reader=MemoryReader({"loans": self.frame}),
            contracts=MemoryContracts(),
            learners=self.learners,
            samplers=Samplers(),
            run_log=self.run_log,
            bundles=self.bundles,
            prover=GoldenProver(self.bundles, self.learners),
            charts=NoCharts(),
            code=OneCommit(),
            clock=CountingClock(),
            conventions=self.conventions,
            library_versions={"numpy": np.__version__},
            notify=self.events.append,
        )

    def train(self, chosen: Settings, **tools: Any) -> TrainResult:
        """Train, with other ports where they are given."""
        table = TableFile("loans", ("/project/loans.parquet",))
        source = TableSource(table, Path("/project/contracts/loans.toml"))
        return train(chosen, source, replace(self.tools, **tools))

    @property
    def run(self) -> MemoryRun:
        """The only run."""
        (run,) = self.run_log.runs
        return run

    @property
    def policies(self) -> Sequence[Policy]:
        """Every policy that was published."""
        return [Policy.from_bytes(data) for data in self.bundles.policy_files.values()]

    def scores(self) -> npt.NDArray[np.float64]:
        """Score the table with the deployed bundle's bytes, as a service would; shape (n,)."""
        bundle = self.bundles.read(self.bundles.directory("current"))
        model = self.learners.get(bundle.learner).load(bundle.model_files, bundle.space)
        scorer = Scorer.of(bundle, model)
        return scorer.score_matrix(to_matrix(self.frame, bundle.space))


MakeWorld = Callable[..., World]
