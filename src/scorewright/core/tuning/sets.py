"""The values trials try: sets that are given, and what the learner would refuse of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scorewright.core.errors import UsageError
from scorewright.core.tuning.limits import accepted
from scorewright.core.tuning.space import Space

__all__ = ["check_sets", "check_values", "searched_names"]


def check_sets(
    sets: Sequence[Mapping[str, Any]], space: Space, *, is_manual: bool
) -> tuple[dict[str, Any], ...]:
    """Return the parameter sets that are tried, each once.

    Args:
        sets: ``[[tuning.sets]]``.
        space: What trials draw from.
        is_manual: Whether nothing is drawn: a set may then hold any value.

    Raises:
        UsageError: ``tuning-set``: manual without a set, or a value outside the space.
    """
    if is_manual and not sets:
        raise UsageError(
            "The sampler 'manual' tries the parameter sets of the settings, and there are none.",
            remedy="List them: [[tuning.sets]] with lines such as num_leaves = 31; or set "
            'sampler = "tpe" or "random" under [tuning].',
            code="tuning-set",
        )
    kept: list[dict[str, Any]] = []
    for number, given in enumerate(sets, start=1):
        for name, value in () if is_manual else given.items():
            if name in space and not space[name].holds(value):
                raise UsageError(
                    f"[[tuning.sets]] number {number} has {name} = {value!r}, which the search "
                    f"space does not hold: {space[name].to_dict()}.",
                    remedy="Widen [tuning.space], or correct the set under [[tuning.sets]].",
                    code="tuning-set",
                )
        if dict(given) not in kept:
            kept.append(dict(given))
    return tuple(kept)


def check_values(learner: str, space: Space, sets: Sequence[Mapping[str, Any]]) -> None:
    """Refuse values that the learner would refuse in every trial that draws them.

    Args:
        learner: Name of the learner.
        space: What trials draw from: both ends of each range, and each choice, are looked at.
        sets: Parameter sets.

    Raises:
        UsageError: ``tuning-space`` or ``tuning-set``, naming parameter and limits.
    """
    for name, dimension in space.items():
        for value in dimension.values:
            if (limits := accepted(learner, name, value)) is not None:
                raise UsageError(
                    f"The search space of '{name}' reaches {value!r}, which the learner "
                    f"'{learner}' does not accept: {name} is {limits}.",
                    remedy=f"Correct {name} under [tuning.space] in scorewright.toml.",
                    code="tuning-space",
                )
    for number, given in enumerate(sets, start=1):
        for name, value in given.items():
            if (limits := accepted(learner, name, value)) is not None:
                raise UsageError(
                    f"[[tuning.sets]] number {number} has {name} = {value!r}, which the learner "
                    f"'{learner}' does not accept: {name} is {limits}.",
                    remedy=f"Correct {name} in set {number} of [[tuning.sets]].",
                    code="tuning-set",
                )


def searched_names(
    space: Space, sets: Sequence[Mapping[str, Any]]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that some trial sets for itself, and of these those that not all set.

    Args:
        space: What trials draw from; empty where they only try sets.
        sets: Parameter sets; a name of the space that a set leaves out is drawn.
    """
    named = [frozenset(given) for given in sets]
    some = frozenset(space).union(*named)
    every = frozenset(space) if space or not named else frozenset.intersection(*named)
    return some, some - every
