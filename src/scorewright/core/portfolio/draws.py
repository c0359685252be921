"""Small tools for drawing whole columns at once: streams, categories, ragged rows, frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import expit, ndtri

__all__ = [
    "Array",
    "Bools",
    "Codes",
    "Columns",
    "Floats",
    "Ints",
    "cents",
    "chance",
    "frame",
    "graded",
    "normal",
    "pick",
    "ragged",
    "sometimes",
    "stream",
    "text",
    "uniform",
    "whole",
]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]
Columns = Mapping[str, "Array | pl.Series"]

_CENTS: Final = 100.0


def stream(seed: int, index: int, purpose: int) -> np.random.Generator:
    """Return the random stream of one purpose in one part; streams do not overlap."""
    sequence = np.random.SeedSequence([seed, index], spawn_key=(purpose,))
    return np.random.Generator(np.random.SFC64(sequence))


def normal(rng: np.random.Generator, size: int) -> Floats:
    """Draw standard normal values of shape (size,); 32 bits of randomness are enough."""
    return rng.standard_normal(size, dtype=np.float32).astype(np.float64)


def uniform(rng: np.random.Generator, size: int) -> Floats:
    """Draw values in [0, 1) of shape (size,)."""
    return rng.random(size, dtype=np.float32).astype(np.float64)


def chance(rng: np.random.Generator, log_odds: Floats | float, size: int) -> Bools:
    """Draw True with probability ``expit(log_odds)``, shape (size,)."""
    return np.asarray(uniform(rng, size) < expit(log_odds))


def sometimes(rng: np.random.Generator, share: float, size: int) -> Bools:
    """Draw True with probability ``share``, shape (size,)."""
    return np.asarray(rng.random(size, dtype=np.float32) < share)


def pick(rng: np.random.Generator, shares: Sequence[float], size: int) -> Codes:
    """Draw category codes of shape (size,) with these shares (scaled to one)."""
    cuts = np.cumsum(shares) / np.sum(shares)
    draws = rng.random(size, dtype=np.float32)
    codes: Codes = np.searchsorted(cuts[:-1].astype(np.float32), draws, side="right").astype(
        np.uint8
    )
    return codes


def graded(
    rng: np.random.Generator, shares: Sequence[float], risk: Floats, loading: float
) -> Codes:
    """Draw codes of categories that are ordered from safe to risky.

    A Gaussian copula: the marginal shares stay as they are for a standard normal ``risk``, and
    ``loading`` is the correlation of the category's rank with it.

    Args:
        rng: Random stream.
        shares: Share of each category, in the order of rising risk.
        risk: Standard normal values of shape (n,).
        loading: Correlation in (-1, 1).

    Returns:
        Codes of shape (n,).
    """
    cuts = ndtri(np.cumsum(shares) / np.sum(shares))
    rank = loading * risk + np.sqrt(1.0 - loading**2) * normal(rng, risk.size)
    codes: Codes = np.searchsorted(cuts[:-1], rank, side="right").astype(np.uint8)
    return codes


def ragged(counts: Array) -> tuple[Ints, Ints]:
    """Lay out child rows: for each row the parent's position and the number within it.

    Args:
        counts: Rows per parent, shape (n,).

    Returns:
        Parent position and row number from 0, both of shape (sum of counts,).
    """
    parents = np.repeat(np.arange(counts.size), counts)
    starts = np.cumsum(counts) - counts
    return parents, np.arange(parents.size) - np.repeat(starts, counts)


def cents(amounts: Floats) -> Floats:
    """Round amounts to cents; NaN stays NaN."""
    return np.rint(amounts * _CENTS) / _CENTS + 0.0  # no negative zeros


def whole(values: Array, missing: Bools) -> pl.Series:
    """Return integers with nulls where ``missing``."""
    known = pl.Series(values.astype(np.int32))
    nothing = pl.Series([None], dtype=pl.Int32)
    return known.zip_with(pl.Series(~missing), nothing)


def text(codes: Array, names: Sequence[str | None]) -> pl.Series:
    """Return the names of codes; a name of None is a null."""
    return pl.Series(names, dtype=pl.String).gather(codes)


def frame(columns: Columns, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Build a table in the order and with the types of its schema; NaN becomes null."""
    return pl.DataFrame([_series(name, columns[name], schema[name]) for name in schema])


def _series(name: str, values: Array | pl.Series, dtype: pl.DataType) -> pl.Series:
    if isinstance(values, pl.Series):
        return values.alias(name).cast(dtype)
    return pl.Series(name, values, nan_to_null=values.dtype.kind == "f").cast(dtype)
