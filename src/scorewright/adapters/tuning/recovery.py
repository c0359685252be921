"""Trials whose process died or was interrupted: they fail, their parameters are queued again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scorewright.adapters.tuning.locks import Life, ProcessLocks
from scorewright.adapters.tuning.places import GRACE, Place, translated
from scorewright.adapters.tuning.queueing import queue_again
from scorewright.core.errors import ScorewrightError

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

__all__ = ["REASON", "UNSIGNED", "WORKER", "Recovery"]

#: Attributes of a trial: token of the process that works on it, and why it ended.
WORKER, REASON = "worker", "reason"

#: Seconds a process elsewhere has between drawing a trial and signing it, which takes
#: milliseconds. They are counted here: the clock of the other machine may be wrong.
UNSIGNED = 2 * GRACE


@dataclass(slots=True)
class Recovery:
    """Finds the trials of a study that are nobody's.

    Optuna draws a trial and keeps it as running before the process can sign it with its token.
    So a process holds a lock while it draws and signs: who has that lock knows that a trial
    without a token has lost its process.

    Attributes:
        study: Optuna's.
        place: Where it lies.
        locks: Who is alive.
        unsigned: Trial number -> when it was first seen running without a token.
    """

    study: optuna.Study
    place: Place
    locks: ProcessLocks
    unsigned: dict[int, float] = field(default_factory=dict)

    def run(self) -> None:
        """Fail the trials that are nobody's, and queue their parameters again."""
        import optuna  # noqa: PLC0415 - heavy

        optuna.storages.fail_stale_trials(self.study)
        for trial in self._running():
            if self.life(trial) == "dead":
                self._end(trial, "its process died")
        if any(_is_unsigned(trial) for trial in self._running()):
            with self._alone():
                self._end_unsigned("its process died")
        # What is left of a process elsewhere in its trials is all that tells whether it lives.
        self.locks.sweep({str(trial.user_attrs.get(WORKER)) for trial in self._running()})

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Draw and sign a trial while the block lasts.

        An interrupt that comes in between leaves no trial behind, where it can be told apart
        from those of other machines.
        """
        with self._alone():
            try:
                yield
            except (KeyboardInterrupt, SystemExit):
                # What fails here is left to the next process.
                with contextlib.suppress(ScorewrightError), translated(self.place):
                    self.study._storage.remove_session()  # noqa: SLF001 - the interrupt may have left it in the middle of a transaction
                    self._end_unsigned("it was interrupted")
                raise

    def life(self, trial: FrozenTrial) -> Life:
        """Return whether the process of a running trial lives."""
        # Between being drawn and being signed there is a moment.
        return "unknown" if _is_unsigned(trial) else self.locks.life(str(trial.user_attrs[WORKER]))

    def _end_unsigned(self, reason: str) -> None:
        """Fail what is unsigned; to be called by who has the lock."""
        now = time.monotonic()
        for trial in self._running():
            if not _is_unsigned(trial):
                continue
            since = self.unsigned.setdefault(trial.number, now)
            if self.locks.is_shared or now - since >= UNSIGNED:
                self._end(trial, reason)

    def _end(self, trial: FrozenTrial, reason: str) -> None:
        from optuna.exceptions import UpdateFinishedTrialError  # noqa: PLC0415 - heavy
        from optuna.trial import TrialState as State  # noqa: PLC0415 - heavy

        # Another machine may have been quicker.
        with contextlib.suppress(UpdateFinishedTrialError):
            storage = self.study._storage  # noqa: SLF001 - Optuna has no other way to end a trial of another process
            storage.set_trial_user_attr(trial._trial_id, REASON, reason)  # noqa: SLF001 - as above
            # In this order a death in between tries parameters twice; in the other, never.
            queue_again(self.study, trial)
            storage.set_trial_state_values(trial._trial_id, State.FAIL)  # noqa: SLF001 - as above

    def _running(self) -> list[FrozenTrial]:
        from optuna.trial import TrialState as State  # noqa: PLC0415 - heavy

        return self.study.get_trials(deepcopy=False, states=(State.RUNNING,))

    def _alone(self) -> AbstractContextManager[None]:
        return self.locks.alone(f"{self.study.study_name}-drawing")


def _is_unsigned(trial: FrozenTrial) -> bool:
    return WORKER not in trial.user_attrs
