"""Cross-validation, calibration and threshold: every figure from rows the model never saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from scorewright.core.calibration import Calibration, choose_calibration, prior_correction
from scorewright.core.decision import (
    CostMatrix,
    ThresholdInterval,
    bayes_threshold,
    bootstrap_threshold,
    cost_curve,
)
from scorewright.core.errors import ScorewrightError
from scorewright.core.evaluation import (
    fold_figures,
    summarise_folds,
    threshold_figures,
    validation_figures,
)
from scorewright.core.monotonicity import MonotoneProof, prove_monotone
from scorewright.core.statistics import brier, cox
from scorewright.flows.events import StageDone, StageStarted, StepDone
from scorewright.flows.ports import FitTask, FittedModel
from scorewright.flows.train.tools import (
    Assessment,
    Floats,
    Labels,
    OutOfFold,
    Prepared,
    TrainTools,
)

__all__ = ["assess", "cross_validate", "doubts", "prove_signs", "refit"]


def cross_validate(prepared: Prepared, tools: TrainTools) -> OutOfFold:
    """Fit one model per fold and score the rows it never saw.

    Args:
        prepared: Rows and folds.
        tools: Ports.

    Returns:
        Out-of-fold raw scores of the development rows, the training twins, and out-of-time
        scores where rows are held out by date.
    """
    began = tools.clock.elapsed()
    development = np.flatnonzero(prepared.development)
    position = np.full(len(prepared.y), -1)
    position[development] = np.arange(len(development))
    raw, score = np.empty(len(development)), np.empty(len(development))
    twins = []
    splits = list(prepared.plan.splits())
    tools.notify(StageStarted("validate", len(splits)))
    for done, (_, train, valid) in enumerate(splits, start=1):
        model = _fit(prepared, train)
        omega = _omega(prepared, train)
        raw[position[valid]] = model.predict(prepared.x[valid])
        score[position[valid]] = prior_correction(raw[position[valid]], omega)
        twins.append((prepared.y[train], prior_correction(model.predict(prepared.x[train]), omega)))
        tools.notify(StepDone("validate", done, f"fold {done} of {len(splits)}"))
    oot = None
    if prepared.plan.is_oot.any():
        model = _fit(prepared, development)
        oot = prior_correction(
            model.predict(prepared.x[prepared.plan.is_oot]), _omega(prepared, development)
        )
    seconds = tools.clock.elapsed() - began
    tools.notify(StageDone("validate", f"{len(splits)} folds"))
    return OutOfFold(raw, score, tuple(twins), oot, seconds)


def _omega(prepared: Prepared, rows: npt.NDArray[np.int64]) -> float:
    """Return the weight ratio of a model fitted on these rows: each model has its own."""
    return prepared.learner.weight_ratio(prepared.params, prepared.y[rows])


def refit(prepared: Prepared) -> FittedModel:
    """Fit on all rows: the model that is deployed."""
    return _fit(prepared, np.arange(len(prepared.y)))


def _fit(prepared: Prepared, rows: npt.NDArray[np.int64]) -> FittedModel:
    return prepared.learner.fit(
        FitTask(
            x=prepared.x[rows],
            y=prepared.y[rows],
            space=prepared.space,
            params=prepared.params,
            monotone=prepared.settings.learner.monotone,
            seed=prepared.settings.project.seed,
            threads=prepared.settings.project.threads,
        )
    )


def assess(prepared: Prepared, scores: OutOfFold, tools: TrainTools) -> Assessment:
    """Calibrate, choose the threshold and compute every figure from out-of-fold scores.

    Args:
        prepared: Rows and folds.
        scores: Out-of-fold raw scores.
        tools: Ports.

    Returns:
        PDs, threshold, metrics and per-fold histories.
    """
    tools.notify(StageStarted("calibrate"))
    rows = prepared.development
    y, fold = prepared.y[rows], prepared.plan.fold[rows]
    choice = choose_calibration(y, scores.score, fold, 1.0)
    # The calibrator is learned on corrected scores; the deployed model, fitted on all rows,
    # brings the weight ratio of all rows.
    omega = _omega(prepared, np.arange(len(prepared.y)))
    deployed = replace(choice.calibration, omega=omega)
    tools.notify(StageDone("calibrate", f"{choice.chosen}, chosen out of fold"))

    tools.notify(StageStarted("threshold"))
    costs = cost_matrix(prepared)
    curve = cost_curve(y, choice.pd, costs)
    best, bayes = curve.best(), bayes_threshold(costs)
    chosen = bayes if prepared.settings.policy.method == "bayes" else best.threshold
    interval = _interval(prepared, y, choice.pd, costs)
    metrics = {
        **validation_figures(y, choice.pd),
        **threshold_figures(y, choice.pd, chosen, costs),
        "bayes_threshold": bayes,
        "cost_at_bayes_threshold": curve.at(bayes).cost,
        "cost_accept_all": costs.false_negative * float(y.sum()),
        "cost_reject_all": costs.false_positive * float((y == 0).sum()),
    }
    if interval is not None:
        metrics |= {"threshold_low": interval.low, "threshold_high": interval.high}
    metrics |= _before(y, scores.raw)
    summary, histories = _folds(scores, choice.pd, y, fold, choice.calibration)
    metrics |= summary
    metrics |= _out_of_time(prepared, scores, choice.calibration, chosen, costs)
    tools.notify(StageDone("threshold", f"decline at PD >= {chosen:.4f}"))
    return Assessment(
        y, scores.raw, choice.pd, fold, choice, deployed, curve, best, chosen, interval, bayes,
        metrics, histories,
    )  # fmt: skip


def cost_matrix(prepared: Prepared) -> CostMatrix:
    """Return the costs of the settings."""
    return CostMatrix(
        prepared.settings.costs.false_negative, prepared.settings.costs.false_positive
    )


def _before(y: Labels, raw: Floats) -> dict[str, float]:
    """Return what prior correction and calibration started from."""
    line = cox(y, raw)
    return {
        "brier_before": brier(y, raw),
        "cox_slope_before": line.slope,
        "cox_intercept_before": line.intercept,
        "mean_pd_before": float(np.mean(raw)),
    }


def _interval(
    prepared: Prepared, y: Labels, pd: Floats, costs: CostMatrix
) -> ThresholdInterval | None:
    """Bootstrap the optimum, unless the settings ask for no draws."""
    draws = prepared.settings.validation.bootstrap
    if draws == 0:
        return None
    rng = np.random.default_rng(prepared.settings.project.seed)
    return bootstrap_threshold(y, pd, costs, draws, rng)


def _folds(
    scores: OutOfFold, pd: Floats, y: Labels, fold: npt.NDArray[np.int64], calibration: Calibration
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Figures per fold, on validation rows and on the rows the fold's model was fitted on."""
    valid = [fold_figures(y[fold == k], pd[fold == k]) for k in np.unique(fold)]
    train = [fold_figures(yt, calibration.apply(raw)) for yt, raw in scores.train_folds]
    return summarise_folds(valid, train)


