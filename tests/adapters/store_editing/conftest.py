"""A fresh store, made by MLflow once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.adapters.store_editing.fresh import fresh_store
from tests.adapters.store_editing.small import Small, small_at


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that holds nothing but the experiment "Default"."""
    return fresh_store(tmp_path_factory.mktemp("fresh"))


@pytest.fixture
def small(tmp_path: Path, template: Path) -> Small:
    """A store of three runs."""
    return small_at(tmp_path, template)
