"""Challengers of the service: proved like the champion, and put beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scorewright.core.decision_log import Role
    from scorewright.core.project import ChallengerSettings
    from scorewright.flows.serve import (
        Decider,
        DecisionLog,
        Panel,
        Shadows,
        Slot,
    )
    from scorewright.flows.verify_bundle import Deployment

__all__ = ["Challenge", "challenge"]


@dataclass(frozen=True, slots=True)
class Challenge:
    """Who may answer, and who scores beside.

    Attributes:
        panel: Chooses who answers.
        shadows: Score after the answer.
    """

    panel: Panel
    shadows: Shadows

    @property
    def figures(self) -> Mapping[str, Callable[[], int]]:
        """Counts for ``/metrics``."""
        panel, shadows = self.panel, self.shadows
        return {
            "split_paused": lambda: panel.paused,
            "shadow_paused": lambda: shadows.paused,
            "shadow_scored": lambda: shadows.scored,
            "shadow_dropped": lambda: shadows.dropped,
            "shadow_failed": lambda: shadows.failed,
        }


def challenge(
    settings: Mapping[str, ChallengerSettings],
    load: Callable[[str], Deployment],
    slot: Slot,
    decider: Decider,
    log: DecisionLog,
) -> Challenge:
    """Prove the challengers and put them beside the champion.

    Args:
        settings: ``serve.challengers``.
        load: Proves and loads a bundle with its newest policy.
        slot: Holds what is deployed.
        decider: Makes rows of the log.
        log: Takes the shadows' rows.

    Raises:
        UsageError: ``challenger-contract``, and those of loading a bundle.
        IntegrityError: Those of proving it.
    """
    from scorewright.flows.serve import Panel, Shadows, Variant, refuse_other_contract

    answering: dict[str, Variant] = {}
    beside: list[Variant] = []
    for name, wish in settings.items():
        role: Role = "challenger" if wish.share > 0.0 else "shadow"
        variant = Variant.of(load(wish.bundle), name, role)
        refuse_other_contract(slot.variant, variant)
        decider.words(variant)  # a file that cannot be used is said at the start
        if wish.share > 0.0:
            answering[name] = variant
        else:
            beside.append(variant)
    shares = {name: settings[name].share for name in answering}
    panel = Panel(answering, shares, decider.keeping.key)
    shadows = Shadows(beside, decider, log, champion=lambda: slot.variant)
    return Challenge(panel, shadows)
