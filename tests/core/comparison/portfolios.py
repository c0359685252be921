"""Rows and scores to compare, made here."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scorewright.core.comparison import Cell, Rows

Floats = npt.NDArray[np.float64]


def rows_of(seed: int, n: int = 300, folds: int = 5) -> tuple[Rows, Floats]:
    """Return labels, folds that all hold both classes, and the risk behind the labels."""
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(1.2 - risk))).astype(np.int8)
    fold = np.arange(n) % folds
    y[: 2 * folds] = 0
    y[2 * folds : 4 * folds] = 1
    return Rows(y, fold), risk


def scores_of(seed: int, risk: Floats, noises: tuple[float, ...]) -> Floats:
    """Return one score per noise, shape (m, n); they share part of it, and have a few ties."""
    rng = np.random.default_rng(seed + 1)
    shared = rng.normal(size=len(risk))
    scores = [risk + noise * (shared + rng.normal(size=len(risk))) for noise in noises]
    rounded: Floats = np.stack(scores).round(2)
    return rounded


def cell(name: str, score: Floats, **changes: object) -> Cell:
    """Return a calibrated-looking cell of a score."""
    pd = 1 / (1 + np.exp(1.2 - score))
    known: dict[str, object] = {"threshold": 0.3, "cox_slope": 1.0, "features": 10}
    return Cell(name=name, score=score, pd=pd, **(known | changes))  # type: ignore[arg-type]
