"""A project that was trained once, for every test of policies."""

from __future__ import annotations

import pytest
from tests.fakes.training import World, loans
from tests.flows.policy.environment import Office

from scorewright.adapters.mlflow_store import load_conventions


@pytest.fixture
def office() -> Office:
    """Train a small model."""
    world = World(loans(900, 5), load_conventions())
    office = Office(world)
    world.train(office.settings())
    return office
