"""Weights: all bads together weigh as much as all goods. No row is left out or made up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scorewright.core.matrix import FeatureSpace
from scorewright.core.sampling import Sample, split_classes

__all__ = ["SAMPLER", "BalancedWeights"]


class BalancedWeights:
    """Each bad weighs goods / bads, each good 1."""

    name = "balanced"

    def sample(
        self,
        x: npt.NDArray[np.float64],  # noqa: ARG002 - the port's signature
        y: npt.NDArray[np.int8],
        rows: npt.NDArray[np.int64],
        space: FeatureSpace,  # noqa: ARG002
        seed: int,  # noqa: ARG002
    ) -> Sample:
        """Return all rows with weights; prior correction by goods / bads is exact.

        Raises:
            UsageError: ``sampling-impossible`` where one class has no row.
        """
        classes = split_classes(y, rows, self.name)
        omega = classes.goods / classes.bads
        return Sample(rows, weight=np.where(y[rows] == 1, omega, 1.0), omega=omega)


SAMPLER = BalancedWeights()
