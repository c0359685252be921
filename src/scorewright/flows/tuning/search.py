"""What a search is, before its first trial: space, sets, objective, constraints, identity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.errors import UsageError
from scorewright.core.project import ProtectedSettings, Settings, TuningSettings
from scorewright.core.statistics import adverse_impact_ratio
from scorewright.core.tuning import (
    Choices,
    Constraint,
    Objective,
    Space,
    check_sets,
    default_space,
    fold_digest,
    known_figures,
    parse_constraint,
    parse_space,
    study_identity,
)
from scorewright.flows.ports import Learner
from scorewright.flows.train import Prepared, cost_matrix

__all__ = ["Search", "check_search", "plan_search", "with_params"]

#: An impact ratio is infinite where only the protected group is approved; a metric may not be.
HIGHEST_RATIO = 1000.0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A search on prepared data.

    Attributes:
        prepared: Rows, folds, learner, sampling and the bench all trials share.
        space: What trials draw from.
        sets: Parameter sets that are tried first, or alone.
        objective: What is better.
        constraints: What the best trial must keep.
        identity: Digest per part of what the trials are compared on.
        protected: Members of the protected group among the development rows.
    """

    prepared: Prepared
    space: Space
    sets: tuple[Mapping[str, Any], ...]
    objective: Objective
    constraints: tuple[Constraint, ...]
    identity: Mapping[str, str]
    protected: npt.NDArray[np.bool_] | None

    @property
    def tuning(self) -> TuningSettings:
        """The settings of the search."""
        return self.prepared.settings.tuning

    @property
    def is_manual(self) -> bool:
        """Whether nothing is drawn."""
        return self.tuning.sampler == "manual"

    @property
    def target(self) -> int:
        """How many trials are finished in all."""
        return len(self.sets) if self.is_manual else self.tuning.trials

    def with_params(self, params: Mapping[str, Any]) -> Prepared:
        """Return the project with the parameters of a trial.

        Raises:
            UsageError: ``learner-params``.
        """
        return with_params(self.prepared, params)

    def violations(self, figures: Mapping[str, float]) -> dict[str, float]:
        """Return constraint -> by how much it is broken."""
        return {c.text: c.violation(figures) for c in self.constraints}

    def impact(self, pd: Floats, threshold: float) -> dict[str, float]:
        """Return the adverse impact ratio at a threshold, where a group is protected."""
        if self.protected is None:
            return {}
        ratio = adverse_impact_ratio(pd < threshold, self.protected).ratio
        return {"air": min(ratio, HIGHEST_RATIO)}


def with_params(prepared: Prepared, params: Mapping[str, Any]) -> Prepared:
    """Return a prepared project whose learner has other parameters on top of its own.

    Raises:
        UsageError: ``learner-params``.
    """
    settings = prepared.settings
    chosen = {**settings.learner.params, **params}
    learner = settings.learner.model_copy(update={"params": chosen})
    return replace(
        prepared,
        settings=settings.model_copy(update={"learner": learner}),
        params=prepared.learner.parameters(chosen, settings.project.seed),
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
    for params in (*_edges(space), *sets):
        learner.parameters({**settings.learner.params, **params}, seed)
    _constraints(settings, has_oot=True)
    return space, sets


def plan_search(settings: Settings, prepared: Prepared) -> Search:
    """Put together what the trials of a project share.

    Raises:
        UsageError: As `check_search`, and ``tuning-protected``.
    """
    space, sets = check_search(settings, prepared.learner)
    tuning = settings.tuning
    objective = Objective(tuning.objective, cost_matrix(prepared), tuning.beta)
    constraints = _constraints(settings, has_oot=bool(prepared.plan.is_oot.any()))
    protected = None if tuning.protected is None else _members(prepared, tuning.protected)
    return Search(
        prepared=prepared,
        space=space,
        sets=sets,
        objective=objective,
        constraints=constraints,
        identity=_identity(prepared, objective),
        protected=protected,
    )


def _edges(space: Space) -> Iterator[dict[str, Any]]:
    """Yield both ends of every range, and every choice."""
    for name, dimension in space.items():
        if isinstance(dimension, Choices):
            yield from ({name: value} for value in dimension.values)
        else:
            kind = int if dimension.is_integer else float
            yield from ({name: kind(end)} for end in (dimension.low, dimension.high))


def _constraints(settings: Settings, *, has_oot: bool) -> tuple[Constraint, ...]:
    known = known_figures(
        has_oot=has_oot,
        has_protected=settings.tuning.protected is not None,
        has_interval=settings.validation.bootstrap > 0,
    )
    return tuple(parse_constraint(text, known) for text in settings.tuning.constraints)


def _members(prepared: Prepared, group: ProtectedSettings) -> npt.NDArray[np.bool_]:
    """Return who of the development rows belongs to the protected group."""
    frame = prepared.frame
    if group.column not in frame.columns:
        raise UsageError(
            f"[tuning.protected] names the column '{group.column}', which the table does not have.",
            remedy=f"Name one of: {', '.join(frame.columns[:40])}.",
            code="tuning-protected",
        )
    texts = frame[group.column].cast(pl.String).fill_null("")
    wanted = str(group.value).lower() if isinstance(group.value, bool) else str(group.value)
    member = (texts == wanted).to_numpy()[prepared.development]
    if not member.any() or member.all():
        raise UsageError(
            f"[tuning.protected]: {int(member.sum()):,} of {len(member):,} rows have "
            f"{group.column} = {group.value!r}; both groups need some.",
            remedy=f"Values are {', '.join(sorted(texts.unique().to_list())[:10])}.",
            code="tuning-protected",
        )
    return np.asarray(member, dtype=np.bool_)


def _identity(prepared: Prepared, objective: Objective) -> dict[str, str]:
    """Return what two studies must share for their trials to be compared."""
    settings, plan = prepared.settings, prepared.plan
    protected = settings.tuning.protected
    return study_identity(
        {
            "data": [prepared.data_digest, prepared.strategy, list(prepared.space.names)],
            "folds": fold_digest((plan.fold, *plan.others)),
            "learner": prepared.learner.name,
            "learner.params": _texts(prepared.params),
            "learner.monotone": dict(settings.learner.monotone),
            "learner.sampling": prepared.sampler.name,
            "costs": [settings.costs.false_negative, settings.costs.false_positive],
            "objective": objective.to_dict(),
            "constraints": [
                sorted(settings.tuning.constraints),
                None if protected is None else [protected.column, str(protected.value)],
            ],
        }
    )


def _texts(params: Mapping[str, Any]) -> dict[str, str]:
    return {name: repr(value) for name, value in sorted(params.items())}
