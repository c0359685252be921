"""Threshold analysis on 307,511 rows: scikit-learn's confusion matrix in a loop, and ours."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import confusion_matrix

from benchmarks.timing import measure, show
from scorewright.core.decision import CostMatrix, bootstrap_threshold, cost_curve

ROWS = 307_511
COSTS = CostMatrix(10.0, 1.0)


def run() -> None:
    """Print the costs of 99 thresholds, of the exact optimum, and of 1,000 bootstrap draws."""
    rng = np.random.default_rng(42)
    pd = rng.beta(1.2, 13.0, ROWS)
    y = (rng.random(ROWS) < pd).astype(np.int8)

    def peer() -> float:
        costs = []
        for t in np.arange(1, 100) / 100:
            _, fp, fn, _ = confusion_matrix(y, pd >= t).ravel()
            costs.append(10.0 * fn + fp)
        return float(min(costs))

    theirs = measure(peer)
    ours = measure(lambda: cost_curve(y, pd, COSTS).best(), repeat=3)
    show("99 thresholds against the exact optimum", ("scikit-learn loop", theirs), ours)
    print(f"lowest cost: loop {theirs.result:,.0f}, exact {ours.result.cost:,.0f}")
    boot = measure(lambda: bootstrap_threshold(y, pd, COSTS, 1000, np.random.default_rng(42)))
    print(
        f"1,000 bootstrap draws of the exact optimum: {boot.cpu:.1f} CPU s, "
        f"interval {boot.result.low:.4f} to {boot.result.high:.4f}"
    )
