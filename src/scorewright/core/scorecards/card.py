"""A scorecard: characteristics, the points everyone starts from, and the scaling of points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.matrix import FeatureSpace
from scorewright.core.scorecards.characteristic import Characteristic
from scorewright.core.scorecards.scaling import Scaling

__all__ = ["Card"]

Floats = npt.NDArray[np.float64]

#: Up to so many rows, plain Python is faster than arrays.
FEW_ROWS = 4


@dataclass(frozen=True, slots=True)
class Card:
    """A fitted scorecard. Score = base + one bin's points of each characteristic.

    Attributes:
        characteristics: In the order of the feature space.
        base: Points everyone starts from.
        scaling: What a score says of the PD.
        left_out: Features without a place on the card -> why.
    """

    characteristics: tuple[Characteristic, ...]
    base: float
    scaling: Scaling
    left_out: Mapping[str, str] = field(default_factory=dict)

    def score(self, x: Floats, space: FeatureSpace) -> Floats:
        """Return the score of each row, shape (n,).

        The points are added in the order of the characteristics, one row as among many.

        Args:
            x: Matrix of shape (n, p) in the order of ``space``; NaN is missing.
            space: Names of the columns of ``x``.
        """
        columns = self.columns(space)
        if len(x) <= FEW_ROWS:
            return np.array([self._score_one(row, columns) for row in x.tolist()], dtype=np.float64)
        out = np.full(len(x), self.base)
        for characteristic, column in zip(self.characteristics, columns, strict=True):
            out += characteristic.points[characteristic.locate(x[:, column])]
        return out

    def _score_one(self, row: list[float], columns: tuple[int, ...]) -> float:
        total = self.base
        for characteristic, column in zip(self.characteristics, columns, strict=True):
            total += characteristic.bins[characteristic.locate_one(row[column])].points
        return total

    def pd(self, x: Floats, space: FeatureSpace) -> Floats:
        """Return the PD of each row in (0, 1), shape (n,); it follows from the score alone."""
        return self.scaling.pd(self.score(x, space))

    def columns(self, space: FeatureSpace) -> tuple[int, ...]:
        """Return the position of each characteristic in a feature space.

        Raises:
            ValueError: A characteristic is not in it, or is a number here and a category there.
        """
        places = {name: i for i, name in enumerate(space.names)}
        for c in self.characteristics:
            if c.feature not in places:
                raise ValueError(f"'{c.feature}' is not in the feature space")
            if space.features[places[c.feature]].is_categorical != (c.groups is not None):
                raise ValueError(f"'{c.feature}' is of another kind in the feature space")
        return tuple(places[c.feature] for c in self.characteristics)

    def importance(self, space: FeatureSpace) -> dict[str, float]:
        """Return how far each feature's points spread over the rows learned on, in log-odds.

        It is the standard deviation of its points over the shares of its bins, divided by the
        points of one unit of log-odds; 0 for features that are not on the card.
        """
        out = dict.fromkeys(space.names, 0.0)
        for c in self.characteristics:
            share = np.array([b.share for b in c.bins])
            centred = c.points - float(share @ c.points)
            out[c.feature] = math.sqrt(float(share @ centred**2)) / self.scaling.factor
        return out

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "schema_version": 1,
            "scaling": asdict(self.scaling),
            "base": self.base,
            "characteristics": [c.to_dict() for c in self.characteristics],
            "left_out": dict(self.left_out),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Card:
        """Read the form written by `to_dict`.

        Raises:
            KeyError, TypeError, ValueError: It is something else.
        """
        return cls(
            characteristics=tuple(Characteristic.from_dict(c) for c in document["characteristics"]),
            base=float(document["base"]),
            scaling=Scaling(**document["scaling"]),
            left_out={str(k): str(v) for k, v in document["left_out"].items()},
        )
