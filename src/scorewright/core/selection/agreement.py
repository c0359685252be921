"""Do folds choose the same columns?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Agreement", "agreement"]

Floats = npt.NDArray[np.float64]

#: 97.5 % point of the normal distribution.
Z = 1.959963984540054
#: Fewest choices that can be compared.
LEAST = 2


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike several choices of columns are.

    Attributes:
        stability: 1 where all are the same, about 0 where they are drawn at random.
        low, high: Its 95 % interval; asymptotic, so wide for a handful of folds.
        share: Feature -> share of choices that keep it.
    """

    stability: float
    low: float
    high: float
    share: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form, the most often kept first."""
        ordered = sorted(self.share.items(), key=lambda pair: (-pair[1], pair[0]))
        return {
            "stability": self.stability,
            "low": self.low,
            "high": self.high,
            "share": dict(ordered),
        }


def agreement(kept: Sequence[Collection[str]], features: Sequence[str]) -> Agreement:
    """Measure how stable a selection is (Nogueira, Sechidis and Brown 2018, JMLR 18-174).

    Definition 4, with the interval of theorem 7. Where every choice keeps all columns, they
    agree and the stability is 1.

    Args:
        kept: The features each choice kept, one per fold, at least two.
        features: All features there were.

    Raises:
        ValueError: Fewer than two choices, or a kept feature that is not among them.
    """
    names = list(features)
    if len(kept) < LEAST or any(set(one) - set(names) for one in kept):
        raise ValueError("stability needs two choices or more, all among the features")
    z = np.array([[name in set(one) for name in names] for one in kept], dtype=np.float64)
    share = z.mean(axis=0)
    shares = {name: float(s) for name, s in zip(names, share, strict=True)}
    if np.all((share == 0.0) | (share == 1.0)):
        return Agreement(1.0, 1.0, 1.0, shares)
    stability, error = _nogueira(z, share)
    return Agreement(stability, stability - Z * error, min(1.0, stability + Z * error), shares)


def _nogueira(z: Floats, share: Floats) -> tuple[float, float]:
    """Return the index and its standard error, from choices of shape (m, d)."""
    m, d = z.shape
    mean_size = float(share.sum())
    chance = (mean_size / d) * (1.0 - mean_size / d)
    stability = float(1.0 - (m / (m - 1.0)) * np.mean(share * (1.0 - share)) / chance)
    size = z.sum(axis=1)
    phi = (
        (z * share).mean(axis=1)
        - size * mean_size / d**2
        + (stability / 2.0) * (2.0 * size * mean_size / d**2 - size / d - mean_size / d + 1.0)
    ) / chance
    variance = 4.0 / m**2 * float(np.sum((phi - phi.mean()) ** 2))
    return stability, float(np.sqrt(variance))
