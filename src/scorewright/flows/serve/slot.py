"""The one reference that is swapped: bundle, policy and scorer always change together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scorewright.flows.serve.variant import Variant

__all__ = ["Attempt", "Slot"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last try to take over another bundle.

    Attributes:
        at: When.
        bundle: Digest that was meant, or what was asked for.
        code: Why it was refused; empty where it was taken.
        cause: The same in words.
    """

    at: datetime
    bundle: str
    code: str = ""
    cause: str = ""


class Slot:
    """Holds what answers now. Reading it is one attribute, so no answer mixes two bundles.

    Args:
        variant: What answers first; it was proved.
    """

    def __init__(self, variant: Variant) -> None:
        self._variant = variant
        self._swaps = 0
        self._attempt: Attempt | None = None

    @property
    def variant(self) -> Variant:
        """What answers now. Take it once per request and use only that."""
        return self._variant

    @property
    def swaps(self) -> int:
        """How often another bundle or policy was taken over."""
        return self._swaps

    @property
    def attempt(self) -> Attempt | None:
        """The last try, None before the first."""
        return self._attempt

    def swap(self, variant: Variant, attempt: Attempt) -> None:
        """Take over a variant whose bundle was proved."""
        self._variant = variant
        self._swaps += 1
        self._attempt = attempt

    def settle(self, attempt: Attempt) -> None:
        """Keep what answers: it is what is deployed, and nothing is refused any more."""
        self._attempt = attempt

    def refuse(self, attempt: Attempt) -> None:
        """Keep what answers; remember why another one was refused."""
        self._attempt = attempt
