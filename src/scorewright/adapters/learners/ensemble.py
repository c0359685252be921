"""Several learners as one: the mean rank, the mean log-odds, or a stack of them.

Members that weight the classes are prior-corrected one by one before they are mixed, so the
ensemble itself bends nothing. A stack learns its weights on scores its members gave real rows they
had not seen, in folds of the training rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.learners.catalogue import refuse_unknown
from scorewright.adapters.learners.composed import (
    damaged,
    inner_learner,
    inner_parameters,
    load_below,
    put_below,
)
from scorewright.adapters.learners.stack import bend, learn_stack
from scorewright.core.calibration import prior_correction
from scorewright.core.digests import canonical_json
from scorewright.core.ensembles import (
    LogitAverage,
    Mixture,
    RankAverage,
    RankTable,
    Stacking,
    mixture_from_dict,
)
from scorewright.core.errors import UsageError
from scorewright.core.matrix import FeatureSpace
from scorewright.flows.ports import Explains, FitTask, FittedModel, Learner

__all__ = ["LEARNER", "Ensemble", "EnsembleModel", "Member"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

FILE = "ensemble.json"
METHODS = ("rank_average", "logit_average", "stacking")
LEAST = 2
DEFAULTS: dict[str, Any] = {"method": "logit_average", "folds": 5}


@dataclass(frozen=True, slots=True)
class Member:
    """One fitted member.

    Attributes:
        learner: Name of its learner.
        model: The fitted model.
        omega: Weight of a bad / weight of a good it was fitted with; in a stack, by how much its
            made-up rows multiplied the odds is part of it.
    """

    learner: str
    model: FittedModel
    omega: float

    def score(self, x: Floats) -> Floats:
        """Return prior-corrected scores of shape (n,)."""
        return prior_correction(self.model.predict(x), self.omega)


class EnsembleModel:
    """Members and how their scores become one."""

    def __init__(self, members: Sequence[Member], mixture: Mixture, space: FeatureSpace) -> None:
        self._members = tuple(members)
        self._mixture = mixture
        self._space = space

    def predict(self, x: Floats) -> Floats:
        """Return mixed scores of shape (n,)."""
        return self._mixture.mix([member.score(x) for member in self._members])

    def files(self) -> Mapping[str, bytes]:
        """Return ``ensemble.json``, and each member's files in a folder of its own."""
        document = {
            "schema_version": 1,
            "members": [{"learner": m.learner, "omega": m.omega} for m in self._members],
            "mixture": self._mixture.to_dict(),
        }
        files = {FILE: canonical_json(document)}
        for i, member in enumerate(self._members):
            files |= put_below(f"member-{i}", member.model.files())
        return files

    def importance(self) -> Mapping[str, float]:
        """Return the mean of the members' importances, each summing to 1 or to 0."""
        total = dict.fromkeys(self._space.names, 0.0)
        for member in self._members:
            own = member.model.importance()
            whole = sum(own.values()) or 1.0
            for name, value in own.items():
                total[name] += value / whole / len(self._members)
        return total

    def loss_history(self) -> Sequence[float]:
        """Return nothing: members have losses of their own."""
        return ()


class ExplainedEnsembleModel(EnsembleModel):
    """One that adds log-odds of members that all explain theirs.

    Args:
        members: Its members.
        mixture: A weighted sum of log-odds.
        space: Names of the columns.
        parts: The members' own explanations.
    """

    def __init__(
        self,
        members: Sequence[Member],
        mixture: LogitAverage | Stacking,
        space: FeatureSpace,
        parts: Sequence[Explains],
    ) -> None:
        super().__init__(members, mixture, space)
        self._parts = tuple(parts)
        self._line = mixture if isinstance(mixture, Stacking) else mixture.as_stacking()

    def contributions(self, x: Floats) -> Floats:
        """Return what each column adds to the log-odds, shape (n, p + 1); the last is the base."""
        out = np.zeros((len(x), len(self._space.features) + 1))
        out[:, -1] = self._line.intercept
        weighed = zip(self._members, self._parts, self._line.weights, strict=True)
        for member, part, weight in weighed:
            out += weight * part.contributions(x)
            out[:, -1] -= weight * np.log(member.omega)
        return out


def _mixed(members: Sequence[Member], mixture: Mixture, space: FeatureSpace) -> EnsembleModel:
    """Return the ensemble; it explains where it adds log-odds and every member explains."""
    parts = [m.model for m in members if isinstance(m.model, Explains)]
    if len(parts) == len(members) and not isinstance(mixture, RankAverage):
        return ExplainedEnsembleModel(members, mixture, space, parts)
    return EnsembleModel(members, mixture, space)


