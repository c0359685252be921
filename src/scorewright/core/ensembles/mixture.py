"""The ways to make one score of several. Each rises with every one of them, or stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.ensembles.ranks import RankTable

__all__ = ["LogitAverage", "Mixture", "RankAverage", "Stacking", "log_odds", "mixture_from_dict"]

Floats = npt.NDArray[np.float64]

#: Scores nearer to 0 or 1 count as this near: one member's certainty is no veto.
NEAREST = 1e-6
#: Log-odds beyond this are the same score.
FARTHEST = 30.0


def log_odds(score: Floats) -> Floats:
    """Return ``ln(s / (1 - s))``, finite for every score in [0, 1]."""
    inside = np.clip(score, NEAREST, 1.0 - NEAREST)
    return np.asarray(np.log(inside / (1.0 - inside)))


@dataclass(frozen=True, slots=True)
class RankAverage:
    """The mean rank: members of different scales have the same say.

    It ranks and is no probability; calibration makes one of it.
    """

    tables: tuple[RankTable, ...]

    def mix(self, scores: Sequence[Floats]) -> Floats:
        """Return the mean rank, shape (n,)."""
        total = np.zeros(len(scores[0]))
        for table, score in zip(self.tables, scores, strict=True):
            total += table.apply(score)
        return total / len(self.tables)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {"method": "rank_average", "tables": [table.to_dict() for table in self.tables]}


@dataclass(frozen=True, slots=True)
class LogitAverage:
    """The mean of the log-odds: the geometric mean of the members' odds."""

    members: int

    def mix(self, scores: Sequence[Floats]) -> Floats:
        """Return the score of the mean log-odds, shape (n,)."""
        return self.as_stacking().mix(scores)

    def as_stacking(self) -> Stacking:
        """Return the same mixture as a weighted sum of log-odds."""
        return Stacking(0.0, (1.0 / self.members,) * self.members)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {"method": "logit_average", "members": self.members}


@dataclass(frozen=True, slots=True)
class Stacking:
    """A logistic model of the members' log-odds, with no weight below 0."""

    intercept: float
    weights: tuple[float, ...]

    def mix(self, scores: Sequence[Floats]) -> Floats:
        """Return the model's score, shape (n,)."""
        z = np.full(len(scores[0]), self.intercept)
        for weight, score in zip(self.weights, scores, strict=True):
            z += weight * log_odds(score)
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -FARTHEST, FARTHEST))))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "method": "stacking",
            "intercept": self.intercept,
            "weights": list(self.weights),
        }


Mixture = RankAverage | LogitAverage | Stacking


def mixture_from_dict(document: Mapping[str, Any]) -> Mixture:
    """Read the form written by ``to_dict``.

    Raises:
        KeyError, ValueError, TypeError: It is not one.
    """
    match document["method"]:
        case "rank_average":
            return RankAverage(tuple(RankTable.from_dict(table) for table in document["tables"]))
        case "logit_average":
            return LogitAverage(int(document["members"]))
        case "stacking":
            return Stacking(float(document["intercept"]), tuple(map(float, document["weights"])))
        case other:
            raise ValueError(f"there is no mixture '{other}'")
