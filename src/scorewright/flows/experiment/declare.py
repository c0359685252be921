"""The matrix as it is declared: every feature strategy with every sampling and every learner.

Everything that can be wrong with a name or a parameter is refused here, before any work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from scorewright.core.conventions import experiment_name, run_name
from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.core.errors import UsageError
from scorewright.core.features import FeatureLibrary, render
from scorewright.core.project import SelectionSettings, Settings
from scorewright.flows.experiment.choices import Choice, Choices, refuse_two_weights, unknown
from scorewright.flows.experiment.versions import deciding
from scorewright.flows.ports import LearnerCatalogue, SamplerCatalogue
from scorewright.flows.train import BASELINE

__all__ = ["Cell", "Matrix", "Strategy", "declare"]

#: What of the policy decides the threshold of a run.
_THRESHOLD = {"method", "target", "approval_corridor", "max_bad_rate"}


@dataclass(frozen=True, slots=True)
class Strategy:
    """A choice of features.

    Attributes:
        name: As in the settings; the ``feature_strategy`` tag.
        features: Names of the declared features it takes besides the application's own columns.
        definitions: Their expressions as text.
        set: The feature set they are of; None for the application's own columns alone.
        selection: How features are chosen among them inside every fold.
    """

    name: str
    features: frozenset[str]
    definitions: Mapping[str, str]
    set: str | None = None
    selection: SelectionSettings | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix, as it is declared.

    Attributes:
        number: From 1, in the order of the declaration.
        strategy, sampling, choice: What is combined.
        is_named: Whether the learner's name is part of the cell's name.
        monotone: Signs that its learner keeps, of features it sees.
        digest: Of what decides its figures and is known without the data: table and columns,
            strategy with the text of its features, sampling, learner with all parameters and
            signs, seed, validation, costs, what the threshold is chosen for, and the versions
            of Scorewright and of the packages its learner works with.
    """

    number: int
    strategy: Strategy
    sampling: str
    choice: Choice
    is_named: bool
    monotone: Mapping[str, int]
    digest: str

    def name(self, validation: str) -> str:
        """Return the run's name, such as ``exp05_cv_domain_balanced``."""
        parts = run_name("exp", self.number, validation, self.strategy.name, self.sampling)
        return f"{parts}_{self.choice.name}" if self.is_named else parts

    def describe(self) -> str:
        """Say what is combined."""
        chosen = self.strategy.selection
        features = "" if chosen is None else f", {chosen.method} of {chosen.of} inside every fold"
        return (
            f"Cell {self.number:02d} of a matrix: features {self.strategy.name}{features}; "
            f"sampling {self.sampling}; learner {self.choice.name}."
        )


@dataclass(frozen=True, slots=True)
class Matrix:
    """All cells, ordered so that those with the same rows and learner follow each other.

    Attributes:
        experiment: Name of the experiment in the store.
        cells: In the order of their numbers.
    """

    experiment: str
    cells: tuple[Cell, ...]

    @property
    def sets(self) -> tuple[str, ...]:
        """The feature sets that are needed, each once."""
        return tuple(dict.fromkeys(c.strategy.set for c in self.cells if c.strategy.set))

    @property
    def strategies(self) -> tuple[Strategy, ...]:
        """The strategies in their order."""
        return tuple({c.strategy.name: c.strategy for c in self.cells}.values())


