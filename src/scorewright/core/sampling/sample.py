"""A sample of training rows: rows kept, rows made up, weights, and how to undo the bending.

Whatever changes the share of bads a model sees changes its probabilities. Where the odds of all
rows are multiplied by one number, ``omega``, prior correction takes it back exactly: weights
(Elkan 2001, theorem 2), and goods left out at random at a rate beta, where ``omega = 1 / beta``
(Dal Pozzolo et al. 2015). Rows that were made up have no exact inverse.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scorewright.core.sampling.blend import Blend

__all__ = ["Sample", "everything"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
Rows = npt.NDArray[np.int64]


def _no_rows() -> Floats:
    return np.empty((0, 0))


def _no_labels() -> Labels:
    return np.empty(0, dtype=np.int8)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What one model is fitted on.

    Attributes:
        rows: Positions of the rows kept, ascending, shape (m,).
        weight: Weight of each kept row, shape (m,); None means 1.
        made_x: Rows that were made up, shape (s, p); empty where there are none, and where
            ``blend`` says how they are made.
        made_y: Labels of the made-up rows, shape (s,), s = 0 where there are none.
        omega: By how much the sampling multiplies the odds of default.
        is_exact: Whether prior correction with ``omega`` undoes the sampling. Where not,
            the scores must be recalibrated on rows that were not sampled.
        blend: How the made-up rows are made of rows of the matrix, instead of ``made_x``.
    """

    rows: Rows
    weight: Floats | None = None
    made_x: Floats = field(default_factory=_no_rows)
    made_y: Labels = field(default_factory=_no_labels)
    omega: float = 1.0
    is_exact: bool = True
    blend: Blend | None = None

    def matrix(self, x: Floats) -> Floats:
        """Return kept and made rows of a matrix, shape (m + s, p)."""
        if not self.made_y.size:
            return x[self.rows]
        kept = self.rows.size
        out = np.empty((kept + self.made_y.size, x.shape[1]))
        np.take(x, self.rows, axis=0, out=out[:kept])
        if self.blend is None:
            out[kept:] = self.made_x
        else:
            self.blend.fill(x, out[kept:])
        return out

    def labels(self, y: Labels) -> Labels:
        """Return the labels of kept and made rows, shape (m + s,)."""
        return np.concatenate([y[self.rows], self.made_y])

    def weights(self) -> Floats | None:
        """Return the weights of kept and made rows, shape (m + s,); made rows weigh 1."""
        if self.weight is None:
            return None
        return np.concatenate([self.weight, np.ones(self.made_y.size)])


def everything(rows: Rows) -> Sample:
    """Return the sample that takes all rows as they are."""
    return Sample(rows=rows)
