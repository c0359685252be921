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

from scorewright.core.reasons.dictionary import ReasonDictionary

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
    named = {
        feature: value
        for feature, value in zip(features, values[:-1], strict=True)
        if not dictionary.is_prohibited(feature)
    }
    hidden = [v for f, v in zip(features, values[:-1], strict=True) if f not in named]
    return Explanation(
        log_odds=math.fsum(values),
        baseline=values[-1],
        contributions=named,
        undisclosed=math.fsum(hidden),
        reasons=_reasons(named, dictionary, most),
    )


def _reasons(
    contributions: dict[str, float], dictionary: ReasonDictionary, most: int
) -> tuple[Reason, ...]:
    """Add up by reason, and keep the strongest toward decline."""
    texts: dict[str, str] = {}
    parts: dict[str, dict[str, float]] = {}
    for feature, value in contributions.items():
        entry = dictionary.entry_of(feature)
        texts[entry.code] = entry.text
        parts.setdefault(entry.code, {})[feature] = value
    sums = {code: math.fsum(of.values()) for code, of in parts.items()}
    strongest = sorted((code for code in sums if sums[code] > 0.0), key=lambda c: (-sums[c], c))
    return tuple(
        Reason(
            code,
            texts[code],
            sums[code],
            tuple(sorted(parts[code], key=lambda f: (-parts[code][f], f))),
        )
        for code in strongest[:most]
    )
