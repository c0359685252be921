"""The 47 columns on the applicant's home: normalised measures, half of them missing."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from scipy.special import expit

from scorewright.core.portfolio.draws import (
    Array,
    Columns,
    Floats,
    chance,
    normal,
    pick,
    sometimes,
    text,
    uniform,
)

__all__ = ["BUILDING_MEASURES", "BUILDING_VIEWS", "building"]

BUILDING_VIEWS: Final = ("AVG", "MODE", "MEDI")
# Name -> (mean of the logit, its spread, loading on the home's quality, share missing of those
# whose home is known at all); the real columns lie in [0, 1] and follow one another.
BUILDING_MEASURES: Final[dict[str, tuple[float, float, float, float]]] = {
    "APARTMENTS": (-2.3, 0.8, 0.6, 0.03),
    "BASEMENTAREA": (-2.6, 0.9, 0.4, 0.19),
    "YEARS_BEGINEXPLUATATION": (4.2, 0.9, 0.2, 0.0),
    "YEARS_BUILD": (1.15, 0.6, 0.5, 0.35),
    "COMMONAREA": (-3.6, 1.1, 0.5, 0.41),
    "ELEVATORS": (-3.0, 1.3, 0.7, 0.08),
    "ENTRANCES": (-1.9, 0.6, 0.1, 0.02),
    "FLOORSMAX": (-1.4, 0.7, 0.7, 0.0),
    "FLOORSMIN": (-1.4, 0.8, 0.7, 0.37),
    "LANDAREA": (-2.9, 1.0, 0.2, 0.21),
    "LIVINGAPARTMENTS": (-2.4, 0.8, 0.6, 0.38),
    "LIVINGAREA": (-2.4, 0.9, 0.6, 0.02),
    "NONLIVINGAPARTMENTS": (-5.0, 1.5, 0.1, 0.39),
    "NONLIVINGAREA": (-4.0, 1.6, 0.1, 0.12),
}
_FUNDS: Final = (
    "reg oper account",
    "reg oper spec account",
    "not specified",
    "org spec account",
    None,
)
_FUND_SHARES: Final = (0.47, 0.077, 0.036, 0.036, 0.381)
_HOUSES: Final = ("block of flats", "specific housing", "terraced house")
_WALLS: Final = ("Panel", "Stone, brick", "Block", "Wooden", "Mixed", "Monolithic", "Others")
_WALL_SHARES: Final = (0.44, 0.432, 0.062, 0.036, 0.015, 0.012, 0.011)


def building(rng: np.random.Generator, risk: Floats) -> Columns:
    """Draw the columns on the home.

    Args:
        rng: Random stream.
        risk: General part of the applicant's risk, shape (n,); a poorer home is reported less.

    Returns:
        47 columns of shape (n,); NaN and null are missing.
    """
    size = risk.size
    quality = -0.25 * risk + 0.97 * normal(rng, size)
    known = chance(rng, 0.08 - 0.12 * risk, size)
    columns: dict[str, Array | pl.Series] = {}
    for name, (centre, spread, loading, lost) in BUILDING_MEASURES.items():
        logit = centre + spread * (loading * quality + (1 - loading) * normal(rng, size))
        seen = known & (uniform(rng, size) >= lost)
        value = np.where(seen, expit(logit), np.nan)
        columns[f"{name}_AVG"] = np.round(value, 4)
        columns[f"{name}_MODE"] = np.round(np.minimum(value * 1.01, 1.0), 4)
        columns[f"{name}_MEDI"] = np.round(value, 3)
    total = expit(-2.5 + 0.6 * quality + 0.3 * normal(rng, size))
    nothing = len(_WALLS)
    walls = np.where(known, pick(rng, _WALL_SHARES, size), nothing)
    house = np.where(known, pick(rng, (0.982, 0.0098, 0.008), size), len(_HOUSES))
    emergency = np.where(known, sometimes(rng, 0.0144, size), 2).astype(np.int64)
    return {
        **columns,
        "FONDKAPREMONT_MODE": text(np.where(known, pick(rng, _FUND_SHARES, size), 4), _FUNDS),
        "HOUSETYPE_MODE": text(house, (*_HOUSES, None)),
        "TOTALAREA_MODE": np.where(known, np.round(total, 4), np.nan),
        "WALLSMATERIAL_MODE": text(walls, (*_WALLS, None)),
        "EMERGENCYSTATE_MODE": text(emergency, ("No", "Yes", None)),
    }
