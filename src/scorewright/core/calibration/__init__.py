"""From raw scores to probabilities of default."""

from __future__ import annotations

from scorewright.core.calibration.mapping import (
    Calibration,
    Calibrator,
    Isotonic,
    NoCalibrator,
    Platt,
)

__all__ = ["Calibration", "Calibrator", "Isotonic", "NoCalibrator", "Platt"]
