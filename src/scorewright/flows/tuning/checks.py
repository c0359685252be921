"""What is checked of a search before any work is done for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from scorewright.core.conventions import Conventions, experiment_name, experiment_problem
from scorewright.core.errors import UsageError
from scorewright.core.project import Settings
from scorewright.core.tuning import (
    Constraint,
    Space,
    check_sets,
    check_values,
    default_space,
    known_figures,
    parse_constraint,
    parse_space,
)
from scorewright.flows.ports import Learner

__all__ = ["check_purpose", "check_search", "constraints_of", "search_experiment"]


def search_experiment(settings: Settings) -> str:
    """Return the name of the experiment that holds the trials."""
    return settings.tracking.experiment or experiment_name(
        settings.project.name, settings.tuning.purpose
    )


def check_purpose(settings: Settings, conventions: Conventions) -> None:
    """Refuse a purpose the conventions do not know; an experiment that is named whole stays.

    Raises:
        UsageError: ``tuning-purpose``.
    """
    if settings.tracking.experiment:
        return
    problem = experiment_problem(search_experiment(settings), settings.project.name, conventions)
    if problem is not None:
        raise UsageError(
            problem,
            remedy="Set purpose under [tuning] to one of: "
            f"{', '.join(conventions.names.purposes)}.",
            code="tuning-purpose",
        )


def check_search(
    settings: Settings, learner: Learner
) -> tuple[Space, tuple[Mapping[str, Any], ...]]:
    """Read space, sets and constraints before any work is done for them.

    Returns:
        The space and the sets.

    Raises:
        UsageError: ``tuning-space``, ``tuning-set``, ``tuning-constraint``, ``learner-params``.
    """
    tuning, seed = settings.tuning, settings.project.seed
    is_manual = tuning.sampler == "manual"
    space: Space = {}
    if not is_manual:
        space = parse_space(tuning.space) if tuning.space else default_space(settings.learner.name)
    sets = check_sets(tuning.sets, space, is_manual=is_manual)
    # A name or value the learner refuses would make every trial fail: better now.
    check_values(settings.learner.name, space, sets)
    learner.parameters(settings.learner.params, seed)
    for section, params in _tried(space, sets):
        with _said_of(section):
            learner.parameters({**settings.learner.params, **params}, seed)
    constraints_of(settings, has_oot=True)
    return space, sets


def _tried(
    space: Space, sets: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield both ends of every range, every choice and every set, each with its section."""
    for name, dimension in space.items():
        yield from (("[tuning.space]", {name: value}) for value in dimension.values)
    yield from (("[[tuning.sets]]", params) for params in sets)


@contextmanager
def _said_of(section: str) -> Iterator[None]:
    """Have the learner's refusal name the section of the settings that is to be corrected."""
    try:
        yield
    except UsageError as error:
        if error.code != "learner-params":
            raise
        raise UsageError(
            f"{section}: {error.message}",
            remedy=error.remedy.replace("[learner.params]", section),
            code=error.code,
            details=error.details,
        ) from error


def constraints_of(settings: Settings, *, has_oot: bool) -> tuple[Constraint, ...]:
    """Read the constraints of a search.

    Args:
        settings: The project.
        has_oot: Whether rows are held out of time.

    Raises:
        UsageError: ``tuning-constraint``.
    """
    known = known_figures(
        has_oot=has_oot,
        has_protected=settings.tuning.protected is not None,
        has_interval=settings.validation.bootstrap > 0,
    )
    return tuple(parse_constraint(text, known) for text in settings.tuning.constraints)