def _out_of_time(
    prepared: Prepared,
    scores: OutOfFold,
    calibration: Calibration,
    chosen: float,
    costs: CostMatrix,
) -> dict[str, float]:
    """Figures of the rows held out by date, under the names ``oot_f``."""
    if scores.oot_score is None:
        return {}
    y = prepared.y[prepared.plan.is_oot]
    pd = calibration.apply(scores.oot_score)
    figures = {**validation_figures(y, pd), **threshold_figures(y, pd, chosen, costs)}
    return {f"oot_{name}": value for name, value in figures.items()}


def doubts(a: Assessment) -> list[str]:
    """Say where the figures do not carry a decision; nothing is stopped for it."""
    found = []
    if a.metrics["roc_auc_low"] <= 0.5:  # noqa: PLR2004 - the AUC of a coin
        found.append(
            f"The AUC's interval ({a.metrics['roc_auc_low']:.3f} to "
            f"{a.metrics['roc_auc_high']:.3f}) includes 0.5: the ranking may be chance."
        )
    if a.metrics["approval_rate"] in (0.0, 1.0):
        every = "declines" if a.metrics["approval_rate"] == 0.0 else "approves"
        found.append(f"At these costs the cheapest threshold {every} everybody.")
    return found


def prove_signs(prepared: Prepared, model: FittedModel) -> tuple[MonotoneProof, ...]:
    """Test the declared signs on the fitted model.

    Raises:
        ScorewrightError: ``monotone-violated``, naming the feature and the largest step.
    """
    if not prepared.settings.learner.monotone:
        return ()
    rng = np.random.default_rng(prepared.settings.project.seed)
    proofs = prove_monotone(
        model.predict, prepared.x, prepared.space, prepared.settings.learner.monotone, rng
    )
    for proof in proofs:
        if proof.violations:
            raise ScorewrightError(
                f"The fitted model breaks the sign declared for '{proof.feature}': "
                f"{proof.violations} of {proof.steps} steps go the wrong way, "
                f"the largest by {proof.worst:.2e}.",
                remedy="Check the sign in [learner.monotone], or use a learner that keeps it.",
                code="monotone-violated",
            )
    return proofs
