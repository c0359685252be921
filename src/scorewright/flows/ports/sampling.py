"""Samplers: what a model is fitted on."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from scorewright.core.matrix import FeatureSpace
from scorewright.core.sampling import Sample
from scorewright.flows.ports.learning import Floats

__all__ = ["Sampler", "SamplerCatalogue"]


class Sampler(Protocol):
    """A way to re-balance the classes of training rows.

    Attributes:
        name: Value of the ``sampling_strategy`` tag: ``none``, ``balanced``, ``smote`` ...
    """

    name: str

    def sample(
        self,
        x: Floats,
        y: npt.NDArray[np.int8],
        rows: npt.NDArray[np.int64],
        space: FeatureSpace,
        seed: int,
    ) -> Sample:
        """Choose what a model is fitted on; looks at nothing but ``x[rows]`` and ``y[rows]``.

        Args:
            x: Matrix of shape (n, p); NaN is missing, categories are codes.
            y: Labels of shape (n,).
            rows: Training rows, ascending positions.
            space: The feature space of ``x``.
            seed: The same seed gives the same sample.

        Raises:
            UsageError: ``sampling-impossible``: too few bads for the method.
        """
        ...


class SamplerCatalogue(Protocol):
    """The samplers that are installed, by name."""

    def names(self) -> tuple[str, ...]:
        """Return the names, sorted."""
        ...

    def get(self, name: str) -> Sampler:
        """Return a sampler.

        Raises:
            UsageError: ``sampler-unknown``, with near misses.
        """
        ...
