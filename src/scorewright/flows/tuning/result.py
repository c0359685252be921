"""What a search left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scorewright.core.tuning import Leaders, Trial
from scorewright.flows.tuning.nested import Nested
from scorewright.flows.tuning.search import Search

__all__ = ["TuneResult"]


@dataclass(frozen=True, slots=True, eq=False)
class TuneResult:
    """What a search left behind.

    Attributes:
        search: What was searched.
        experiment, run_id, tracking: Where the study's own run is found.
        storage: Where the study lies, without a password.
        trials: Every trial.
        leaders: The best of them.
        charts: Plots by name.
        nested: The nested validation, where it was asked for.
        is_whole: Whether all trials were finished before the time was up.
    """

    search: Search
    experiment: str
    run_id: str
    tracking: str
    storage: str
    trials: tuple[Trial, ...]
    leaders: Leaders
    charts: Mapping[str, Mapping[str, Any]]
    nested: Nested | None
    is_whole: bool

    @property
    def params(self) -> Mapping[str, Any] | None:
        """The best parameters with those of the settings: the new ``[learner.params]``."""
        if self.leaders.best is None:
            return None
        given = self.search.prepared.settings.learner.params
        fixed = {n: v for n, v in given.items() if n not in self.search.searched}
        return {**fixed, **self.leaders.best.params}

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright tune --json``."""
        best = self.leaders.best
        states = [t.state for t in self.trials]
        return {
            "schema_version": 1,
            "study": self.search.tuning.study,
            "storage": self.storage,
            "experiment": self.experiment,
            "run_id": self.run_id,
            "tracking_uri": self.tracking,
            "objective": self.search.objective.to_dict(),
            "finished": self.is_whole,
            "trials": {state: states.count(state) for state in sorted(set(states))},
            "best": None if best is None else best.to_dict(),
            "broken_constraints": dict(self.leaders.broken),
            "learner_params": None if self.params is None else dict(self.params),
            "nested": None if self.nested is None else self.nested.to_dict(),
        }
