"""Learners of the matrix by name, with their parameters: single ones, ensembles, selections."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scorewright.core.errors import UsageError
from scorewright.core.project import EnsembleSettings, SelectionSettings, Settings
from scorewright.flows.ports import ComposedLearner, Learner, LearnerCatalogue

__all__ = [
    "ENSEMBLE",
    "SELECTED",
    "Choice",
    "Choices",
    "near_first",
    "refuse_two_weights",
    "unknown",
]

#: Learners that are made of others.
SELECTED = "selected"
ENSEMBLE = "ensemble"
#: One bad among four: class weights that follow the classes show on it.
_PROBE = np.array([1, 0, 0, 0], dtype=np.int8)


@dataclass(frozen=True, slots=True)
class Choice:
    """A learner with its complete parameters.

    Attributes:
        name: As in the settings: a learner's, or an ensemble's.
        learner: What is fitted; around the named one where the features are selected.
        params: Complete, under the library's own names.
    """

    name: str
    learner: Learner
    params: Mapping[str, Any]


class Choices:
    """Learners by name, ensembles among them, with their parameters."""

    def __init__(self, settings: Settings, learners: LearnerCatalogue) -> None:
        self._settings = settings
        self._learners = learners

    def names(self) -> Iterator[str]:
        """Yield every name there is, but for the learners that stand around others."""
        yield from self._single()
        yield from self._settings.experiment.ensembles

    def _single(self) -> Iterator[str]:
        yield from (n for n in self._learners.names() if n not in (SELECTED, ENSEMBLE))

    def known(self, name: str) -> str:
        """Return a name that is there."""
        if name not in set(self.names()):
            what = f"experiment.learners names '{name}', which is no learner and no ensemble"
            raise unknown("experiment-learner", what, name, self.names())
        return name

    def refuse_twins(self) -> None:
        """Refuse an ensemble that has the name of a learner.

        Raises:
            UsageError: ``experiment-learner``.
        """
        for name in self._settings.experiment.ensembles:
            if name in self._learners.names():
                raise UsageError(
                    f"The ensemble '{name}' has the name of a learner.",
                    remedy=f"Give [experiment.ensembles.{name}] another name.",
                    code="experiment-learner",
                    details={"known": list(self._learners.names())},
                )

    def refuse_unused(self) -> None:
        """Refuse parameters of a learner that does not exist.

        Raises:
            UsageError: ``experiment-learner``.
        """
        for name in self._settings.experiment.params:
            if name not in set(self.names()):
                what = f"experiment.params names '{name}', which is no learner and no ensemble"
                raise unknown("experiment-learner", what, name, self.names())

    def choice(self, name: str, selection: SelectionSettings | None) -> Choice:
        """Return what is fitted, around it the selection of features where there is one."""
        wanted, overrides = self._named(name)
        if selection is not None:
            inner = {"learner": wanted, "params": overrides, "method": selection.method}
            wanted, overrides = SELECTED, {**selection.params, **inner}
        learner = self._learners.get(wanted)
        if isinstance(learner, ComposedLearner):
            learner = learner.configured(overrides)
        return Choice(name, learner, learner.parameters(overrides, self._settings.project.seed))

    def _named(self, name: str) -> tuple[str, dict[str, Any]]:
        """Return the catalogue's name and the parameters given for it."""
        own = self._settings.experiment.params.get(name, {})
        ensemble = self._settings.experiment.ensembles.get(name)
        if ensemble is not None:
            return ENSEMBLE, {**own, **self._members(name, ensemble)}
        project = self._settings.learner
        return name, {**(project.params if name == project.name else {}), **own}

    def _members(self, name: str, ensemble: EnsembleSettings) -> dict[str, Any]:
        members = []
        for member in ensemble.members:
            if member not in set(self._single()):
                what = f"experiment.ensembles.{name}.members names '{member}', which is no learner"
                raise unknown("experiment-learner", what, member, self._single())
            learner, params = self._named(member)
            members.append({"learner": learner, "params": params})
        return {"members": members, "method": ensemble.method}


def refuse_two_weights(choice: Choice, sampling: str) -> None:
    """Refuse a learner that re-weights the classes on top of a sampling that does.

    Raises:
        UsageError: ``experiment-weights``.
    """
    if sampling == "none" or choice.learner.weight_ratio(choice.params, _PROBE) == 1.0:
        return
    raise UsageError(
        f"The parameters of '{choice.name}' re-weight the classes, and so does the sampling "
        f"'{sampling}': together they would do it twice.",
        remedy="Take the class weights out of its parameters and leave them to the sampling "
        "'balanced', or keep the sampling 'none' alone.",
        code="experiment-weights",
        details={"learner": choice.name, "sampling": sampling},
    )


def unknown(code: str, what: str, name: str, known: Iterable[str]) -> UsageError:
    """Return the error for a name that nothing has: those that are near, then all others.

    Args:
        code: Its code.
        what: Where it stands and what it is not.
        name: The name.
        known: Names that would do.
    """
    names = list(dict.fromkeys(known))
    return UsageError(
        f"{what}.",
        remedy=f"Name one of: {', '.join(near_first(name, names))}.",
        code=code,
        details={"known": names},
    )


def near_first(name: str, known: Iterable[str]) -> list[str]:
    """Return all known names, those that are near to a wrong one first."""
    names = list(dict.fromkeys(known))
    near = difflib.get_close_matches(name, names, n=3)
    return [*near, *(other for other in names if other not in near)]
