"""Portfolios that many tests look at, generated once."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest

from scorewright.core.portfolio import PortfolioSpec, generate_chunk

Tables = Mapping[str, pl.DataFrame]


@pytest.fixture(scope="session")
def tables() -> Tables:
    """All tables of 10,000 applications."""
    return generate_chunk(PortfolioSpec(10_000, seed=11), 0)


@pytest.fixture(scope="session")
def labels(tables: Tables) -> pl.DataFrame:
    """Key and label."""
    return tables["application"].select("SK_ID_CURR", "TARGET")
