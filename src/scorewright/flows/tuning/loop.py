"""The loop of a search: trials are drawn until enough are finished."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from scorewright.core.errors import ScorewrightError
from scorewright.core.tuning import Trial, leaders
from scorewright.flows.events import Note, Notify, StepDone
from scorewright.flows.ports import Clock
from scorewright.flows.tuning.ports import Broken, Drawn, Outcome, Study
from scorewright.flows.tuning.search import Search

__all__ = ["Loop"]

#: After so many failures without a finished trial in between the search gives up.
FAILURES = 5

_SECONDS = 60.0


@dataclass(slots=True)
class Loop:
    """Works on a study until enough trials are finished or the time is up.

    Attributes:
        search: What is searched.
        study: Where the trials are drawn.
        work: Does one trial.
        clock: For the time limit.
        notify: Hears the progress.
        target: How many trials are finished in all.
        limit: Seconds after which no trial is begun; None for no limit.
        died: Tells of further processes that ended before their time.
        stage: Name of the stage that is told of.
        part: Which search of the stage it is, for people.
    """

    search: Search
    study: Study
    work: Callable[[Drawn], Outcome]
    clock: Clock
    notify: Notify
    target: int
    limit: float | None = None
    died: Callable[[], Sequence[str]] = tuple
    stage: str = "tune"
    part: str = ""
    _began: float = 0.0
    _failures: int = 0
    _told: int = -1
    _first: int = field(default=-1)

    def run(self) -> bool:
        """Work; return whether enough trials are finished.

        Raises:
            ScorewrightError: ``tuning-failing``: one trial after the other fails.
        """
        self._began = self.clock.elapsed()
        while True:
            for number in self.study.recover():
                self.notify(Note(f"trial {number} was cut off; its parameters are tried again"))
            for note in self.died():
                self.notify(Note(note))
            trials = self.study.trials()
            self._tell(trials)
            if self._is_done(trials):
                return True
            if self.limit is not None and self.clock.elapsed() - self._began >= self.limit:
                return False
            if self._is_covered(trials):
                self.study.wait()
            else:
                self.study.work(self._do)

    def _do(self, drawn: Drawn) -> Outcome:
        """Do one trial, unless others have made it needless in the meantime."""
        before = [t for t in self.study.trials() if t.number < drawn.number]
        alive = self.study.alive()
        if sum(t.is_finished or t.number in alive for t in before) >= self.target:
            # Which of two processes began the last trial is decided by the number alone.
            return Broken("enough trials were there", again=drawn.is_queued, is_counted=False)
        outcome = self.work(drawn)
        if isinstance(outcome, Broken) and outcome.is_counted:
            self._failures += 1
            self.notify(Note(f"trial {drawn.number} failed: {outcome.reason}"))
            if self._failures >= FAILURES:
                raise self._failing(outcome.reason)
        elif not isinstance(outcome, Broken):
            self._failures = 0
        return outcome

    def _failing(self, reason: str) -> ScorewrightError:
        return ScorewrightError(
            f"{FAILURES} trials in a row failed; the last: {reason}",
            remedy="Correct what it says; then run 'scorewright tune' again, finished trials are "
            "kept.",
            code="tuning-failing",
        )

    def _is_done(self, trials: Sequence[Trial]) -> bool:
        if sum(t.is_finished for t in trials) >= self.target:
            return True
        if not self.search.is_manual:
            return False
        # Sets that fail are not replaced by others.
        alive = self.study.alive()
        return not any(t.state == "waiting" or t.number in alive for t in trials)

    def _is_covered(self, trials: Sequence[Trial]) -> bool:
        """Return whether the trials that run now are all that is needed."""
        alive = self.study.alive()
        if self.search.is_manual:
            return not any(t.state == "waiting" for t in trials)
        return sum(t.is_finished or t.number in alive for t in trials) >= self.target

    def _tell(self, trials: Sequence[Trial]) -> None:
        finished = sum(t.is_finished for t in trials)
        if finished == self._told:
            return
        self._told = finished
        if self._first < 0:
            self._first = finished
        self.notify(StepDone(self.stage, min(finished, self.target), self._detail(trials)))

    def _detail(self, trials: Sequence[Trial]) -> str:
        """Say how many are done, the best so far, and how long the rest may take."""
        parts = [self.part] if self.part else []
        parts.append(f"{self._told} of {self.target} trials")
        lead = leaders(trials, self.search.objective)
        if lead.nearest is not None and lead.nearest.value is not None:
            word = "best" if lead.best is not None else "best, constraints broken,"
            parts.append(f"{word} {self.search.objective.name} {lead.nearest.value:.5g}")
        done = self._told - self._first
        left = self.target - self._told
        if done > 0 and left > 0:
            seconds = (self.clock.elapsed() - self._began) / done * left
            parts.append(f"about {span(seconds)} left")
        return ", ".join(parts)


def span(seconds: float) -> str:
    """Write a time for people: ``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < _SECONDS:
        return f"{seconds:.0f} s"
    minutes = seconds / _SECONDS
    return f"{minutes:.0f} min" if minutes < _SECONDS else f"{minutes / _SECONDS:.1f} h"
