"""Take over what is newly deployed, and go back: proved first, then one reference is swapped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.ports import BundleStore, Clock, Current
from scorewright.flows.serve.slot import Attempt, Slot
from scorewright.flows.serve.variant import Variant
from scorewright.flows.verify_bundle import Deployment

__all__ = ["Watcher", "roll_back", "rollback_target"]

#: What was refused is tried again: the machine may have been busy, a policy not yet in force.
_FIRST_WAIT, _LONGEST_WAIT = 10.0, 600.0


@dataclass(frozen=True, slots=True)
class _Again:
    """When what was refused is tried again, in seconds of the clock."""

    at: float
    wait: float


class Watcher:
    """Looks whether something else is deployed. Safe for threads; one look at a time.

    Args:
        slot: What answers.
        store: The bundles.
        load: Proves and loads what is deployed.
        clock: When it was tried.
        prepare: Makes what a variant needs before it answers, or raises; nothing is swapped
            then.
    """

    def __init__(
        self,
        slot: Slot,
        store: BundleStore,
        load: Callable[[], Deployment],
        clock: Clock,
        prepare: Callable[[Variant], object] | None = None,
    ) -> None:
        self._slot, self._store, self._load, self._clock = slot, store, load, clock
        self._prepare = prepare or (lambda _: None)
        self._looking = threading.Lock()
        self._seen: Current | None = None
        self._unreadable = ""
        self._again: _Again | None = None

    def look(self, *, again: bool = False) -> Attempt | None:
        """Take over what is deployed, if it is not what answers.

        What was refused is tried again after a while, each time later, and at once when
        something else is deployed.

        Args:
            again: Try what was refused before now.

        Returns:
            What was tried; None where nothing new is deployed.
        """
        with self._looking:
            try:
                current = self._store.current()
            except ScorewrightError as error:
                return self._cannot_read(error, again=again)
            was_unreadable, self._unreadable = bool(self._unreadable), ""
            if current != self._seen or was_unreadable:
                self._again = None
            elif not again and not self._is_time():
                return None
            self._seen = current
            if self._answers(current):
                self._settle(current)
                return None
            return self._take(current)

    def _settle(self, current: Current) -> None:
        """Forget what was refused: what is deployed now is what answers."""
        self._again = None
        refused = self._slot.attempt
        if refused is not None and refused.code:
            self._slot.settle(Attempt(self._clock.now(), current.bundle))

    def _cannot_read(self, error: ScorewrightError, *, again: bool) -> Attempt | None:
        """Say once what is wrong with the file that says what is deployed."""
        if error.code == self._unreadable and not again:
            return None
        self._unreadable = error.code
        return self._stays("current", error)

    def _is_time(self) -> bool:
        return self._again is not None and self._clock.elapsed() >= self._again.at

    def _answers(self, current: Current) -> bool:
        deployment = self._slot.variant.deployment
        return (
            deployment.since == current.since
            and deployment.loaded.manifest.digest == current.bundle
        )

    def _take(self, current: Current) -> Attempt:
        try:
            deployment = self._load()
            variant = Variant.of(deployment)
            self._prepare(variant)
        except Exception as error:  # noqa: BLE001 - no candidate may end the watching
            wait = _FIRST_WAIT if self._again is None else min(self._again.wait * 2, _LONGEST_WAIT)
            self._again = _Again(self._clock.elapsed() + wait, wait)
            return self._stays(current.bundle, _as_ours(error))
        self._again = None
        attempt = Attempt(self._clock.now(), deployment.loaded.manifest.digest)
        self._slot.swap(variant, attempt)
        return attempt

    def _stays(self, bundle: str, error: ScorewrightError) -> Attempt:
        attempt = Attempt(self._clock.now(), bundle, error.code, error.message)
        self._slot.refuse(attempt)
        return attempt


def _as_ours(error: Exception) -> ScorewrightError:
    """Return an error in our words; one nobody foresaw is named by its kind alone."""
    if isinstance(error, ScorewrightError):
        return error
    return ScorewrightError(
        f"An error nobody foresaw: {type(error).__name__}.",
        remedy="Run 'scorewright bundle verify' to see it.",
        code="unexpected",
    )


def roll_back(store: BundleStore, prove: Callable[[Current], object], clock: Clock) -> Current:
    """Deploy again what was deployed before; services take it over by themselves.

    Args:
        store: The bundles.
        prove: Proves a bundle with its policy, or raises; nothing is changed then.
        clock: The beginning of the new deployment.

    Raises:
        UsageError: ``no-previous-bundle``.
        IntegrityError: Those of proving and of `BundleStore.activate`.
    """
    previous = rollback_target(store)
    prove(previous)
    return store.activate(previous.bundle, previous.policy_file, clock.now())


def rollback_target(store: BundleStore) -> Current:
    """Return what `roll_back` would deploy again.

    Args:
        store: The bundles.

    Raises:
        UsageError: ``no-previous-bundle``.
    """
    previous = store.previous()
    if previous is None:
        raise UsageError(
            "Nothing was deployed before what is deployed now.",
            remedy="Train or sync another bundle; 'scorewright bundle list' shows those there are.",
            code="no-previous-bundle",
        )
    return previous
