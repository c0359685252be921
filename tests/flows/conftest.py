"""An environment to train in, without disk, clock or MLflow."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from tests.fakes.training import MakeWorld, World, loans

from scorewright.adapters.mlflow_store import load_conventions


@pytest.fixture
def world() -> MakeWorld:
    """Make an environment on a table."""
    conventions = load_conventions()

    def make(frame: pl.DataFrame | None = None, **given: Any) -> World:
        return World(loans() if frame is None else frame, conventions, **given)

    return make
