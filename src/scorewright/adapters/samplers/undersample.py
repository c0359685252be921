"""Rows of the larger class left out at random, until both classes have the same size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from imblearn.under_sampling import RandomUnderSampler

from scorewright.core.matrix import FeatureSpace
from scorewright.core.sampling import Sample, split_classes

__all__ = ["SAMPLER", "Undersampling", "thinned"]


class Undersampling:
    """Keeps all rows of the smaller class and as many of the larger one."""

    name = "undersample"

    def sample(
        self,
        x: npt.NDArray[np.float64],  # noqa: ARG002 - the port's signature
        y: npt.NDArray[np.int8],
        rows: npt.NDArray[np.int64],
        space: FeatureSpace,  # noqa: ARG002
        seed: int,
    ) -> Sample:
        """Return the rows kept; omega is 1 / (share of goods kept), and exact.

        Raises:
            UsageError: ``sampling-impossible`` where one class has no row.
        """
        classes = split_classes(y, rows, self.name)
        size = len(classes.few)
        kept = np.sort(np.concatenate([classes.few, thinned(classes.many, size, seed)]))
        return Sample(kept, omega=classes.omega(size, size))


def thinned(rows: npt.NDArray[np.int64], size: int, seed: int) -> npt.NDArray[np.int64]:
    """Return ``size`` of the rows, drawn without replacement.

    Args:
        rows: Positions of one class.
        size: How many to keep, at most as many as there are.
        seed: The same seed gives the same rows.
    """
    if size >= len(rows):
        return rows
    # The drawing needs two classes: an outsider, which it leaves alone, stands for the other.
    labels = np.append(np.zeros(len(rows), dtype=np.int8), np.int8(1))
    drawing = RandomUnderSampler(sampling_strategy={0: size}, random_state=seed)
    drawing.fit_resample(np.arange(len(labels)).reshape(-1, 1), labels)
    drawn = np.asarray(drawing.sample_indices_, dtype=np.int64)
    return rows[np.sort(drawn[drawn < len(rows)])]


SAMPLER = Undersampling()
