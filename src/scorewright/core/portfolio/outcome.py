"""Who turns bad: the log odds of all parts of risk, and the draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from scorewright.core.portfolio.application import Request
from scorewright.core.portfolio.draws import Bools, Floats, chance
from scorewright.core.portfolio.latent import Latent
from scorewright.core.portfolio.people import People

__all__ = ["Histories", "log_odds", "outcome"]

_BASE: Final = -3.944  # makes 8 % bad with every switch off
_NEW: Final = 2.0  # years in the job
_YOUNG: Final = 32.0  # years of age
_STRAINED: Final = 0.6  # log of the burden over the usual one


@dataclass(frozen=True, slots=True)
class Histories:
    """Which histories an applicant has; each array has shape (n,)."""

    bureau: Bools
    balance: Bools
    previous: Bools
    loans: Bools
    cards: Bools


def log_odds(latent: Latent, someone: People, asked: Request, has: Histories) -> Floats:
    """Return the log odds of a bad outcome, shape (n,)."""
    return _BASE + latent.macro + _application(latent, someone, asked) + _history(latent, has)


def outcome(rng: np.random.Generator, odds: Floats) -> Bools:
    """Draw the outcomes, True is bad, shape (n,)."""
    return chance(rng, odds, odds.size)


def _application(latent: Latent, someone: People, asked: Request) -> Floats:
    general = latent.general
    strain = np.log(np.clip(asked.burden, 0.02, 1.5) / 0.18)
    is_new = someone.has_work & (someone.employed < _NEW)
    is_young = someone.age < _YOUNG
    single: Floats = (
        0.53 * general
        + 0.34 * latent.discipline
        + 0.20 * strain
        + 0.9 * asked.markup
        - 0.011 * (someone.age - 44.0)
        + 0.20 * someone.is_male
        + 0.10 * (someone.education.astype(np.float64) - 3.0)
        + 0.12 * (someone.region - 2)
        + 0.12 * someone.city_differs
        - 0.12 * someone.has_car
        + 0.10 * np.minimum(asked.friends, 3)
        - 0.35 * asked.is_revolving
    )
    together: Floats = (
        0.30 * (is_new & is_young)
        + 0.22 * strain * np.clip(general, -1.0, 2.5)
        + 0.25 * (~someone.has_car & someone.is_male & is_young)
        + 0.30 * ((strain > _STRAINED) & (someone.employed > 0) & is_new)
    )
    odds: Floats = single + together
    return odds


def _history(latent: Latent, has: Histories) -> Floats:
    """Each table's own part counts where there is such a history; having none is a risk too."""
    parts: Floats = (
        0.38 * latent.bureau * has.bureau
        + 0.38 * latent.balance * has.balance
        + 0.31 * latent.previous * has.previous
        + 0.36 * latent.instalments * has.loans
        + 0.31 * latent.pos * has.loans
        + 0.55 * latent.card * has.cards
    )
    odds: Floats = parts + 0.25 * ~has.bureau + 0.1 * ~has.previous
    return odds
