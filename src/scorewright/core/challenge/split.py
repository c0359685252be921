"""Who answers which applicant: a split by a keyed hash, the same for the same applicant."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CHAMPION", "Arm", "assign"]

CHAMPION = "champion"
_BITS = 53  # what a float holds exactly


@dataclass(frozen=True, slots=True)
class Arm:
    """Whom an applicant was given to.

    Attributes:
        name: ``champion``, or a challenger's name.
        propensity: Probability with which this arm is chosen.
    """

    name: str
    propensity: float


def assign(key: bytes, unit: str, shares: Mapping[str, float]) -> Arm:
    """Give a unit to an arm.

    The place of a unit in [0, 1) is an HMAC-SHA-256, so nobody without the key can choose an id
    that goes to a certain arm, and adding an arm with a new name moves as few units as it can:
    arms take their share in the order of their names, the champion what is left.

    Args:
        key: At least 32 bytes.
        unit: What is assigned, such as the pseudonym of an applicant.
        shares: Challenger -> share; each at least 0, together below 1.

    Returns:
        The arm.

    Raises:
        ValueError: A share is negative, or nothing is left for the champion.
    """
    if any(share < 0.0 for share in shares.values()) or sum(shares.values()) >= 1.0:
        raise ValueError("shares must be at least 0 and leave something to the champion")
    digest = hmac.new(key, b"arm\0" + unit.encode("utf-8"), hashlib.sha256).digest()
    place = (int.from_bytes(digest[:8], "big") >> (64 - _BITS)) / (1 << _BITS)
    above = 0.0
    for name in sorted(shares):
        above += shares[name]
        if place < above:
            return Arm(name, shares[name])
    return Arm(CHAMPION, 1.0 - sum(shares.values()))
