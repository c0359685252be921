"""A matrix of experiments beside a plain ``cross_validate`` loop, at equal work and at equal AUC.

The peer is what most notebooks hold: ``LGBMClassifier`` with a fixed number of trees in
``cross_validate``, once per cell. Ours fits the same cells on benches: bins once per set of
columns, folds as subsets of them, and, in the second way, the number of trees chosen on the mean
of the folds' curves. All of them get one thread and the same folds.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_validate

from benchmarks.timing import Timing, measure, show
from scorewright.adapters.learners import Learners
from scorewright.core.matrix import Feature, FeatureSpace
from scorewright.core.sampling import Sample
from scorewright.flows.fitting import open_bench
from scorewright.flows.ports import FitTask, FoldTask

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

PEER: dict[str, Any] = {"n_estimators": 600, "learning_rate": 0.05, "num_leaves": 31}
#: The peer's model in our words: LightGBM's own defaults instead of ours.
SAME: dict[str, Any] = {
    **PEER, "min_child_samples": 20, "subsample": 1.0, "subsample_freq": 0,
    "colsample_bytree": 1.0, "reg_lambda": 0.0,
}  # fmt: skip
#: The peer's model, which may stop once the folds' mean curve no longer rises.
STOPPED: dict[str, Any] = {**SAME, "early_stopping_round": 50}
#: What a project would run: the learner's defaults at the peer's pace.
OURS: dict[str, Any] = {
    "n_estimators": 600,
    "learning_rate": 0.05,
    "num_leaves": 31,
    "early_stopping_round": 50,
}
#: Share of the columns each feature strategy has.
STRATEGIES = {"baseline": 0.4, "domain": 0.6, "polynomial": 0.8, "combined": 1.0}
SAMPLINGS = ("none", "balanced")


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A table like an application table: few strong columns, many weak ones, gaps."""

    x: Floats
    y: Labels
    folds: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]


def portfolio(rows: int, columns: int = 190, seed: int = 7) -> Portfolio:
    """Return rows with a base rate near 8 %, twelve strong columns and many weak ones."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns))
    x[:, ::3] = np.round(np.exp(x[:, ::3]), 1)
    x[:, 1::7] = np.round(x[:, 1::7])
    strength = np.concatenate([np.full(12, 0.45), np.full(columns - 12, 0.05)])
    signal = np.tanh(x) @ rng.permutation(strength * rng.choice([-1.0, 1.0], columns))
    signal += 0.25 * (x[:, 0] > 1.0) * (x[:, 1] < 0.0)
    risk = 1.0 / (1.0 + np.exp(3.1 - 1.6 * (signal - signal.mean())))
    y = (rng.random(rows) < risk).astype(np.int8)
    x[rng.random(x.shape) < 0.15] = np.nan
    split = StratifiedKFold(5, shuffle=True, random_state=42)
    return Portfolio(x, y, list(split.split(x, y)))


def run(options: Sequence[str] = ()) -> None:
    """Print CPU seconds and mean AUC of both, one cell and the whole matrix."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks matrix")
    parser.add_argument("--rows", type=int, default=6_000)
    parser.add_argument("--columns", type=int, default=60)
    parser.add_argument("--one", action="store_true", help="only the single cell")
    given = parser.parse_args(list(options))
    data = portfolio(given.rows, given.columns)
    print(f"{given.rows} rows x {data.x.shape[1]} columns, base rate {data.y.mean():.3f}, 5 folds")
    one = [(1.0, "none")]
    ways = {"same trees": SAME, "same trees, stopping early": STOPPED, "our defaults": OURS}
    _compare("one cell", data, one, ways)
    if not given.one:
        cells = [(share, sampling) for share in STRATEGIES.values() for sampling in SAMPLINGS]
        _compare("matrix of 4 strategies x 2 samplings", data, cells, ways)


def _compare(
    label: str, data: Portfolio, cells: list[tuple[float, str]], ways: dict[str, dict[str, Any]]
) -> None:
    theirs = measure(lambda: [_plain(data, *cell) for cell in cells])
    for way, params in ways.items():
        ours = measure(partial(_shared, data, cells, params))
        show(f"{label}, bins once, {way}", ("cross_validate", theirs), ours)
        print(f"  AUC {_mean(theirs):.4f} (cross_validate), {_mean(ours):.4f} (scorewright)")


def _mean(timing: Timing) -> float:
    return float(np.mean(timing.result))


def _plain(data: Portfolio, share: float, sampling: str) -> float:
    """Cross-validate one cell as a notebook does; return its mean AUC."""
    weight = None if sampling == "none" else "balanced"
    model = lgb.LGBMClassifier(**PEER, class_weight=weight, random_state=42, n_jobs=1, verbose=-1)
    found = cross_validate(
        model,
        _columns(data.x, share),
        data.y,
        cv=data.folds,
        scoring="roc_auc",
        return_train_score=True,
    )
    return float(found["test_score"].mean())


def _shared(data: Portfolio, cells: list[tuple[float, str]], params: dict[str, Any]) -> list[float]:
    """Fit the cells on one bench per set of columns; return their mean AUCs."""
    learner = Learners().get("lgbm")
    complete = learner.parameters(params, 42)
    aucs = []
    for share in dict.fromkeys(share for share, _ in cells):
        x = _columns(data.x, share)
        space = FeatureSpace(tuple(Feature(f"x{i}") for i in range(x.shape[1])))
        bench = open_bench(learner, FitTask(x, data.y, space, complete, threads=1))
        for sampling in (sampling for own, sampling in cells if own == share):
            folds = [_fold(data.y, sampling, *rows) for rows in data.folds]
            fits = bench.fit_folds(folds, complete)
            scored = zip(folds, fits, strict=True)
            aucs.append(float(np.mean([_auc(data.y, fold, fit) for fold, fit in scored])))
    return aucs


def _auc(y: Labels, fold: FoldTask, fit: Any) -> float:
    """Return the AUC of the validation rows; the twin's is computed too, as the peer does."""
    roc_auc_score(y[fold.train], fit.train_score)
    return float(roc_auc_score(y[fold.valid], fit.valid_score))


def _fold(
    y: Labels, sampling: str, train: npt.NDArray[np.int64], valid: npt.NDArray[np.int64]
) -> FoldTask:
    """Weigh the bads as much as the goods, or leave the rows as they are."""
    if sampling == "none":
        return FoldTask(Sample(train), train, valid)
    omega = float(np.sum(y[train] == 0) / np.sum(y[train] == 1))
    weight = np.where(y[train] == 1, omega, 1.0)
    return FoldTask(Sample(train, weight, omega=omega), train, valid)


def _columns(x: Floats, share: float) -> Floats:
    return np.ascontiguousarray(x[:, : round(share * x.shape[1])])
