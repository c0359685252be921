"""A small portfolio, and what is needed to make it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scorewright.adapters.machine import SystemClock
from scorewright.adapters.portfolio import ParquetPortfolioStore, ProcessRunner
from scorewright.core.portfolio import PortfolioSpec
from scorewright.flows.events import ignore
from scorewright.flows.generate import GenerateResult, generate

Make = Callable[..., GenerateResult]


@pytest.fixture
def spec() -> PortfolioSpec:
    return PortfolioSpec(450, seed=8, chunk_size=100)


@pytest.fixture
def make(spec: PortfolioSpec) -> Make:
    """Generate the small portfolio in a folder."""

    def call(folder: Path, processes: int = 1, of: PortfolioSpec | None = None) -> GenerateResult:
        store, runner = ParquetPortfolioStore(folder), ProcessRunner(processes)
        return generate(of or spec, store, runner, SystemClock(), ignore)

    return call
