"""A report like the one training writes, on a simulated portfolio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from scorewright.adapters.charts import VegaRenderer
from scorewright.adapters.reports import HtmlReports
from scorewright.core.charts import (
    Spec,
    approval_chart,
    calibration_chart,
    confusion_chart,
    cost_curve_chart,
    fold_chart,
    importance_chart,
    pr_chart,
    roc_chart,
    score_distribution_chart,
    threshold_explorer,
)
from scorewright.core.report import Figure, ReportContent, Section, Table

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Simulated applications: what happened, the PD, and the score before calibration."""

    y: npt.NDArray[np.int8]
    pd: Floats
    raw: Floats


@dataclass(frozen=True, slots=True)
class Curve:
    """What declining at each threshold leads to, at costs of 10 and 1."""

    threshold: Floats
    cost: Floats
    approved: Floats
    defaults: Floats
    fn: Floats
    fp: Floats

    @property
    def best(self) -> int:
        """Position of the least cost."""
        return int(np.argmin(self.cost))


def simulate(rows: int = 4000, seed: int = 7) -> Portfolio:
    """Draw Beta-shaped default risks, outcomes from them, and noisy estimates of them."""
    rng = np.random.default_rng(seed)
    risk = rng.beta(1.1, 11.0, rows)
    y = (rng.random(rows) < risk).astype(np.int8)
    logit = np.log(risk / (1 - risk)) + rng.normal(0, 0.5, rows)
    pd = 1 / (1 + np.exp(-(0.75 * logit - 0.72)))
    return Portfolio(y, pd, pd * 11 / (pd * 11 + 1 - pd))


def declining(p: Portfolio) -> Curve:
    """Count at every distinct PD, by comparing with all rows."""
    t = np.unique(p.pd)
    order = np.argsort(p.pd)
    bads = np.append(0, np.cumsum(p.y[order]))
    at = np.searchsorted(p.pd[order], t)
    fn = bads[at].astype(np.float64)
    fp = float((p.y == 0).sum()) - (at - fn)
    with np.errstate(invalid="ignore"):
        defaults = fn / at
    return Curve(t, 10 * fn + fp, at / len(p.y), defaults, fn, fp)


def charts(p: Portfolio, c: Curve) -> dict[str, Spec]:
    """Draw everything the chart layer has."""
    best = float(c.threshold[c.best])
    near = c.threshold[c.cost <= 1.01 * c.cost.min()]
    chosen = (float(c.approved[c.best]), float(c.defaults[c.best]))
    bads, goods = int(p.y.sum()), int((p.y == 0).sum())
    fn, fp = int(c.fn[c.best]), int(c.fp[c.best])
    importance = {f"feature_{k:02d}{'_of_history' * (k % 3)}": 1 / (k + 1) for k in range(38)}
    return {
        "threshold": threshold_explorer(
            c.threshold, c.cost, c.approved, c.defaults, c.fn, c.fp, best
        ),
        "cost": cost_curve_chart(
            c.threshold,
            c.cost,
            best=best,
            bayes=1 / 11,
            interval=(0.8 * best, 1.4 * best),
            band=(float(near.min()), float(near.max())),
        ),
        "approval": approval_chart(c.approved, c.defaults, chosen=chosen),
        "calibration": calibration_chart(p.y, p.pd, raw=p.raw),
        "distribution": score_distribution_chart(p.y, p.pd, threshold=best),
        "roc": roc_chart(p.y, p.pd, auc=0.711, low=0.682, high=0.740),
        "pr": pr_chart(p.y, p.pd, average_precision=0.213),
        "confusion": confusion_chart(bads - fn, fp, goods - fp, fn),
        "folds": fold_chart(
            {
                "roc_auc": [0.711, 0.698, 0.731, 0.689, 0.722],
                "ks": [0.31, 0.33, 0.29, 0.34, 0.301],
                "brier": [0.0761, 0.0766, 0.0759, 0.0771, 0.0762],
            }
        ),
        "importance": importance_chart(importance),
    }


TITLES = {
    "threshold": ("Where to draw the line", "Move the slider: cost at 10 for an approved bad."),
    "cost": ("Cost over the threshold", "Exact over every distinct score."),
    "approval": ("What approving more would cost", "Defaults among the approved."),
    "calibration": ("Do the PDs mean what they say?", "Cox slope 0.31 before, 1.02 after."),
    "distribution": ("Scores of goods and bads", "The further apart, the better the ranking."),
    "roc": ("ROC", "Ranking over all thresholds."),
    "pr": ("Precision and recall", "Ranking where bads are rare."),
    "confusion": ("Decisions at the threshold", "Out-of-fold applications."),
    "folds": ("How much the folds differ", "Less than this spread is not a difference."),
    "importance": ("What the model looks at", "Total gain."),
}

VERDICT = (
    Figure("AUC", "0.711", "95 % CI 0.682 to 0.740"),
    Figure("KS", "0.318", "Gini 0.422"),
    Figure("Brier", "0.0763", "skill 6.1 %"),
    Figure("Calibration slope", "1.021", "platt; 1 is perfect", "good"),
    Figure("Threshold", "0.0846", "95 % interval 0.068 to 0.118"),
    Figure("Approval rate", "61.2 %", "4.10 % of them default"),
    Figure("Cost per application", "0.601", "0.914 when all are declined", "warn"),
)


@pytest.fixture(scope="session")
def content() -> ReportContent:
    portfolio = simulate()
    specs = charts(portfolio, declining(portfolio))
    sections = tuple(
        Section(name, *TITLES[name], chart=spec, wide=name in {"threshold", "importance"})
        for name, spec in specs.items()
    )
    table = Table(("check", "result"), (("LEAK-001", "passed"), ("<b>bold</b>", "&amp;")), "Checks")
    return ReportContent(
        title="demo: train_lgbm_38features",
        subtitle=(
            "4,000 applications, 8.92 % bad, data demo@3f2a9c, 5-fold CV. Every figure comes from "
            "rows the model never saw."
        ),
        verdict=VERDICT,
        sections=(*sections, Section("checks", "Checks", "", table=table)),
        footer={"run": "4f1c in demo_model_selection", "bundle": "9a" * 32},
    )


@pytest.fixture(scope="session")
def page(content: ReportContent) -> str:
    return HtmlReports(VegaRenderer()).render(content)
