"""Choose the calibrator out of fold: none, Platt or isotonic, the simplest that is good enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, assert_never

import numpy as np
import numpy.typing as npt

from scorewright.core.calibration.fit import (
    Labels,
    fit_isotonic,
    fit_platt,
    prior_correction,
)
from scorewright.core.calibration.mapping import (
    EPSILON,
    Calibration,
    Calibrator,
    Floats,
    NoCalibrator,
)

__all__ = ["CalibrationChoice", "CandidateFit", "choose_calibration"]

Kind = Literal["none", "platt", "isotonic"]

#: From the simplest to the most flexible; ties go to the simpler.
KINDS: tuple[Kind, ...] = ("none", "platt", "isotonic")
#: Cox slopes that count as calibrated.
SLOPES = (0.9, 1.1)


@dataclass(frozen=True, slots=True)
class CandidateFit:
    """How one calibrator did on rows it was not fitted on.

    Attributes:
        kind: ``none``, ``platt`` or ``isotonic``.
        log_loss: Mean log loss in nats.
        brier: Mean squared error of the PD.
        cox_slope: Slope of Cox's logistic recalibration; 1 is ideal, and stands where all
            PDs are equal.
        cox_intercept: Its intercept; 0 is ideal.
    """

    kind: str
    log_loss: float
    brier: float
    cox_slope: float
    cox_intercept: float


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationChoice:
    """The calibrator chosen, and the others beside it.

    Attributes:
        calibration: Fitted on all out-of-fold scores; this one is deployed.
        pd: Cross-fitted PDs of the chosen kind, shape (n,), for metrics and thresholds.
        candidates: One per kind, in the order none, Platt, isotonic.
        chosen: Kind of the chosen one.
    """

    calibration: Calibration
    pd: Floats
    candidates: tuple[CandidateFit, ...]
    chosen: str


def choose_calibration(
    y: Labels,
    score: Floats,
    fold: npt.NDArray[np.integer[Any]],
    omega: float,
    *,
    is_exact: bool = True,
) -> CalibrationChoice:
    """Choose the calibrator by cross-fitting on out-of-fold scores.

    Scores are prior-corrected, then each kind is fitted on the scores of the other folds and
    applied to this one. Among the kinds whose Cox slope lies in [0.9, 1.1], the simplest wins
    whose mean log loss is within one standard error, of the paired difference per row, of the
    least. Where no slope does, it is the kind with the slope nearest to 1 among those.

    Args:
        y: Labels of shape (n,), 1 is bad; both classes must occur.
        score: Raw out-of-fold scores in [0, 1] of shape (n,).
        fold: Fold number of each row, shape (n,), at least two different ones, none negative.
        omega: Weight ratio the learner was fitted with; 1 changes nothing.
        is_exact: Whether prior correction undoes what was done to the training rows. Where it
            does not (rows were made up), "none" cannot be chosen.

    Returns:
        The choice, with cross-fitted PDs and every candidate's figures.

    Raises:
        ValueError: Shapes differ, one class only, one fold only, an out-of-time row (fold -1),
            or a score outside [0, 1].
    """
    y, fold = np.asarray(y), np.asarray(fold)
    if fold.shape != y.shape or np.unique(fold).size < 2 or fold.min() < 0:  # noqa: PLR2004
        raise ValueError("every row needs a fold number, and there must be two folds or more")
    if np.unique(y).size < 2:  # noqa: PLR2004 - two classes
        raise ValueError("calibration needs bads and goods")
    corrected = prior_correction(np.asarray(score, dtype=np.float64), omega)
    kinds = KINDS if is_exact else KINDS[1:]
    pds = {kind: _cross_fit(kind, y, corrected, fold) for kind in kinds}
    candidates = tuple(_assess(kind, y, pds[kind]) for kind in kinds)
    chosen = _simplest(y, pds, candidates, is_flat=bool(np.ptp(corrected) <= EPSILON))
    calibration = Calibration(omega=float(omega), calibrator=_fit(chosen, y, corrected))
    return CalibrationChoice(calibration, pds[chosen], candidates, chosen)


def _fit(kind: Kind, y: Labels, score: Floats) -> Calibrator:
    match kind:
        case "none":
            return NoCalibrator()
        case "platt":
            return fit_platt(y, score)
        case "isotonic":
            return fit_isotonic(y, score)
        case _:
            assert_never(kind)


def _cross_fit(kind: Kind, y: Labels, score: Floats, fold: npt.NDArray[np.integer[Any]]) -> Floats:
    pd = np.empty(y.size)
    for number in np.unique(fold):
        here = fold == number
        calibrator = _fit(kind, y[~here], score[~here])
        pd[here] = Calibration(1.0, calibrator).apply(score[here])
    return pd


def _assess(kind: Kind, y: Labels, pd: Floats) -> CandidateFit:
    # Imported here because the serving process imports this room and never chooses.
    from scorewright.core.statistics import brier, cox, log_loss  # noqa: PLC0415

    line = cox(y, pd)
    clipped = np.clip(pd, EPSILON, 1.0 - EPSILON)
    return CandidateFit(kind, log_loss(y, clipped), brier(y, pd), line.slope, line.intercept)


def _row_loss(y: Labels, pd: Floats) -> Floats:
    clipped = np.clip(pd, EPSILON, 1.0 - EPSILON)
    return -np.log(np.where(y == 1, clipped, 1.0 - clipped))


def _simplest(
    y: Labels, pds: dict[Kind, Floats], candidates: tuple[CandidateFit, ...], *, is_flat: bool
) -> Kind:
    low, high = SLOPES
    slopes = {kind: fit.cox_slope for kind, fit in zip(pds, candidates, strict=True)}
    # Equal PDs have no slope: the 1 that stands for it says nothing about their level.
    sloped = {
        kind
        for kind, slope in slopes.items()
        if low <= slope <= high and np.ptp(pds[kind]) > EPSILON
    }
    pool = [kind for kind in pds if kind in sloped] or sorted(
        # One score for all: what slope there is comes from the folds' own levels.
        pds,
        key=lambda kind: 0.0 if is_flat else abs(slopes[kind] - 1.0),
    )
    loss = {kind: _row_loss(y, pds[kind]) for kind in pool}
    best = min(pool, key=lambda kind: float(loss[kind].mean()))
    return next(kind for kind in pool if _is_as_good(loss[kind] - loss[best]))


def _is_as_good(excess: Floats) -> bool:
    """Whether a mean loss above the best one's may be chance: within one standard error."""
    return bool(excess.mean() <= excess.std(ddof=1) / np.sqrt(excess.size))
