"""What learners around other learners share: finding those, their parameters and their files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scorewright.adapters.learners.catalogue import Learners
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.matrix import FeatureSpace
from scorewright.flows.fitting import find_learner
from scorewright.flows.ports import FittedModel, Learner

__all__ = ["damaged", "inner_learner", "inner_parameters", "load_below", "put_below"]

#: Choose the number of rounds on the folds of a bench; what is around a learner has none.
EARLY_STOPPING = ("early_stopping_round", "early_stopping_rounds", "n_iter_no_change")


def inner_learner(name: str, params: Mapping[str, Any]) -> Learner:
    """Return a learner by name, made ready for its parameters.

    Raises:
        UsageError: ``learner-unknown``.
    """
    return find_learner(Learners(), name, params)


def inner_parameters(name: str, params: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Return the complete parameters of a learner inside another.

    Raises:
        UsageError: ``learner-unknown``, ``learner-params``.
    """
    complete = inner_learner(name, params).parameters(params, seed)
    for stopping in EARLY_STOPPING:
        if complete.get(stopping):
            raise UsageError(
                f"The learner '{name}' cannot choose its number of rounds inside another learner: "
                f"{stopping} is {complete[stopping]!r}, and nothing would be stopped.",
                remedy=f"Leave {stopping} out of the parameters of '{name}', or set it to 0, and "
                "give it a number of rounds.",
                code="learner-params",
            )
    return complete


def put_below(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return files under a folder."""
    return {f"{folder}/{name}": data for name, data in files.items()}


def load_below(
    name: str, folder: str, files: Mapping[str, bytes], space: FeatureSpace
) -> FittedModel:
    """Read a learner's model back from the files under a folder.

    Raises:
        IntegrityError: ``bundle-model``.
    """
    start = f"{folder}/"
    own = {n.removeprefix(start): data for n, data in files.items() if n.startswith(start)}
    return Learners().get(name).load(own, space)


def damaged(kind: str, what: str) -> IntegrityError:
    """Return the error for a document that cannot be read."""
    return IntegrityError(
        f"The {kind} cannot be read: {what}.",
        remedy="Get the bundle again from where it was made, or train again.",
        code="bundle-model",
    )
