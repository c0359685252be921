"""From contributions to reasons: what moved the score, in words, the same for the same score.

Contributions are additive in log-odds (Shapley values; Lundberg et al. 2020 for trees,
coefficient times distance from the mean for linear models), so contributions of features that
stand behind one reason add up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scorewright.core.reasons.dictionary import Arranged, ReasonDictionary

__all__ = ["Explanation", "Reason", "explain"]

Floats = npt.NDArray[np.float64]
#: As many principal reasons as adverse-action notices name (12 CFR 1002.9, comment 9(b)(2)-1).
MOST = 4


@dataclass(frozen=True, slots=True)
class Reason:
    """What moved the score toward decline.

    Attributes:
        code: Of the dictionary, or the feature's name.
        text: In words.
        contribution: In log-odds; positive is toward default.
        features: Those behind it that the model uses, as the dictionary names them.
    """

    code: str
    text: str
    contribution: float
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One score, explained.

    Attributes:
        log_odds: Of the model's raw score, before calibration: baseline and all contributions.
        baseline: What the model says of nobody in particular, in log-odds.
        contributions: Feature -> contribution in log-odds, without those never named.
        undisclosed: What features that are never named contribute together.
        reasons: At most four toward decline, the strongest first.
    """

    log_odds: float
    baseline: float
    contributions: dict[str, float]
    undisclosed: float
    reasons: tuple[Reason, ...]


def explain(
    contributions: Floats,
    features: Sequence[str],
    dictionary: ReasonDictionary,
    most: int = MOST,
) -> Explanation:
    """Explain one score.

    Args:
        contributions: Shape (p + 1,), in log-odds; the last is the baseline.
        features: Their p names.
        dictionary: Their reasons.
        most: Reasons to give at most.

    Returns:
        The explanation; reasons of equal weight stand in the order of their codes.

    Raises:
        ValueError: Shapes differ, or a contribution is not finite.
    """
    if contributions.shape != (len(features) + 1,) or not bool(np.isfinite(contributions).all()):
        raise ValueError("contributions must be finite, one per feature and the baseline")
    values = contributions.tolist()
    names = tuple(features)
    arranged = dictionary.arranged(names)
    return Explanation(
        log_odds=math.fsum(values),
        baseline=values[-1],
        contributions={names[i]: values[i] for i in arranged.named},
        undisclosed=math.fsum(values[i] for i in arranged.hidden),
        reasons=_strongest(values, names, arranged, most),
    )


def _strongest(
    values: Sequence[float], names: Sequence[str], arranged: Arranged, most: int
) -> tuple[Reason, ...]:
    """Add up by reason, and keep the strongest toward decline."""
    sums = [
        (math.fsum([values[i] for i in own]) if len(own) > 1 else values[own[0]], entry, own)
        for entry, own in arranged.reasons
    ]
    toward = [one for one in sums if one[0] > 0.0]
    toward.sort(key=lambda one: (-one[0], one[1].code))
    return tuple(
        Reason(
            entry.code,
            entry.text,
            weight,
            tuple(names[i] for i in sorted(own, key=lambda i: (-values[i], names[i]))),
        )
        for weight, entry, own in toward[:most]
    )
