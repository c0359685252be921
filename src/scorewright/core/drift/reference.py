"""Reference statistics: frozen bins and shares, kept in the bundle for later comparison."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.matrix import FeatureSpace
from scorewright.core.statistics import bin_shares, reference_bins

__all__ = ["reference_statistics"]

Floats = npt.NDArray[np.float64]


def reference_statistics(
    x: Floats, space: FeatureSpace, pd: Floats, base_rate: float
) -> dict[str, Any]:
    """Describe the rows a model was made on, for population and characteristic stability.

    Args:
        x: Matrix of shape (n, p) in the order of ``space``.
        space: The features.
        pd: Calibrated out-of-fold PDs, shape (m,).
        base_rate: Share of bads.

    Returns:
        JSON-ready: per feature either decile edges with shares (missing is the last share) and
        the lowest and highest value (absent where all are missing), or
        shares per category (missing is the last share), and the same for the PD.
    """
    features: dict[str, Any] = {}
    for i, feature in enumerate(space.features):
        column = x[:, i]
        if feature.is_categorical:
            codes = np.where(np.isnan(column), len(feature.categories), column).astype(np.int64)
            counts = np.bincount(codes, minlength=len(feature.categories) + 1)
            features[feature.name] = {
                "kind": "category",
                "categories": list(feature.categories),
                "shares": [float(c) / len(column) for c in counts],
            }
        else:
            features[feature.name] = {"kind": "number", **_binned(column)}
    return {
        "schema_version": 1,
        "rows": len(x),
        "base_rate": base_rate,
        "features": features,
        "pd": {"kind": "number", **_binned(pd)},
    }


def _binned(values: Floats) -> dict[str, Any]:
    """Return inner edges (the outer ones are infinite) and shares per bin, missing last."""
    edges = reference_bins(values)
    there = values[np.isfinite(values)]
    limits = {"range": [float(there.min()), float(there.max())]} if there.size else {}
    return {
        **limits,
        "inner_edges": [float(e) for e in edges if np.isfinite(e)],
        "shares": [float(s) for s in bin_shares(values, edges)],
    }
