"""A learner that learns by heart, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.errors import UsageError
from scorewright.core.matrix import FeatureSpace
from scorewright.flows.ports import FitTask, FittedModel, Learner

Floats = npt.NDArray[np.float64]

NEVER_SEEN = 0.5


def _key(row: Floats) -> str:
    return row.tobytes().hex()


@dataclass(frozen=True)
class LearnedByHeart:
    """A `FittedModel` that knows the rows it has seen: 0.99 or 0.01, and 0.5 for any other."""

    seen: Mapping[str, float]
    space: FeatureSpace

    def predict(self, x: Floats) -> Floats:
        return np.array([self.seen.get(_key(row), NEVER_SEEN) for row in x])

    def files(self) -> Mapping[str, bytes]:
        return {"rows.json": json.dumps(self.seen, sort_keys=True).encode()}

    def importance(self) -> Mapping[str, float]:
        return dict.fromkeys(self.space.names, 1.0)

    def loss_history(self) -> Sequence[float]:
        return ()


@dataclass
class Memoriser:
    """A `Learner`: perfect on rows it was fitted on, ignorant of all others."""

    name: str = "memoriser"
    model_type: str = "dummy"
    supports_monotone: bool = False
    fits: list[int] = field(default_factory=list)

    def parameters(self, overrides: Mapping[str, Any], seed: int) -> dict[str, Any]:
        return {"random_state": seed, **overrides}

    def weight_ratio(self, params: Mapping[str, Any], y: npt.NDArray[np.int8]) -> float:
        return 1.0

    def fit(self, task: FitTask) -> FittedModel:
        self.fits.append(len(task.y))
        answers = {
            _key(row): 0.99 if bad else 0.01 for row, bad in zip(task.x, task.y, strict=True)
        }
        return LearnedByHeart(answers, task.space)

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> FittedModel:
        return LearnedByHeart(json.loads(files["rows.json"]), space)


@dataclass
class FailingFit(Memoriser):
    """A `Learner` whose fits fail, from the given one on."""

    name: str = "failing"
    good_fits: int = 0

    def fit(self, task: FitTask) -> FittedModel:
        if len(self.fits) >= self.good_fits:
            raise UsageError("refused", remedy="r", code="learner-params")
        return super().fit(task)


@dataclass(frozen=True)
class OnlyLearner:
    """A `LearnerCatalogue` of one."""

    learner: Learner

    def names(self) -> tuple[str, ...]:
        return (self.learner.name,)

    def get(self, name: str) -> Learner:
        return self.learner
