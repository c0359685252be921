"""SMOTE half of the way, then rows of the larger class left out for the rest.

The smaller class is first filled up to half of the larger one with made-up rows, then rows of
the larger class are left out until both have the same size: fewer made-up rows than `smote`,
fewer rows lost than `undersample` (Chawla et al. 2002, section 4.2, combine them the same way).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scorewright.adapters.samplers.smote import LEAST, made_between
from scorewright.adapters.samplers.undersample import thinned
from scorewright.core.matrix import FeatureSpace
from scorewright.core.sampling import Sample, split_classes

__all__ = ["SAMPLER", "SmoteUndersampling"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

#: Size of the smaller class over that of the larger one, between the two steps.
RATIO = 0.5


class SmoteUndersampling:
    """Makes up rows of the smaller class, and leaves out rows of the larger one."""

    name = "smote_undersample"

    def sample(
        self,
        x: Floats,
        y: npt.NDArray[np.int8],
        rows: Rows,
        space: FeatureSpace,
        seed: int,
    ) -> Sample:
        """Return the rows kept and the recipe of the made-up ones.

        Omega is the change of the prior odds; exact only where no row had to be made up.

        Raises:
            UsageError: ``sampling-impossible`` for a class of fewer than two rows.
        """
        classes = split_classes(y, rows, self.name, LEAST)
        size = max(len(classes.few), int(RATIO * len(classes.many)))
        made = size - len(classes.few)
        kept = np.sort(np.concatenate([classes.few, thinned(classes.many, size, seed)]))
        omega = classes.omega(size, size)
        if made == 0:
            return Sample(kept, omega=omega)
        return Sample(
            kept,
            made_y=np.full(made, classes.label, dtype=np.int8),
            omega=omega,
            is_exact=False,
            blend=made_between(x, rows, classes, space, (made, seed)),
        )


SAMPLER = SmoteUndersampling()
