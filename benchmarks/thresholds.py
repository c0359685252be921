"""Threshold analysis on 307,511 rows: scikit-learn's ways and ours, on the same work."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import confusion_matrix, make_scorer
from sklearn.model_selection import TunedThresholdClassifierCV

from benchmarks.timing import Timing, measure, show
from scorewright.core.decision import (
    CostMatrix,
    Policy,
    bootstrap_threshold,
    cost_curve,
    threshold_table,
)
from scorewright.core.strategy import PolicyData, Question, analyse

ROWS = 307_511
COSTS = CostMatrix(10.0, 1.0)
DRAWS = 1000

Labels = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]


class _Scored(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier whose PDs are its only input: scikit-learn tunes the threshold alone."""

    def fit(self, x: Floats, y: Labels) -> _Scored:  # noqa: ARG002 - scikit-learn's interface
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, x: Floats) -> Floats:
        pd: Floats = np.column_stack([1.0 - x[:, 0], x[:, 0]])
        return pd

    def predict(self, x: Floats) -> npt.NDArray[np.int64]:
        return np.asarray(x[:, 0] >= 0.5, dtype=np.int64)


def run() -> None:
    """Print what one threshold costs to find: 99 points, the exact optimum, bootstrap, analysis."""
    y, pd = _portfolio()
    ours = measure(lambda: (threshold_table(y, pd, COSTS), cost_curve(y, pd, COSTS).best()), 3)
    loop = measure(lambda: _loop(y, pd))
    show("99 thresholds and the exact optimum", ("confusion_matrix loop", loop), ours)
    tuned = measure(lambda: _tuned(y, pd))
    show("a threshold of least cost", ("TunedThresholdClassifierCV", tuned), ours)
    best = ours.result[1]
    print(
        f"least cost: loop {loop.result:,.0f}, tuned {_cost(y, pd, tuned.result):,.0f} at "
        f"{tuned.result:.4f}, exact {best.cost:,.0f} at {best.threshold:.4f}"
    )
    _bootstrap(y, pd, loop)
    _whole(y, pd)


def _portfolio() -> tuple[Labels, Floats]:
    rng = np.random.default_rng(42)
    pd = rng.beta(1.2, 13.0, ROWS)
    return (rng.random(ROWS) < pd).astype(np.int8), pd


def _cost(y: Labels, pd: Floats, threshold: float) -> float:
    return float(cost_curve(y, pd, COSTS).at(threshold).cost)


def _loop(y: Labels, pd: Floats) -> float:
    costs = []
    for t in np.arange(1, 100) / 100:
        _, fp, fn, _ = confusion_matrix(y, pd >= t).ravel()
        costs.append(10.0 * fn + fp)
    return float(min(costs))


def _negative_cost(y: Labels, decided: npt.NDArray[np.int64]) -> float:
    _, fp, fn, _ = confusion_matrix(y, decided).ravel()
    return -float(10.0 * fn + fp)


def _tuned(y: Labels, pd: Floats) -> float:
    """Tune 99 thresholds on the same PDs; nothing is fitted or predicted twice."""
    model: Any = TunedThresholdClassifierCV(
        _Scored().fit(pd.reshape(-1, 1), y), scoring=make_scorer(_negative_cost),
        thresholds=np.arange(1, 100) / 100, cv="prefit", refit=False,
    )  # fmt: skip
    return float(model.fit(pd.reshape(-1, 1), y).best_threshold_)


def _bootstrap(y: Labels, pd: Floats, loop: Timing) -> None:
    """Print the bootstrap, and what the loop would take for as many draws."""
    boot = measure(lambda: bootstrap_threshold(y, pd, COSTS, DRAWS, np.random.default_rng(42)))
    print(
        f"{DRAWS:,} bootstrap draws of the exact optimum: {boot.cpu:.1f} CPU s, "
        f"{boot.wall:.1f} s, interval {boot.result.low:.4f} to {boot.result.high:.4f}; the loop "
        f"alone would take {DRAWS * loop.cpu:,.0f} CPU s"
    )


def _whole(y: Labels, pd: Floats) -> None:
    """Print what the whole analysis of a policy takes, with hardly any draws and with all."""
    present = Policy(
        "p", 1, "all", 0.1, COSTS, "", "", "", "", "out_of_fold", "manual", "", None,
        "2026-01-01T00:00:00Z", None, "", {},
    )  # fmt: skip
    data = PolicyData(y, pd)
    for draws in (2, DRAWS):
        asked = Question(COSTS, present=present, draws=draws)
        found = measure(partial(analyse, data, asked, np.random.default_rng(42)))
        print(
            f"the whole analysis with {draws:,} draws: {found.cpu:.2f} CPU s, {found.wall:.2f} s, "
            f"verdict {found.result.verdict.word}"
        )
