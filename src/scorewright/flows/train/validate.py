"""Cross-validation, calibration and threshold: every figure from rows the model never saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.calibration import Calibration, choose_calibration, prior_correction
from scorewright.core.decision import (
    Aim,
    CostMatrix,
    Guardrails,
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
from scorewright.core.sampling import Sample
from scorewright.core.statistics import brier, cox
from scorewright.flows.events import StageDone, StageStarted, StepDone
from scorewright.flows.fitting import PlainBench
from scorewright.flows.ports import FittedModel, FoldTask
from scorewright.flows.train.prepare import fit_task
from scorewright.flows.train.tools import (
    Assessment,
    Floats,
    Labels,
    OutOfFold,
    Prepared,
    TrainTools,
)

__all__ = ["Watch", "assess", "cross_validate", "doubts", "prove_signs", "refit"]


#: Hears labels and corrected scores of each fold's validation rows; raises to stop the work.
Watch = Callable[[int, Labels, Floats], None]


def cross_validate(prepared: Prepared, tools: TrainTools, watch: Watch | None = None) -> OutOfFold:
    """Fit one model per fold and score the rows it never saw.

    Args:
        prepared: Rows and folds.
        tools: Ports.
        watch: Hears every fold as it is done.

    Returns:
        Out-of-fold raw scores of the development rows, the training twins, and out-of-time
        scores where rows are held out by date.
    """
    began = tools.clock.elapsed()
    development = np.flatnonzero(prepared.development)
    position = np.full(len(prepared.y), -1)
    position[development] = np.arange(len(development))
    raw, score = np.empty(len(development)), np.empty(len(development))
    splits = [*prepared.plan.splits(), *prepared.plan.repeated_splits()]
    folds = [FoldTask(_sample(prepared, train), train, valid) for _, train, valid in splits]
    own = len(splits) - len(prepared.plan.others) * len(np.unique(prepared.plan.fold[development]))
    twins, repeats, kept, params = [], [], [], dict(prepared.params)
    tools.notify(StageStarted("validate", len(folds)))
    fits = prepared.bench.fit_folds(folds, prepared.params)
    for done, (task, fit) in enumerate(zip(folds, fits, strict=True), start=1):
        omega = _omega(prepared, task.sample, fit.params)
        valid = prior_correction(fit.valid_score, omega)
        twin = (prepared.y[task.train], prior_correction(fit.train_score, omega))
        if done <= own:
            raw[position[task.valid]], score[position[task.valid]] = fit.valid_score, valid
            twins.append(twin)
        else:
            repeats.append(((prepared.y[task.valid], valid), twin))
        params = dict(fit.params)
        kept.append(fit.kept)
        if watch is not None:
            watch(done - 1, prepared.y[task.valid], valid)
        tools.notify(StepDone("validate", done, f"fold {done} of {len(folds)}"))
    oot = None
    if prepared.plan.is_oot.any():
        sample = _sample(prepared, development)
        # Not at the bench: what it shares, the held-out rows have helped to shape.
        model = _apart(prepared).fit(sample, params)
        oot = prior_correction(
            model.predict(prepared.x[prepared.plan.is_oot]), _omega(prepared, sample, params)
        )
    seconds = tools.clock.elapsed() - began
    tools.notify(StageDone("validate", f"{len(folds)} folds"))
    return OutOfFold(raw, score, tuple(twins), oot, seconds, tuple(repeats), params, tuple(kept))


def _apart(prepared: Prepared) -> PlainBench:
    """Return a bench that shares nothing between fits."""
    task = fit_task(
        prepared.settings, prepared.x, prepared.y, prepared.space, dict(prepared.params)
    )
    return PlainBench(prepared.learner, task)


def _sample(prepared: Prepared, rows: npt.NDArray[np.int64]) -> Sample:
    """Re-balance the training rows of one model; nothing else is looked at."""
    return prepared.sampler.sample(
        prepared.x, prepared.y, rows, prepared.space, prepared.settings.project.seed
    )


def _omega(prepared: Prepared, sample: Sample, params: Mapping[str, Any]) -> float:
    """Return by how much sampling and class weights multiply the odds: each model has its own."""
    return sample.omega * prepared.learner.weight_ratio(params, sample.labels(prepared.y))


def refit(prepared: Prepared, params: Mapping[str, Any]) -> FittedModel:
    """Fit on all rows: the model that is deployed."""
    return prepared.bench.fit(_sample(prepared, np.arange(len(prepared.y))), params)


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
    whole = _sample(prepared, np.arange(len(prepared.y)))
    choice = choose_calibration(y, scores.score, fold, 1.0, is_exact=whole.is_exact)
    # The calibrator is learned on corrected scores; the deployed model, fitted on all rows,
    # brings the weight ratio of all rows.
    omega = _omega(prepared, whole, scores.params)
    deployed = replace(choice.calibration, omega=omega)
    tools.notify(StageDone("calibrate", f"{choice.chosen}, chosen out of fold"))

    tools.notify(StageStarted("threshold"))
    costs = cost_matrix(prepared)
    curve = cost_curve(y, choice.pd, costs)
    best, bayes = curve.best(), bayes_threshold(costs)
    chosen = _aim(prepared, bayes).nearest(curve).threshold
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
    tools.notify(StageDone("threshold", f"{chosen:.4f}"))
    return Assessment(
        y, scores.raw, choice.pd, fold, choice, deployed, curve, best, chosen, interval, bayes,
        metrics, histories,
    )  # fmt: skip


def _aim(prepared: Prepared, bayes: float) -> Aim:
    """Return what the threshold is chosen for; the step from a present policy is not known here."""
    wanted = prepared.settings.policy
    lowest, highest = wanted.approval_corridor or (0.0, 1.0)
    rails = Guardrails(lowest, highest, wanted.max_bad_rate)
    return Aim(wanted.method, bayes, wanted.target, rails)


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
    for (yv, there), (yt, seen) in scores.repeats:
        valid.append(fold_figures(yv, calibration.apply(there)))
        train.append(fold_figures(yt, calibration.apply(seen)))
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
