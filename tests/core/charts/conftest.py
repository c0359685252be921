"""A simulated portfolio, and every chart drawn from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from scorewright.core.charts import (
    LiftBar,
    Spec,
    approval_chart,
    calibration_chart,
    confusion_chart,
    cost_curve_chart,
    fold_chart,
    importance_chart,
    lift_chart,
    pr_chart,
    roc_chart,
    score_distribution_chart,
    threshold_explorer,
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Applications:
    """Outcomes and PDs, and the consequences of declining at every distinct PD."""

    y: npt.NDArray[np.int8]
    pd: Floats

    @property
    def threshold(self) -> Floats:
        """Distinct PDs and one that nobody reaches."""
        return np.append(np.unique(self.pd), np.nextafter(self.pd.max(), 1.0))

    def approved(self, t: float) -> npt.NDArray[np.bool_]:
        """Who is approved at a threshold."""
        return self.pd < t

    @property
    def fn(self) -> Floats:
        """Bads approved at each threshold, counted one by one."""
        return np.array([float(self.y[self.approved(t)].sum()) for t in self.threshold])

    @property
    def fp(self) -> Floats:
        """Goods declined at each threshold, counted one by one."""
        return np.array([float((self.y[~self.approved(t)] == 0).sum()) for t in self.threshold])

    @property
    def rate(self) -> Floats:
        """Share approved at each threshold."""
        return np.array([float(self.approved(t).mean()) for t in self.threshold])

    @property
    def cost(self) -> Floats:
        """Cost at 10 for a bad approved and 1 for a good declined."""
        total: Floats = 10 * self.fn + self.fp
        return total

    @property
    def defaults(self) -> Floats:
        """Share of bads among the approved, 0 where there are none."""
        approved = np.array([float(self.approved(t).sum()) for t in self.threshold])
        share: Floats = self.fn / np.maximum(approved, 1)
        return share


def draw(rows: int, seed: int) -> Applications:
    """Draw outcomes from PDs that are nearly right; some PDs are tied."""
    rng = np.random.default_rng(seed)
    risk = rng.beta(1.2, 9.0, rows)
    noisy = np.asarray(risk * rng.lognormal(0, 0.4, rows), dtype=np.float64)
    pd: Floats = np.clip(noisy, 0.001, 0.95).round(4)
    return Applications((rng.random(rows) < risk).astype(np.int8), pd)


@pytest.fixture(scope="session")
def applications() -> Applications:
    return draw(1500, 11)


@pytest.fixture(scope="session")
def drawings(applications: Applications) -> Mapping[str, Callable[[], Spec]]:
    a = applications
    t, cost, rate, defaults, fn, fp = a.threshold, a.cost, a.rate, a.defaults, a.fn, a.fp
    best = float(t[np.argmin(cost)])
    raw = a.pd * 9 / (a.pd * 9 + 1 - a.pd)
    return {
        "roc": lambda: roc_chart(a.y, a.pd, auc=0.711, low=0.682, high=0.74, train=(a.y, raw)),
        "pr": lambda: pr_chart(a.y, a.pd, average_precision=0.3),
        "calibration": lambda: calibration_chart(a.y, a.pd, raw=raw),
        "distribution": lambda: score_distribution_chart(a.y, a.pd, threshold=best),
        "cost": lambda: cost_curve_chart(
            t, cost, best=best, bayes=1 / 11, interval=(0.06, 0.12), band=(0.07, 0.1)
        ),
        "approval": lambda: approval_chart(rate, defaults, chosen=(0.6, 0.04)),
        "confusion": lambda: confusion_chart(120, 800, 2900, 180),
        "importance": lambda: importance_chart({f"f{k}": 1 / (k + 1) for k in range(45)}),
        "folds": lambda: fold_chart({"roc_auc": [0.71, 0.7, 0.73], "brier": [0.1, 0.11, 0.12]}),
        "lift": lambda: lift_chart(
            [
                LiftBar("application alone", 0.725, 0.71, 0.739, ""),
                LiftBar("payments", 0.744, 0.73, 0.758, "+0.020"),
                LiftBar("all tables", 0.767, 0.754, 0.78, "+0.042"),
            ],
            "What the histories add",
            "15,779 applications",
        ),
        "explorer": lambda: threshold_explorer(t, cost, rate, defaults, fn, fp, best),
    }
