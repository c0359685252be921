"""The dummy: the base rate for everybody. What every other learner must beat."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.learners.catalogue import refuse_unknown
from scorewright.core.digests import canonical_json
from scorewright.core.errors import IntegrityError
from scorewright.core.matrix import FeatureSpace
from scorewright.flows.ports import FitTask

__all__ = ["LEARNER", "Dummy", "DummyModel"]

Floats = npt.NDArray[np.float64]

FILE = "dummy.json"


class DummyModel:
    """One probability for all."""

    def __init__(self, prior: float, space: FeatureSpace) -> None:
        self._prior = prior
        self._space = space

    def predict(self, x: Floats) -> Floats:
        """Return the base rate, shape (n,)."""
        return np.full(len(x), self._prior)

    def contributions(self, x: Floats) -> Floats:
        """Return nothing but the base, shape (n, p + 1): no column plays a part."""
        out = np.zeros((len(x), len(self._space.features) + 1))
        out[:, -1] = np.log(self._prior / (1.0 - self._prior))
        return out

    def files(self) -> Mapping[str, bytes]:
        """Return the base rate as JSON."""
        return {FILE: canonical_json({"schema_version": 1, "prior": self._prior})}

    def importance(self) -> Mapping[str, float]:
        """Return zero for every feature."""
        return dict.fromkeys(self._space.names, 0.0)

    def loss_history(self) -> Sequence[float]:
        """Return nothing: there are no iterations."""
        return ()


class Dummy:
    """The learner that learns only the base rate."""

    name = "dummy"
    model_type = "dummy"
    supports_monotone = True

    def parameters(self, overrides: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return the parameters: only the seed, which changes nothing."""
        refuse_unknown(self.name, set(overrides), {"random_state"})
        return {"random_state": seed, **overrides}

    def weight_ratio(self, params: Mapping[str, Any], y: npt.NDArray[np.int8]) -> float:  # noqa: ARG002 - the port's signature
        """Return 1: nothing is weighted."""
        return 1.0

    def fit(self, task: FitTask) -> DummyModel:
        """Remember the weighted share of bads, kept off 0 and 1 by half a case (Jeffreys)."""
        weight = np.ones(len(task.y)) if task.weight is None else task.weight
        prior = (float(weight[task.y == 1].sum()) + 0.5) / (float(weight.sum()) + 1.0)
        return DummyModel(prior, task.space)

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> DummyModel:
        """Read the JSON back.

        Raises:
            IntegrityError: ``bundle-model``.
        """
        try:
            return DummyModel(float(json.loads(files[FILE])["prior"]), space)
        except (KeyError, ValueError, TypeError) as error:
            raise IntegrityError(
                f"The dummy model cannot be read: {error}.",
                remedy="Get the bundle again from where it was made, or train again.",
                code="bundle-model",
            ) from error


LEARNER = Dummy()
