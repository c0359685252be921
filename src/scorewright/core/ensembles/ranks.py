"""The rank of a score among the scores a model gave its training rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["RankTable"]

Floats = npt.NDArray[np.float64]

#: Most knots a table keeps; ranks between two knots are linear.
MOST_KNOTS = 512
#: Ranks stay this far inside 0 and 1, so that log-odds of them are finite.
MARGIN = 1e-6


@dataclass(frozen=True, slots=True)
class RankTable:
    """Ranks at some scores, rising strictly in both, so that one row can be ranked alone.

    Attributes:
        scores: Scores of the knots, from 0 to 1.
        ranks: Their ranks, in (0, 1).
    """

    scores: tuple[float, ...]
    ranks: tuple[float, ...]

    @classmethod
    def of(cls, scores: Floats) -> RankTable:
        """Learn the ranks of scores in [0, 1] of shape (n,).

        A score's rank is the share of rows below it and half of those equal to it. The ends run
        on to (0, 0) and (1, 1): scores beyond those seen keep their order.
        """
        distinct, counts = np.unique(scores, return_counts=True)
        ranks = (np.cumsum(counts) - counts / 2.0) / len(scores)
        if len(distinct) > MOST_KNOTS:
            # Evenly over the rows, not over the scores: where rows are dense, so are knots.
            wanted = np.linspace(0.0, 1.0, MOST_KNOTS)
            keep = np.unique(np.searchsorted(ranks, wanted).clip(0, len(ranks) - 1))
            distinct, ranks = distinct[keep], ranks[keep]
        inside = (distinct > 0.0) & (distinct < 1.0)
        xs = np.concatenate([[0.0], distinct[inside], [1.0]])
        ys = np.concatenate([[0.0], ranks[inside], [1.0]])
        ys = MARGIN + (1.0 - 2.0 * MARGIN) * ys
        return cls(tuple(map(float, xs)), tuple(map(float, ys)))

    def apply(self, scores: Floats) -> Floats:
        """Return ranks in (0, 1) of shape (n,)."""
        return np.interp(scores, self.scores, self.ranks)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {"scores": list(self.scores), "ranks": list(self.ranks)}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> RankTable:
        """Read the form written by `to_dict`.

        Raises:
            ValueError: Its knots do not rise, or the two lists differ in length.
        """
        scores, ranks = (tuple(map(float, document[name])) for name in ("scores", "ranks"))
        rises = np.all(np.diff(scores) > 0.0) and np.all(np.diff(ranks) > 0.0)
        if len(scores) != len(ranks) or len(scores) < 2 or not rises:  # noqa: PLR2004 - two ends
            raise ValueError("the knots of a rank table do not rise")
        return cls(scores, ranks)