class Ensemble:
    """The ensemble learner.

    Args:
        members: Its members' learners, where it is made ready for its parameters.
    """

    name = "ensemble"
    model_type = "ensemble"

    def __init__(self, members: Sequence[Learner] = ()) -> None:
        self.supports_monotone = bool(members) and all(m.supports_monotone for m in members)

    def configured(self, overrides: Mapping[str, Any]) -> Ensemble:
        """Return the ensemble of these members; it keeps signs if each of them does.

        Raises:
            UsageError: ``ensemble-members``, ``learner-unknown``.
        """
        return Ensemble([inner_learner(n, p) for n, p in _members(overrides)])

    def parameters(self, overrides: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return complete parameters, those of the members among them.

        Args:
            overrides: ``members``, a list of tables with ``learner`` and ``params``; ``method``;
                ``folds`` for a stack.
            seed: Seed of everything random.

        Raises:
            UsageError: ``ensemble-members``, ``learner-unknown``, ``learner-params``.
        """
        refuse_unknown(self.name, set(overrides), {*DEFAULTS, "members", "random_state"})
        members = [
            {"learner": name, "params": inner_parameters(name, params, seed)}
            for name, params in _members(overrides)
        ]
        params = {**DEFAULTS, "random_state": seed, **overrides, "members": members}
        if params["method"] not in METHODS:
            raise _refused(f"there is no method {params['method']!r}")
        if not isinstance(params["folds"], int) or params["folds"] < LEAST:
            raise _refused(f"folds cannot be {params['folds']!r}")
        return params

    def weight_ratio(self, params: Mapping[str, Any], y: Labels) -> float:  # noqa: ARG002 - the port's signature
        """Return 1: members are corrected one by one before they are mixed."""
        return 1.0

    def fit(self, task: FitTask) -> EnsembleModel:
        """Fit every member on the task's rows, then what mixes them.

        Raises:
            UsageError: As the members do; ``too-few-bads`` for a stack without two of each class.
        """
        learners = [(inner_learner(n, p), _own_task(task, n, p)) for n, p in _members(task.params)]
        is_stack = task.params["method"] == "stacking"
        bent = bend(task.y, task.weight, task.made) if is_stack else 1.0
        members = [
            Member(learner.name, learner.fit(own), bent * learner.weight_ratio(own.params, task.y))
            for learner, own in learners
        ]
        return _mixed(members, _mixture(task, members, learners), task.space)

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> EnsembleModel:
        """Read ensemble and members back.

        Raises:
            IntegrityError: ``bundle-model``.
        """
        try:
            document = json.loads(files[FILE])
            mixture = mixture_from_dict(document["mixture"])
            named = [(str(m["learner"]), float(m["omega"])) for m in document["members"]]
            mixture.mix([np.full(1, 0.5) for _ in named])  # refuses another number of members
        except (KeyError, ValueError, TypeError) as error:
            raise damaged("ensemble", str(error)) from error
        members = [
            Member(name, load_below(name, f"member-{i}", files, space), omega)
            for i, (name, omega) in enumerate(named)
        ]
        return _mixed(members, mixture, space)


def _members(params: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and parameters of each member."""
    members = params.get("members")
    if not isinstance(members, Sequence) or isinstance(members, str) or len(members) < LEAST:
        raise _refused(f"members is {members!r}")
    for member in members:
        given: Any = {"learner": member} if isinstance(member, str) else member
        if not isinstance(given, Mapping) or not {"learner"} <= set(given) <= {"learner", "params"}:
            raise _refused(f"a member is {member!r}")
        yield str(given["learner"]), given.get("params", {})


def _refused(what: str) -> UsageError:
    return UsageError(
        f"An ensemble cannot be made: {what}.",
        remedy=(
            "Give two members or more, each { learner = NAME, params = { ... } }, and a method: "
            f"{', '.join(METHODS)}; folds is a whole number from 2."
        ),
        code="ensemble-members",
    )


def _own_task(task: FitTask, name: str, params: Mapping[str, Any]) -> FitTask:
    """Return a member's task: the same rows, its own parameters, and signs if it keeps them."""
    keeps = inner_learner(name, params).supports_monotone
    return replace(task, params=params, monotone=task.monotone if keeps else {})


def _mixture(
    task: FitTask, members: Sequence[Member], learners: Sequence[tuple[Learner, FitTask]]
) -> Mixture:
    """Learn what mixes the members."""
    match task.params["method"]:
        case "rank_average":
            return RankAverage(tuple(RankTable.of(member.score(task.x)) for member in members))
        case "logit_average":
            return LogitAverage(len(members))
        case _:
            return learn_stack(task, learners)


LEARNER = Ensemble()
