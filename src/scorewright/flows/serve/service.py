"""Everything the pages of the service share, put together by the wiring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from scorewright.core.decision_log import LoggedDecision
from scorewright.core.project import ServeSettings
from scorewright.flows.ports import Clock, Current
from scorewright.flows.serve.application import Application, Asked
from scorewright.flows.serve.batch import BatchDesk
from scorewright.flows.serve.decide import Chosen, Decider
from scorewright.flows.serve.ports import DecisionLog, Gatekeeper, Surroundings
from scorewright.flows.serve.reload import Watcher
from scorewright.flows.serve.slot import Slot
from scorewright.flows.serve.variant import Variant
from scorewright.flows.verify_bundle import Deployment

__all__ = ["Service"]


def _champion(champion: Variant, application: Application, asked: Asked, stale: str) -> Chosen:  # noqa: ARG001 - the form of all who choose
    """Let what is deployed answer."""
    return Chosen(champion, stale=stale)


@dataclass(frozen=True, slots=True)
class Service:
    """What answers, and what every page needs.

    Attributes:
        slot: Holds the variant that answers; taken once per request.
        watcher: Takes over what is newly deployed.
        roll_back: Deploys again what was deployed before; raises what `roll_back` does.
        load: Proves and loads a bundle by its digest, with its policy ``ID@VERSION``.
        decider: Makes answers and rows of the log.
        log: The decision log.
        gatekeeper: Recognises callers.
        clock: The time.
        settings: ``[serve]``.
        versions: Package -> version of this process.
        follows: Whether it takes over by itself what is newly deployed.
        surroundings: What else this machine says; None where nobody asks.
        stale: Says why the deployed bundle may be older than it should be; empty where it is not.
        choose: Chooses who answers an application: the variant of the slot as it was taken for
            this request, the application, how it came, and why the bundle may be old.
        after_answer: Called with every answer that was sent: the application, how it came, and
            what the log holds; must not raise and must not wait.
        figures: Counts of this process that only rise, by name, for ``/metrics``.
        batches: Takes files of applications; None where there is no room for them.
        closing: Called in this order when the service ends, each with the seconds it may take.
    """

    slot: Slot
    watcher: Watcher
    roll_back: Callable[[], Current]
    load: Callable[[str, str], Deployment]
    decider: Decider
    log: DecisionLog
    gatekeeper: Gatekeeper
    clock: Clock
    settings: ServeSettings
    versions: Mapping[str, str]
    follows: bool = True
    surroundings: Surroundings | None = None
    stale: Callable[[], str] = str
    choose: Callable[[Variant, Application, Asked, str], Chosen] = _champion
    after_answer: tuple[Callable[[Application, Asked, LoggedDecision], None], ...] = ()
    figures: Mapping[str, Callable[[], int]] = field(default_factory=dict)
    closing: tuple[Callable[[float], None], ...] = ()
    batches: BatchDesk | None = None

    @property
    def is_open(self) -> bool:
        """Whether everybody on this machine is answered, without a key."""
        return self.settings.mode == "development" and not self.settings.access.required
