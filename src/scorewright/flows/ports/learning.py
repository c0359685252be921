"""Learners: what they are given, what they give, and what some of them can do besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from scorewright.core.matrix import FeatureSpace

__all__ = [
    "ChoosesFeatures",
    "ComposedLearner",
    "Explains",
    "FitTask",
    "FittedModel",
    "Floats",
    "HasPointsTable",
    "Learner",
    "LearnerCatalogue",
    "Params",
]

Floats = npt.NDArray[np.float64]
Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FitTask:
    """Everything a learner may look at while it fits.

    Attributes:
        x: Matrix of shape (n, p) in the order of ``space``; NaN is missing, categories are codes.
        y: Labels of shape (n,), 1 is bad.
        space: The feature space of ``x``.
        params: Complete parameters, as returned by `Learner.parameters`.
        monotone: Feature name -> +1 (PD rises with it) or -1.
        seed: Seed of everything random.
        threads: Threads the learner may use.
        weight: Weight of each row, shape (n,), on top of the class weights in ``params``; None
            means 1.
        made: How many of the last rows a sampling made up of the others.
        parents: Positions of the two rows each made-up row lies between, shape (made, 2); None
            where nobody knows.
    """

    x: Floats
    y: npt.NDArray[np.int8]
    space: FeatureSpace
    params: Params
    monotone: Mapping[str, int] = field(default_factory=dict)
    seed: int = 42
    threads: int = 2
    weight: Floats | None = None
    made: int = 0
    parents: npt.NDArray[np.int64] | None = None


class FittedModel(Protocol):
    """A fitted model: numbers in, raw scores out, and a native form without pickle."""

    def predict(self, x: Floats) -> Floats:
        """Return raw scores in (0, 1) of shape (n,) for a matrix of shape (n, p)."""
        ...

    def files(self) -> Mapping[str, bytes]:
        """Return the native files that `Learner.load` reads back."""
        ...

    def importance(self) -> Mapping[str, float]:
        """Return a non-negative importance per feature name."""
        ...

    def loss_history(self) -> Sequence[float]:
        """Return the training log loss per iteration; empty where there are none."""
        ...


class Learner(Protocol):
    """A learning algorithm.

    Attributes:
        name: Name in the settings, equal to the file's name: ``lgbm``.
        model_type: Value of the ``model_type`` tag of the conventions.
        supports_monotone: Whether ``monotone`` constraints can be kept.
    """

    name: str
    model_type: str
    supports_monotone: bool

    def parameters(self, overrides: Params, seed: int) -> dict[str, Any]:
        """Return the complete parameters under the library's own names.

        Raises:
            UsageError: ``learner-params`` for an unknown name (with near misses) or value.
        """
        ...

    def weight_ratio(self, params: Params, y: npt.NDArray[np.int8]) -> float:
        """Return omega = weight of a bad / weight of a good that these parameters imply."""
        ...

    def fit(self, task: FitTask) -> FittedModel:
        """Fit on the task's rows. The same task gives the same bytes in `FittedModel.files`."""
        ...

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> FittedModel:
        """Read a model back from its native files."""
        ...


class LearnerCatalogue(Protocol):
    """The learners that are installed, by name."""

    def names(self) -> tuple[str, ...]:
        """Return the names, sorted."""
        ...

    def get(self, name: str) -> Learner:
        """Return a learner.

        Raises:
            UsageError: ``learner-unknown``, with near misses.
        """
        ...


@runtime_checkable
class ComposedLearner(Protocol):
    """A learner around others: its type and its promises depend on which they are."""

    def configured(self, overrides: Params) -> Learner:
        """Return the learner for these parameters, as they are given to `Learner.parameters`.

        Raises:
            UsageError: As `Learner.parameters` does for what names or holds the others.
        """
        ...


@runtime_checkable
class ChoosesFeatures(Protocol):
    """A fitted model that uses some of the columns it was offered."""

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the features it uses, in the order of the space."""
        ...


@runtime_checkable
class HasPointsTable(Protocol):
    """A fitted model that is a table of points people can read and sign."""

    def table(self) -> Sequence[Mapping[str, Any]]:
        """Return the table, one row per bin, ready for JSON; all rows have the same keys."""
        ...


@runtime_checkable
class Explains(Protocol):
    """A fitted model that can tell what each column adds to the log-odds of its raw score.

    Models whose score is no sum of log-odds have no such method: a random forest averages shares,
    a mean rank is no probability.
    """

    def contributions(self, x: Floats) -> Floats:
        """Return what each column adds, shape (n, p + 1); the last is the base, equal for all.

        A row's sum is the log-odds of its raw score, to nine digits after the point; scores held
        at an end of their range may lie further in.

        Args:
            x: Matrix of shape (n, p), as for `FittedModel.predict`.
        """
        ...
