"""The declared signs in the order of the matrix."""

from __future__ import annotations

from scorewright.core.errors import UsageError
from scorewright.flows.ports import FitTask

__all__ = ["signs"]


def signs(task: FitTask) -> list[int]:
    """Return the sign per column, 0 where none is declared.

    Libraries ignore signs on categorical columns, or fail late; they are refused here.

    Raises:
        UsageError: ``monotone-categorical``.
    """
    for feature in task.space.features:
        if feature.is_categorical and task.monotone.get(feature.name):
            raise UsageError(
                f"The feature '{feature.name}' is a category and cannot be monotone.",
                remedy="Remove it from [learner.monotone], or make it a number in its contract.",
                code="monotone-categorical",
            )
    return [task.monotone.get(name, 0) for name in task.space.names]
