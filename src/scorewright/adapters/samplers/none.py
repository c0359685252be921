"""No sampling: every training row as it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scorewright.core.matrix import FeatureSpace
from scorewright.core.sampling import Sample, everything

__all__ = ["SAMPLER", "NoSampling"]


class NoSampling:
    """The sampler that changes nothing."""

    name = "none"

    def sample(
        self,
        x: npt.NDArray[np.float64],  # noqa: ARG002 - the port's signature
        y: npt.NDArray[np.int8],  # noqa: ARG002
        rows: npt.NDArray[np.int64],
        space: FeatureSpace,  # noqa: ARG002
        seed: int,  # noqa: ARG002
    ) -> Sample:
        """Return all rows."""
        return everything(rows)


SAMPLER = NoSampling()
