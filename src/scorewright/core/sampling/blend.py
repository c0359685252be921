"""Rows made up between two rows of the same class.

Kept as a recipe: which two rows, and how far from one to the other. A matrix of made-up rows
can be larger than the table it comes from; the recipe is three numbers per row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Blend"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """How rows are made of pairs of rows (SMOTE, Chawla et al. 2002, section 4.2).

    A number lies between the two: ``near + step (far - near)``. What has no value between two
    comes from the nearer one: a category, and whether the value is missing. So neither a level
    nor a gap becomes rarer or more frequent than among the rows made from, and where only the
    nearer row has a number, that number is taken as it is. Columns of whole numbers stay whole,
    and where both rows agree the value is exactly theirs: a made-up row cannot be told from a
    real one by a fraction no real row has.

    Attributes:
        near: Position of the nearer row of each pair, shape (s,).
        far: Position of the other, shape (s,).
        step: How far from ``near`` to ``far``, in [0, 0.5], shape (s,).
        is_category: Which columns hold codes, shape (p,).
        is_whole: Which columns hold whole numbers only, shape (p,).
    """

    near: Rows
    far: Rows
    step: Floats
    is_category: npt.NDArray[np.bool_]
    is_whole: npt.NDArray[np.bool_]

    def fill(self, x: Floats, out: Floats) -> None:
        """Write the rows into ``out``, shape (s, p), column by column.

        Args:
            x: Matrix of shape (n, p) the positions point into; NaN is missing.
            out: Where they are written.
        """
        for j in range(x.shape[1]):
            near = x[self.near, j]
            if not self.is_category[j]:
                between = near + self.step * (x[self.far, j] - near)
                near = np.where(np.isnan(between), near, between)
                if self.is_whole[j]:
                    near = np.rint(near)
            out[:, j] = near
