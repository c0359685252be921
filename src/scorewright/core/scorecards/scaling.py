"""From log-odds to points and back: points to double the odds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["NATURAL", "Scaling"]

Floats = npt.NDArray[np.float64]

#: Log-odds beyond this are held: the PD stays inside (0, 1).
FURTHEST = 30.0


@dataclass(frozen=True, slots=True)
class Scaling:
    """The straight line between the score and the log-odds of being good.

    ``score = scorecard_points + pdo / ln 2 * ln(odds of good / odds)``. The higher the score,
    the lower the PD.

    Attributes:
        pdo: Points that double the odds of good to bad, positive.
        odds: Odds of good to bad at ``scorecard_points``, positive.
        scorecard_points: Score of an applicant with these odds.

    Source: Siddiqi 2006, chapter 6; Thomas, Edelman and Crook 2002.
    """

    pdo: float
    odds: float
    scorecard_points: float

    @property
    def factor(self) -> float:
        """Points per unit of log-odds."""
        return self.pdo / math.log(2.0)

    @property
    def offset(self) -> float:
        """Score at odds of one to one."""
        return self.scorecard_points - self.factor * math.log(self.odds)

    def pd(self, score: Floats) -> Floats:
        """Return the PD of each score, shape (n,)."""
        z = np.clip((self.offset - score) / self.factor, -FURTHEST, FURTHEST)
        out: Floats = 1.0 / (1.0 + np.exp(-z))
        return out

    def score(self, pd: Floats) -> Floats:
        """Return the score of each PD in (0, 1), shape (n,)."""
        out: Floats = self.offset - self.factor * np.log(pd / (1.0 - pd))
        return out


#: Points that are log-odds of being good: factor 1, offset 0.
NATURAL = Scaling(pdo=math.log(2.0), odds=1.0, scorecard_points=0.0)
