"""Drift: what the data looked like when the model was made."""

from scorewright.core.drift.reference import reference_statistics

__all__ = ["reference_statistics"]
