"""What a search is, before its first trial: space, sets, objective, constraints, identity."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.errors import UsageError
from scorewright.core.project import ProtectedSettings, Settings, TuningSettings
from scorewright.core.statistics import adverse_impact_ratio
from scorewright.core.tuning import (
    Constraint,
    Objective,
    Space,
    deciding_versions,
    fold_digest,
    searched_names,
    study_identity,
)
from scorewright.flows.train import Prepared, cost_matrix
from scorewright.flows.tuning.checks import check_search, constraints_of

__all__ = [
    "Search",
    "plan_search",
    "with_params",
]

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
        versions: Package -> version, of all that are installed.
    """

    prepared: Prepared
    space: Space
    sets: tuple[Mapping[str, Any], ...]
    objective: Objective
    constraints: tuple[Constraint, ...]
    identity: Mapping[str, str]
    protected: npt.NDArray[np.bool_] | None
    versions: Mapping[str, str]

    @property
    def searched(self) -> frozenset[str]:
        """Names of the parameters that trials set, and the settings therefore do not decide."""
        return searched_names(self.space, self.sets)[0]

    @property
    def base(self) -> dict[str, Any]:
        """What a trial that leaves out a searched parameter takes from the settings for it."""
        given = self.prepared.settings.learner.params
        left_out = searched_names(self.space, self.sets)[1]
        return {name: given[name] for name in sorted(left_out) if name in given}

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


def plan_search(settings: Settings, prepared: Prepared, versions: Mapping[str, str]) -> Search:
    """Put together what the trials of a project share.

    Args:
        settings: The project.
        prepared: Its rows.
        versions: Package -> version, of all that are installed.

    Raises:
        UsageError: As `check_search`, and ``tuning-protected``.
    """
    space, sets = check_search(settings, prepared.learner)
    tuning = settings.tuning
    objective = Objective(tuning.objective, cost_matrix(prepared), tuning.beta)
    constraints = constraints_of(settings, has_oot=bool(prepared.plan.is_oot.any()))
    protected = None if tuning.protected is None else _members(prepared, tuning.protected)
    return Search(
        prepared=prepared,
        space=space,
        sets=sets,
        objective=objective,
        constraints=constraints,
        identity=_identity(prepared, objective, searched_names(space, sets)[0], versions),
        protected=protected,
        versions=versions,
    )


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


def _identity(
    prepared: Prepared,
    objective: Objective,
    searched: AbstractSet[str],
    versions: Mapping[str, str],
) -> dict[str, str]:
    """Return what two studies must share for their trials to be compared.

    What the settings say of a searched parameter is no part of it: a study goes on when its
    best parameters have been written there. Defaults follow from the versions.
    """
    settings, plan = prepared.settings, prepared.plan
    fixed = {n: v for n, v in settings.learner.params.items() if n not in searched}
    protected = settings.tuning.protected
    return study_identity(
        {
            "data": [prepared.data_digest, prepared.strategy],
            "features": prepared.space.to_dict(),
            "folds": fold_digest((plan.fold, *plan.others)),
            "learner": prepared.learner.name,
            "learner.params": _texts(fixed),
            "learner.monotone": dict(settings.learner.monotone),
            "learner.sampling": prepared.sampler.name,
            "seed": settings.project.seed,
            "versions": deciding_versions(prepared.learner.name, versions),
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
