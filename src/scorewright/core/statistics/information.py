"""What one column alone knows of the outcome."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scorewright.core.statistics.discrimination import roc_auc
from scorewright.core.statistics.inputs import Floats, Labels, checked
from scorewright.core.statistics.stability import reference_bins

__all__ = ["information_value", "quantile_codes", "single_feature_auc"]

HALF = 0.5
FOLDS = 5


def quantile_codes(values: npt.ArrayLike, bins: int = 10) -> npt.NDArray[np.int64]:
    """Return the quantile bin of each value; missing values have a bin of their own."""
    array = np.asarray(values, dtype=np.float64)
    edges = reference_bins(array, bins)
    codes = np.searchsorted(edges[1:-1], np.nan_to_num(array), side="left").astype(np.int64)
    return np.where(np.isnan(array), len(edges), codes)


def information_value(y: npt.ArrayLike, codes: npt.ArrayLike) -> float:
    """Return sum (share of goods - share of bads) WoE over bins, less what chance alone gives.

    Half a case is added to each cell. Under independence the sum is about
    ``(bins - 1) (1/n1 + 1/n0)``, so that much is taken off and a column of many rare categories
    does not look informative.

    Args:
        y: Labels of shape (n,), 1 is bad.
        codes: Bin of each row, shape (n,).
    """
    labels, _ = checked(y, np.zeros(len(np.asarray(y))))
    _, bins = np.unique(np.asarray(codes), return_inverse=True)
    size = int(bins.max()) + 1
    bads = np.bincount(bins, weights=labels, minlength=size) + HALF
    goods = np.bincount(bins, weights=1.0 - labels, minlength=size) + HALF
    bad_share, good_share = bads / bads.sum(), goods / goods.sum()
    raw = float(np.sum((good_share - bad_share) * np.log(good_share / bad_share)))
    n1, n0 = float(labels.sum()), float((labels == 0).sum())
    return max(0.0, raw - (size - 1) * (1.0 / n1 + 1.0 / n0))


def single_feature_auc(y: npt.ArrayLike, values: npt.ArrayLike) -> float:
    """Return the AUC of one column alone, in the better direction.

    Numbers rank by value; missing values are placed below or above all, whichever ranks better.
    Text ranks by the bad rate of its category in four other fifths of the rows, so that a
    category seen once knows nothing of its own row.

    Args:
        y: Labels of shape (n,), 1 is bad.
        values: Numbers (NaN is missing) or text of shape (n,).

    Returns:
        A value in [0.5, 1].
    """
    array = np.asarray(values)
    labels, _ = checked(y, np.zeros(len(array)))
    if array.dtype.kind in "OUS":
        return max(HALF, roc_auc(labels, _cross_fitted_rates(labels, array)))
    numbers = array.astype(np.float64)
    if np.isnan(numbers).all():
        return HALF
    low, high = float(np.nanmin(numbers)) - 1.0, float(np.nanmax(numbers)) + 1.0
    candidates = [np.where(np.isnan(numbers), fill, numbers) for fill in (low, high)]
    aucs = [roc_auc(labels, candidate) for candidate in candidates]
    return max(max(a, 1.0 - a) for a in aucs)


def _cross_fitted_rates(labels: Labels, text: npt.NDArray[np.object_]) -> Floats:
    """Return each row's category bad rate, learned on the other folds and smoothed."""
    _, codes = np.unique(text.astype(str), return_inverse=True)
    # Folds are dealt out within each class: labels that come in a rhythm would fill one fold.
    fold = np.empty(len(labels), dtype=np.int64)
    for label in (0, 1):
        fold[labels == label] = np.arange(int(np.sum(labels == label))) % FOLDS
    rates = np.empty(len(labels))
    for k in range(FOLDS):
        seen = fold != k
        base = float(labels[seen].mean())
        size = int(codes.max()) + 1
        bads = np.bincount(codes[seen], weights=labels[seen], minlength=size)
        count = np.bincount(codes[seen], minlength=size)
        rates[~seen] = ((bads + base) / (count + 1.0))[codes[~seen]]
    return rates
