"""The trials of a study, and which of them is the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from scorewright.core.tuning.objective import Objective

__all__ = ["Leaders", "Trial", "TrialState", "leaders"]

TrialState = Literal["complete", "pruned", "failed", "running", "waiting"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial.

    Attributes:
        number: From 0, in the order of their beginnings.
        state: ``complete`` and ``pruned`` count as finished.
        params: What it tried, on top of the settings.
        value: The objective, of complete trials.
        violations: Constraint as text -> by how much it is broken; 0 or less is kept.
        folds: The objective per fold, as far as it came.
        run_id, run_name: Its run; of a trial that drew known parameters, the run it took over.
        reused: Whether the figures are those of an earlier run.
        reason: Why it was pruned or failed.
        seconds: What it took.
    """

    number: int
    state: TrialState
    params: Mapping[str, Any]
    value: float | None = None
    violations: Mapping[str, float] = field(default_factory=dict)
    folds: Mapping[int, float] = field(default_factory=dict)
    run_id: str = ""
    run_name: str = ""
    reused: bool = False
    reason: str = ""
    seconds: float = 0.0

    @property
    def is_finished(self) -> bool:
        """Whether it counts towards the number of trials asked for."""
        return self.state in ("complete", "pruned")

    @property
    def is_feasible(self) -> bool:
        """Whether it keeps every constraint."""
        return all(by <= 0.0 for by in self.violations.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as JSON-ready data."""
        return {
            "number": self.number,
            "state": self.state,
            "value": self.value,
            "feasible": self.is_feasible if self.state == "complete" else None,
            "params": dict(self.params),
            "violations": dict(self.violations),
            "folds": {str(k): v for k, v in self.folds.items()},
            "run_id": self.run_id,
            "run_name": self.run_name,
            "reused": self.reused,
            "reason": self.reason,
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class Leaders:
    """The best of a study.

    Attributes:
        best: The best trial that keeps every constraint; None without one.
        nearest: The best of all complete trials; where none is feasible, the one that breaks
            the constraints least.
        broken: Constraint -> how many complete trials break it.
        complete: How many trials are complete.
    """

    best: Trial | None
    nearest: Trial | None
    broken: Mapping[str, int]
    complete: int


def leaders(trials: Sequence[Trial], objective: Objective) -> Leaders:
    """Choose the best trial: feasible ones first, of equals the earliest.

    Args:
        trials: All trials of the study.
        objective: What is better.
    """
    done = [t for t in sorted(trials, key=lambda t: t.number) if t.state == "complete"]
    sign = 1.0 if objective.is_small_better else -1.0

    def rank(trial: Trial) -> float:
        return sign * (trial.value if trial.value is not None else sign * float("inf"))

    def excess(trial: Trial) -> float:
        return sum(max(0.0, by) for by in trial.violations.values())

    feasible = [trial for trial in done if trial.is_feasible]
    best = min(feasible, key=rank, default=None)
    nearest = best or min(done, key=lambda trial: (excess(trial), rank(trial)), default=None)
    broken: dict[str, int] = {}
    for trial in done:
        for text, by in trial.violations.items():
            broken[text] = broken.get(text, 0) + (by > 0.0)
    return Leaders(best, nearest, broken, len(done))
