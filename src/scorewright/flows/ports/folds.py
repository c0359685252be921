"""Many fits on one matrix: the folds of a validation, and who fits them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from scorewright.core.sampling import Sample
from scorewright.flows.ports.learning import FitTask, FittedModel, Floats, Params

__all__ = ["Bench", "FoldFit", "FoldTask", "SharingLearner"]


@dataclass(frozen=True, slots=True, eq=False)
class FoldTask:
    """One fold: what its model is fitted on, and the rows it is judged on.

    Attributes:
        sample: What it is fitted on; positions in the bench's matrix.
        train: All training rows of the fold, sampled or not; its twin is measured on them.
        valid: Rows the model never saw.
    """

    sample: Sample
    train: npt.NDArray[np.int64]
    valid: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FoldFit:
    """What one fold gave.

    Attributes:
        train_score: Raw scores of `FoldTask.train`.
        valid_score: Raw scores of `FoldTask.valid`.
        params: Parameters the fold was fitted with; where the number of rounds was chosen
            while fitting, they say which, and hold for a fit on other rows.
        kept: Names of the features the fold's model was fitted on, where it chose them; empty
            where it takes all.
    """

    train_score: Floats
    valid_score: Floats
    params: Params
    kept: tuple[str, ...] = ()


class Bench(Protocol):
    """One matrix on which many models of one learner are fitted; what can be shared is shared.

    The same sample gives the same model as `Learner.fit` on its rows, but for rounds that are
    chosen over the folds.
    """

    def fit_folds(self, folds: Sequence[FoldTask], params: Params) -> Iterator[FoldFit]:
        """Fit one model per fold and yield its scores, in the order of the folds.

        The folds may be fitted side by side: a number of rounds is then chosen on the mean of
        their curves, the same for all.
        """
        ...

    def fit(self, sample: Sample, params: Params) -> FittedModel:
        """Fit one model on a sample."""
        ...


@runtime_checkable
class SharingLearner(Protocol):
    """A learner that can share work between fits on one matrix; others are fitted one by one."""

    def bench(self, task: FitTask) -> Bench:
        """Return a bench on the task's matrix. Its parameters are only a first example."""
        ...
