"""SMOTE: rows of the smaller class made up between neighbours, until both classes are equal.

Neighbours are looked for among the training rows of the smaller class only, in standardised
coordinates with missing numbers at the median; the rows between them are made by
`scorewright.core.sampling.Blend`, in the matrix's own numbers. imbalanced-learn's SMOTE draws
the same pairs, but takes no missing value, lets the column of the largest unit decide who is
near, copies the whole table, and its SMOTENC gives a made-up row the level most neighbours have,
so that rare levels die out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from scorewright.core.matrix import FeatureSpace
from scorewright.core.sampling import (
    Blend,
    Classes,
    Sample,
    coordinates,
    split_classes,
    whole_columns,
)

__all__ = ["SAMPLER", "Smote", "made_between"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

#: Neighbours a row is paired with; fewer where the class is smaller. The value of the paper.
NEIGHBOURS = 5
#: A row needs another one to be paired with.
LEAST = 2


class Smote:
    """Keeps all rows and makes up rows of the smaller class."""

    name = "smote"

    def sample(
        self,
        x: Floats,
        y: npt.NDArray[np.int8],
        rows: Rows,
        space: FeatureSpace,
        seed: int,
    ) -> Sample:
        """Return all rows and the recipe of the made-up ones.

        Omega is the change of the prior odds; it takes back most of the bending, not all.

        Raises:
            UsageError: ``sampling-impossible`` for a class of fewer than two rows.
        """
        classes = split_classes(y, rows, self.name, LEAST)
        size = len(classes.many)
        made = size - len(classes.few)
        if made == 0:
            return Sample(rows)
        return Sample(
            rows,
            made_y=np.full(made, classes.label, dtype=np.int8),
            omega=classes.omega(size, size),
            is_exact=False,
            blend=made_between(x, rows, classes, space, (made, seed)),
        )


def made_between(
    x: Floats, rows: Rows, classes: Classes, space: FeatureSpace, draw: tuple[int, int]
) -> Blend:
    """Pair rows of the smaller class with neighbours.

    Args:
        x: Matrix of shape (n, p).
        rows: Training rows.
        classes: The same rows by class.
        space: Which columns are categories.
        draw: How many rows to make, and the seed.
    """
    count, seed = draw
    is_category = np.array([f.is_categorical for f in space.features], dtype=np.bool_)
    neighbours = _neighbours(coordinates(x, rows, classes.few, is_category))
    rng = np.random.default_rng(seed)
    base = rng.integers(0, len(classes.few), count)
    other = neighbours[base, rng.integers(0, neighbours.shape[1], count)]
    step = rng.random(count)
    is_near = step <= 0.5  # noqa: PLR2004 - half-way
    return Blend(
        near=classes.few[np.where(is_near, base, other)],
        far=classes.few[np.where(is_near, other, base)],
        step=np.minimum(step, 1.0 - step),
        is_category=is_category,
        is_whole=whole_columns(x, rows) & ~is_category,
    )


def _neighbours(points: npt.NDArray[np.float32]) -> Rows:
    """Return the nearest other points of each point, shape (n, k)."""
    size = min(NEIGHBOURS, len(points) - 1)
    search = NearestNeighbors(n_neighbors=size, algorithm="brute").fit(points)
    # On one thread: how ties between equal rows are broken depends on how many there are.
    with threadpool_limits(1):
        # Without an argument a point is not its own neighbour, not even among its twins.
        found = search.kneighbors(return_distance=False)
    return np.asarray(found, dtype=np.int64)


SAMPLER = Smote()
