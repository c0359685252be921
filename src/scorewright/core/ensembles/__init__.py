"""Several scores as one.

The serving process imports this room, so it needs numpy only; fitting imports scipy when it is
called.
"""

from __future__ import annotations

from scorewright.core.ensembles.mixture import (
    LogitAverage,
    Mixture,
    RankAverage,
    Stacking,
    mixture_from_dict,
)
from scorewright.core.ensembles.ranks import RankTable
from scorewright.core.ensembles.stacking import fit_stacking

__all__ = [
    "LogitAverage",
    "Mixture",
    "RankAverage",
    "RankTable",
    "Stacking",
    "fit_stacking",
    "mixture_from_dict",
]
