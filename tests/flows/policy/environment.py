"""A trained environment in memory, and what fitting a policy asks of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from tests.fakes.bundles import GoldenProver
from tests.fakes.tables import MemoryReader
from tests.fakes.training import World, settings

from scorewright.core.project import Settings
from scorewright.flows.policy import FitWish, PolicyFit, PolicyTools, fit_policy
from scorewright.flows.ports import TableFile, TableSource

SAMPLE = TableFile("sample", ("/elsewhere/sample.parquet",))


@dataclass
class Office:
    """A project that was trained once."""

    world: World

    def settings(self, **policy: Any) -> Settings:
        """Return the project's settings with these in [policy]."""
        return settings(policy=policy, learner={"name": "logistic", "params": {}})

    def fit(
        self, wish: FitWish | None = None, sample: pl.DataFrame | None = None, **policy: Any
    ) -> PolicyFit:
        """Fit a policy."""
        return fit_policy(self.settings(**policy), wish or FitWish(), self.tools(sample))

    def tools(self, sample: pl.DataFrame | None = None) -> PolicyTools:
        """Return the ports, with a sample where one is given."""
        world = self.world
        frames = {"loans": world.frame} | ({} if sample is None else {"sample": sample})
        return PolicyTools(
            bundles=world.bundles,
            prover=GoldenProver(world.bundles, world.learners),
            learners=world.learners,
            runs=world.run_log,
            reader=MemoryReader(frames),
            contracts=world.tools.contracts,
            clock=world.tools.clock,
            notify=world.events.append,
            table=TableSource(
                TableFile("loans", ("/project/loans.parquet",)),
                Path("/project/contracts/loans.toml"),
            ),
        )
