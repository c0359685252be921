"""From raw scores to probabilities of default.

The serving process imports this room, so it needs numpy only; fitting imports scipy when it
is called.
"""

from __future__ import annotations

from scorewright.core.calibration.choice import (
    CalibrationChoice,
    CandidateFit,
    choose_calibration,
)
from scorewright.core.calibration.fit import fit_isotonic, fit_platt, prior_correction
from scorewright.core.calibration.mapping import (
    Calibration,
    Calibrator,
    Isotonic,
    NoCalibrator,
    Platt,
)

__all__ = [
    "Calibration",
    "CalibrationChoice",
    "Calibrator",
    "CandidateFit",
    "Isotonic",
    "NoCalibrator",
    "Platt",
    "choose_calibration",
    "fit_isotonic",
    "fit_platt",
    "prior_correction",
]