def declare(
    settings: Settings,
    library: FeatureLibrary | None,
    learners: LearnerCatalogue,
    samplers: SamplerCatalogue,
    versions: Mapping[str, str] | None = None,
) -> Matrix:
    """Read the matrix off the settings.

    Args:
        settings: The project.
        library: Its feature files, None without any.
        learners: The installed learners.
        samplers: The installed samplers.
        versions: Of the installed packages; another version of one that decides a cell's
            figures makes another cell.

    Raises:
        UsageError: ``experiment-strategy``, ``experiment-learner``, ``sampler-unknown`` for
            unknown names, and for names that stand for two things; ``experiment-weights``,
            ``learner-params``,
            ``name-invalid``; ``feature-duplicate``, ``feature-cycle`` of the feature files.
    """
    wanted = settings.experiment
    samplings = [_sampling(samplers, name) for name in dict.fromkeys(wanted.sampling)]
    strategies = [_strategy(settings, library, name) for name in dict.fromkeys(wanted.strategies)]
    catalogue = Choices(settings, learners)
    catalogue.refuse_twins()
    names = [catalogue.known(name) for name in dict.fromkeys(wanted.learners)]
    catalogue.refuse_unused()
    combinations = product(names, strategies, samplings)
    cells = []
    for number, (name, strategy, sampling) in enumerate(combinations, start=1):
        choice = catalogue.choice(name, strategy.selection)
        refuse_two_weights(choice, sampling)
        signs = _signs(settings, library, strategy, choice)
        document = _declared(settings, strategy, sampling, choice, signs)
        document["versions"] = deciding(versions or {}, choice)
        digest = sha256_hex(canonical_json(document))
        cell = Cell(number, strategy, sampling, choice, len(names) > 1, signs, digest)
        cell.name("cv")  # refuses names that the store could not carry
        cells.append(cell)
    experiment = experiment_name(settings.project.name, wanted.purpose)
    return Matrix(experiment, tuple(cells))


def _sampling(samplers: SamplerCatalogue, name: str) -> str:
    if name not in samplers.names():
        what = f"experiment.sampling names '{name}', which is no sampling"
        raise unknown("sampler-unknown", what, name, samplers.names())
    return samplers.get(name).name


def _strategy(settings: Settings, library: FeatureLibrary | None, name: str) -> Strategy:
    selection = settings.experiment.selections.get(name)
    sets = [s.name for s in library.sets] if library is not None else []
    known = [*sets, *settings.experiment.selections, BASELINE]
    if selection is not None and name in sets:
        raise UsageError(
            f"The strategy '{name}' is a feature set and a selection.",
            remedy=f"Give [experiment.selections.{name}] another name.",
            code="experiment-strategy",
        )
    of = name if selection is None else selection.of
    if library is not None and of in sets:
        features = library.resolve(of)
        definitions = {f.name: render(f.expression) for f in features}
        return Strategy(name, frozenset(definitions), definitions, of, selection)
    if of == BASELINE:
        return Strategy(name, frozenset(), {}, None, selection)
    where = f"experiment.selections.{name}.of" if selection is not None else "experiment.strategies"
    raise unknown(
        "experiment-strategy",
        f"{where} names '{of}', which is no feature set",
        of,
        known if selection is None else [*sets, BASELINE],
    )


def _signs(
    settings: Settings, library: FeatureLibrary | None, strategy: Strategy, choice: Choice
) -> dict[str, int]:
    """Return the signs a cell keeps: none of features it does not see."""
    if not choice.learner.supports_monotone:
        return {}
    declared = {f.name for s in (library.sets if library else ()) for f in s.features}
    unseen = declared - strategy.features
    return {n: sign for n, sign in settings.learner.monotone.items() if n not in unseen}


def _declared(
    settings: Settings,
    strategy: Strategy,
    sampling: str,
    choice: Choice,
    signs: Mapping[str, int],
) -> dict[str, Any]:
    """Return what of the settings decides the figures of a cell, ready for JSON."""
    return {
        "schema_version": 2,
        "data": settings.data.model_dump(mode="json"),
        "strategy": strategy.name,
        "features": dict(strategy.definitions),
        "sampling": sampling,
        "learner": choice.name,
        "fitted": choice.learner.name,
        "params": dict(choice.params),
        "monotone": dict(signs),
        "seed": settings.project.seed,
        "validation": settings.validation.model_dump(mode="json"),
        "costs": settings.costs.model_dump(mode="json"),
        "threshold": settings.policy.model_dump(mode="json", include=_THRESHOLD),
    }
