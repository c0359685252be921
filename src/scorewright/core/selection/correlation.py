"""Columns that say the same, and the one of them that says most."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scorewright.core.selection.choice import Choice
from scorewright.core.statistics import information_value, quantile_codes

__all__ = ["correlation_clusters", "risk_ranks"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

#: Digits of a correlation that count; the last ones depend on the number of threads.
DIGITS = 9


def risk_ranks(column: Floats, y: Labels, *, is_category: bool) -> Floats:
    """Return a column as centred ranks, 0 where it is missing.

    A category has no order but that of its bad rates, so its codes are ranked by those; half a
    bad is added at the base rate, so that a level of one row does not stand at the end.

    Args:
        column: Values or codes of shape (n,); NaN is missing.
        y: Labels of shape (n,).
        is_category: Whether it holds codes.
    """
    from scipy.stats import rankdata  # noqa: PLC0415 - the serving process never selects

    out = np.zeros(len(column))
    seen = ~np.isnan(column)
    if not seen.any():
        return out
    values = column[seen]
    if is_category:
        _, codes = np.unique(values, return_inverse=True)
        bads, rows = np.bincount(codes, weights=y[seen]), np.bincount(codes)
        values = ((bads + float(y.mean())) / (rows + 1.0))[codes]
    ranks = rankdata(values)
    out[seen] = ranks - ranks.mean()
    return out


def correlation_clusters(
    x: Floats, y: Labels, is_category: npt.NDArray[np.bool_], limit: float
) -> Choice:
    """Keep one column of those that rank applicants alike: the one of most information value.

    Columns are taken in the order of their information value; one whose absolute Spearman
    correlation with a kept one is above the limit joins the cluster of that one. So no two kept
    columns are above it, and each dropped one is, with a better one. Where both values are
    known, correlations are those of the columns' own ranks; equal to Spearman's without gaps.

    Args:
        x: Matrix of shape (n, p); NaN is missing, categories are codes.
        y: Labels of shape (n,).
        is_category: Which columns hold codes, shape (p,).
        limit: Absolute correlation up to which two columns are kept, in (0, 1).

    Returns:
        The kept columns; the scores are information values.
    """
    columns = x.shape[1]
    ranks = np.empty(x.shape)
    value = np.empty(columns)
    for j in range(columns):
        is_code = bool(is_category[j])
        ranks[:, j] = risk_ranks(x[:, j], y, is_category=is_code)
        codes = np.nan_to_num(x[:, j], nan=-1.0) if is_code else quantile_codes(x[:, j])
        value[j] = information_value(y, codes)
    correlation = _correlations(ranks, ~np.isnan(x))
    kept: list[int] = []
    for j in np.argsort(-value, kind="stable"):
        if all(correlation[j, k] <= limit for k in kept):
            kept.append(int(j))
    return Choice(tuple(sorted(kept)), tuple(map(float, value)), {"clusters": float(len(kept))})


def _correlations(ranks: Floats, seen: npt.NDArray[np.bool_]) -> Floats:
    """Return absolute correlations of centred ranks over the rows both columns have."""
    known = seen.astype(np.float64)
    squares = (ranks**2).T @ known
    scale = np.sqrt(squares * squares.T)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.abs(ranks.T @ ranks) / scale
    return np.round(np.where(scale > 0.0, found, 0.0), DIGITS).astype(np.float64)
