"""An Optuna study as the flow's port wants it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np

from scorewright.adapters.tuning.drawing import DrawnTrial, state_of
from scorewright.adapters.tuning.locks import ProcessLocks
from scorewright.adapters.tuning.places import Place, answering, interrupting, quiet, translated
from scorewright.adapters.tuning.queueing import BASE, DIGEST, QUEUED, SET, is_retry, queue_again
from scorewright.adapters.tuning.recovery import REASON, WORKER, Recovery
from scorewright.core.tuning import Trial, TrialState, set_digest
from scorewright.flows.tuning import Broken, Done, Drawn, Outcome, Source, Stopped, StudyPlan

if TYPE_CHECKING:
    import optuna
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

__all__ = ["OptunaStudy"]

#: Seconds between two looks at what the others do.
PAUSE = 1.0
#: Below this many complete trials an importance is chance.
FEW = 5

_SOURCE, _VIOLATIONS = "source", "violations"


class _TrialFailed(Exception):  # noqa: N818 - Optuna is told so, nobody else
    """A trial failed for a reason that is known; the study goes on."""


@dataclass(slots=True)
class OptunaStudy:
    """A study.

    Attributes:
        study: Optuna's.
        plan: What it was opened with.
        place: Where it lies.
        locks: Who is alive.
        token: Of this process.
        recovery: Finds the trials of dead processes.
    """

    study: optuna.Study
    plan: StudyPlan
    place: Place
    locks: ProcessLocks
    token: str
    recovery: Recovery = field(init=False)

    def __post_init__(self) -> None:
        """Have the trials of dead processes found."""
        self.recovery = Recovery(self.study, self.place, self.locks)

    def trials(self) -> Sequence[Trial]:
        """Return all trials in the order of their numbers."""
        return [self._view(trial) for trial in self._frozen()]

    def alive(self) -> frozenset[int]:
        """Return the numbers of running trials whose process lives, as far as is known."""
        running = [t for t in self._frozen() if t.state.name == "RUNNING"]
        return frozenset(t.number for t in running if self.recovery.life(t) != "dead")

    def enqueue(self, sets: Sequence[Mapping[str, Any]]) -> None:
        """Have parameter sets tried first; those that were given before are left out."""
        with self.alone("sets"), translated(self.place):
            given = {t.user_attrs.get(DIGEST) for t in self._frozen()}
            for params in sets:
                digest = set_digest(params)
                if digest in given:
                    continue
                fixed = {n: v for n, v in params.items() if n in self.plan.space}
                attrs = {SET: dict(params), DIGEST: digest, QUEUED: True}
                self.study.enqueue_trial(fixed, user_attrs=attrs)

    def recover(self) -> Sequence[int]:
        """Queue the parameters of dead processes' trials again; return their numbers.

        Whose lock is free is dead. Of processes elsewhere a database knows by their heartbeat;
        the same callback then queues their parameters.
        """
        with self.alone("recovery"), translated(self.place), quiet():
            before = {t.number for t in self._frozen() if t.state.name == "RUNNING"}
            self.recovery.run()
            after = {t.number for t in self._frozen() if t.state.name == "FAIL"}
        return sorted(before & after)

    def work(self, do: Callable[[Drawn], Outcome]) -> None:
        """Draw one trial, do it and keep what came of it."""
        ending: list[SystemExit] = []
        drawing = contextlib.ExitStack()

        def objective(trial: optuna.Trial) -> float:
            try:
                with interrupting():
                    trial.set_user_attr(WORKER, self.token)
                    drawing.close()
                    outcome = do(DrawnTrial(trial, self.plan, self._complete()))
                    return self._keep(trial, outcome)
            except KeyboardInterrupt:
                queue_again(self.study, state_of(trial))
                raise
            except SystemExit as end:
                # Optuna would leave the trial running for ever.
                queue_again(self.study, state_of(trial))
                ending.append(end)
                raise KeyboardInterrupt from end

        self.study.sampler = self._sampler()
        with drawing, quiet(), answering(self.place):
            drawing.enter_context(self.recovery.drawing())
            try:
                self.study.optimize(objective, n_trials=1, catch=(_TrialFailed,))
            except KeyboardInterrupt:
                if ending:
                    raise ending[0] from None
                raise

    def recall(self, key: str) -> str | None:
        """Return what was kept under a key."""
        with translated(self.place):
            value = self.study.user_attrs.get(key)
        return None if value is None else str(value)

    def remember(self, key: str, value: str) -> None:
        """Keep a text for every process of the study."""
        with translated(self.place):
            self.study.set_user_attr(key, value)

    def alone(self, what: str) -> AbstractContextManager[None]:
        """Let one process of this machine after the other do something, named ``what``."""
        return self.locks.alone(f"{self.plan.name}-{what}")

    def wait(self) -> None:
        """Wait a little for the others."""
        time.sleep(PAUSE)

    def importance(self) -> Mapping[str, float]:
        """Return how much each parameter decides the objective (PED-ANOVA, Watanabe 2023)."""
        from optuna import importance  # noqa: PLC0415 - heavy

        done = [t for t in self._frozen() if t.state.name == "COMPLETE"]
        if len(done) < FEW or len({t.value for t in done}) == 1:
            return {}
        shared = set.intersection(*(set(t.params) for t in done))
        # A parameter that never changed decides nothing, and PED-ANOVA has no name for it.
        names = sorted(n for n in shared if len({str(t.params[n]) for t in done}) > 1)
        if not names:
            return {}
        with quiet():
            found = importance.get_param_importances(
                self.study, evaluator=importance.PedAnovaImportanceEvaluator(), params=names
            )
        return {name: float(share) for name, share in found.items() if np.isfinite(share)}

    def _sampler(self) -> BaseSampler:
        """Return a sampler whose draw follows from seed, process, and how many were drawn.

        A search that was interrupted goes on as if it had not been, and does not draw the same
        values again.
        """
        from optuna.samplers import RandomSampler, TPESampler  # noqa: PLC0415 - heavy

        drawn = sum(not t.user_attrs.get(QUEUED) and not is_retry(t) for t in self._frozen())
        words = [self.plan.seed, self.plan.worker, drawn]
        seed = int(np.random.SeedSequence([abs(word) for word in words]).generate_state(1)[0])
        if self.plan.sampler == "tpe":
            return TPESampler(seed=seed, constant_liar=True)
        return RandomSampler(seed=seed)

    def _keep(self, trial: optuna.Trial, outcome: Outcome) -> float:
        """Write down what came of a trial, in the way Optuna wants to hear it."""
        from optuna import TrialPruned  # noqa: PLC0415 - heavy

        trial.set_user_attr(_SOURCE, _source(outcome.source))
        match outcome:
            case Done(value=value, violations=violations):
                trial.set_user_attr(_VIOLATIONS, dict(violations))
                for text, by in violations.items():
                    trial.set_constraint(text, by)
                return value
            case Stopped(reason=reason):
                trial.set_user_attr(REASON, reason)
                raise TrialPruned(reason)
            case Broken(reason=reason, again=again):
                trial.set_user_attr(REASON, reason)
                if again:
                    queue_again(self.study, state_of(trial))
                raise _TrialFailed(reason)
            case _:
                assert_never(outcome)

    def _frozen(self) -> list[FrozenTrial]:
        with translated(self.place):
            return self.study.get_trials(deepcopy=False)

    def _complete(self) -> int:
        return sum(t.state.name == "COMPLETE" for t in self._frozen())

    def _view(self, trial: FrozenTrial) -> Trial:
        attrs, source = trial.user_attrs, dict(trial.user_attrs.get(_SOURCE, {}))
        return Trial(
            number=trial.number,
            state=_STATES[trial.state.name],
            params={**attrs.get(BASE, {}), **trial.params, **attrs.get(SET, {})},
            value=trial.value if trial.state.name == "COMPLETE" else None,
            violations=dict(attrs.get(_VIOLATIONS, {})),
            folds=dict(sorted(trial.intermediate_values.items())),
            run_id=source.get("run_id", ""),
            run_name=source.get("run_name", ""),
            reused=bool(source.get("reused", False)),
            reason=str(attrs.get(REASON, "")),
            seconds=float(source.get("seconds", 0.0)),
        )


_STATES: Mapping[str, TrialState] = {
    "COMPLETE": "complete",
    "PRUNED": "pruned",
    "FAIL": "failed",
    "RUNNING": "running",
    "WAITING": "waiting",
}


def _source(source: Source) -> dict[str, Any]:
    return {
        "run_id": source.run_id,
        "run_name": source.run_name,
        "reused": source.reused,
        "seconds": source.seconds,
    }
