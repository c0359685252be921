"""Champion and challengers: who answers, and who only scores beside the answer."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from scorewright.core.challenge import CHAMPION, assign
from scorewright.core.decision_log import LoggedDecision, SubjectKey
from scorewright.core.errors import UsageError
from scorewright.flows.serve.application import Application, Asked
from scorewright.flows.serve.decide import Chosen, Decider
from scorewright.flows.serve.ports import DecisionLog
from scorewright.flows.serve.variant import Variant

__all__ = ["Panel", "Shadows", "refuse_other_contract"]

#: Applications that may wait for the shadows; more are dropped and counted.
LONGEST_QUEUE = 1_000


class Panel:
    """Chooses who answers an application.

    Args:
        challengers: Those with a share, by name.
        shares: Their shares.
        key: The split is keyed with it.
    """

    def __init__(
        self, challengers: Mapping[str, Variant], shares: Mapping[str, float], key: SubjectKey
    ) -> None:
        self._challengers = dict(challengers)
        self._shares = {name: shares[name] for name in challengers}
        self._key = key
        self._asked: tuple[Variant | None, bool] = (None, True)
        self.paused = 0

    def choose(
        self, champion: Variant, application: Application, asked: Asked, stale: str = ""
    ) -> Chosen:
        """Return who answers.

        An applicant with an id always meets the same arm while the shares stay; one without is
        given by the id of the request.

        Args:
            champion: What is deployed, taken once for this request.
            application: Keeps the champion's contract.
            asked: How it came.
            stale: Why the champion may be older than it should be.
        """
        if not self._shares:
            return Chosen(champion, stale=stale)
        if not self._fits(champion):
            self.paused += 1
            return Chosen(champion, stale=stale)
        unit = asked.request_id if application.id is None else application.id
        arm = assign(self._key.secret, unit, self._shares)
        if arm.name == CHAMPION:
            return Chosen(champion, arm.propensity, stale=stale)
        return Chosen(self._challengers[arm.name], arm.propensity)

    def _fits(self, champion: Variant) -> bool:
        """Tell whether all challengers read what callers of this champion send.

        One that was deployed since the start may have another contract. Then it answers alone:
        a split without one of its arms would be another split.
        """
        if self._asked[0] is not champion:
            fits = not any(any(_strange(champion, one)) for one in self._challengers.values())
            self._asked = champion, fits
        return self._asked[1]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An application that was answered."""

    application: Application
    asked: Asked
    answered: LoggedDecision


class Shadows:
    """Scores answered applications once more with other bundles, in a thread of its own.

    It never delays and never fails an answer: what there is no room for is dropped and counted,
    and so is what a challenger cannot score.

    Args:
        variants: The challengers without a share.
        decider: Makes the rows of the log.
        log: Takes them when it next writes.
        room: Applications that may wait.
        champion: Returns what is deployed now; a challenger that reads what its callers do not
            send pauses, and what was paused is counted. None: it never changes.
    """

    def __init__(
        self,
        variants: Sequence[Variant],
        decider: Decider,
        log: DecisionLog,
        room: int = LONGEST_QUEUE,
        champion: Callable[[], Variant] | None = None,
    ) -> None:
        self._variants, self._decider, self._log = tuple(variants), decider, log
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue(room)
        self._thread: threading.Thread | None = None
        self._closed = False
        self._champion = champion
        self._fitting: tuple[Variant | None, tuple[Variant, ...]] = (None, self._variants)
        self.scored = 0
        self.dropped = 0
        self.failed = 0
        self.paused = 0

    def after_answer(
        self, application: Application, asked: Asked, answered: LoggedDecision
    ) -> None:
        """Take an application that was answered; returns at once."""
        if not self._variants or self._closed:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="shadows", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait(_Waiting(application, asked, answered))
        except queue.Full:
            self.dropped += 1

    def close(self, seconds: float) -> None:
        """Score what waits, at most for so long."""
        self._closed = True
        thread = self._thread
        if thread is not None:
            with contextlib.suppress(queue.Full):
                self._waiting.put_nowait(None)
            thread.join(seconds)

    def _run(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            fitting = self._able()
            self.paused += len(self._variants) - len(fitting)
            for variant in fitting:
                self._score(variant, waiting)

    def _able(self) -> tuple[Variant, ...]:
        """Return the challengers that read what callers of the champion send."""
        if self._champion is None:
            return self._variants
        champion = self._champion()
        if self._fitting[0] is not champion:
            able = tuple(one for one in self._variants if not any(_strange(champion, one)))
            self._fitting = champion, able
        return self._fitting[1]

    def _score(self, variant: Variant, waiting: _Waiting) -> None:
        chosen = Chosen(variant, answers=waiting.answered.decision_id)
        asked = Asked(waiting.asked.request_id, waiting.asked.caller, waiting.asked.tenant)
        try:
            record = self._decider.decide(chosen, waiting.application, asked).record
            # The moment of the answer, so that an erasure in between finds it, however late.
            record = replace(record, at=waiting.answered.at)
        except Exception:  # noqa: BLE001 - a challenger must not end the thread of all
            self.failed += 1
            return
        if self._log.offer(record):
            self.scored += 1
        else:
            self.dropped += 1


def refuse_other_contract(champion: Variant, challenger: Variant) -> None:
    """Refuse a challenger that reads what the champion's callers do not send.

    Args:
        champion: What is deployed.
        challenger: Has to read the same columns or fewer, of the same types.

    Raises:
        UsageError: ``challenger-contract``, with the columns.
    """
    strange, other_plan = _strange(champion, challenger)
    if strange or other_plan:
        what = ", ".join(strange[:5]) if strange else "other histories"
        raise UsageError(
            f"The challenger '{challenger.name}' reads what callers of the champion do not send: "
            f"{what}.",
            remedy="Challenge with a model of the same columns, or fewer, of the same types.",
            code="challenger-contract",
        )


def _strange(champion: Variant, challenger: Variant) -> tuple[list[str], bool]:
    """Return the columns that only the challenger reads, and whether its histories differ."""
    sent = champion.deployment.loaded.bundle
    read = challenger.deployment.loaded.bundle
    types = {column.name: column.type for column in sent.contract.features}
    strange = [c.name for c in read.contract.features if types.get(c.name) is not c.type]
    # One that reads no histories beside one that does would not know which column is the key,
    # and the log would keep who it is.
    plans = [None if bundle.features is None else bundle.features.digest for bundle in (sent, read)]
    other_plan = plans[0] != plans[1]
    return strange, other_plan
