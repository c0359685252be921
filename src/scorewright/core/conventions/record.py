"""One run as its store remembers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["RunRecord"]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is needed of a run to hold it against the conventions.

    Attributes:
        name: Run name.
        experiment: Name of its experiment.
        status: ``FINISHED``, ``FAILED``, ``KILLED``, ``RUNNING`` or ``SCHEDULED``.
        metrics: Last value by name.
        histories: Values in the order of their steps, by name.
        params: Parameters as text.
        tags: Tags, ``mlflow.`` ones included.
        artifacts: Relative paths of the run's files.
        has_model: Whether a model was logged by the run.
        inputs: Number of data-set inputs that have a digest and a role.
        model_type: Value of the ``model_type`` tag, empty if there is none.
    """

    name: str
    experiment: str
    status: str
    metrics: Mapping[str, float]
    histories: Mapping[str, Sequence[float]]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    artifacts: frozenset[str]
    has_model: bool
    inputs: int
    model_type: str
