"""Whether a fitted model keeps the signs that were declared for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scorewright.core.errors import UsageError
from scorewright.core.matrix import FeatureSpace

__all__ = ["MonotoneProof", "prove_monotone"]

Floats = npt.NDArray[np.float64]

TOLERANCE = 1e-9
#: Applicants walked, and grid points between the smallest and the largest observed value.
APPLICANTS = 200
POINTS = 20


@dataclass(frozen=True, slots=True)
class MonotoneProof:
    """What was tried for one feature and what came of it.

    Attributes:
        feature: Name.
        sign: +1 where the PD must not fall as the feature rises, -1 where it must not rise.
        steps: Number of neighbouring grid points compared.
        violations: How many went the wrong way by more than 1e-9.
        worst: The largest step the wrong way, 0 where there is none.
    """

    feature: str
    sign: int
    steps: int
    violations: int
    worst: float


def prove_monotone(
    predict: Callable[[Floats], Floats],
    x: Floats,
    space: FeatureSpace,
    monotone: Mapping[str, int],
    rng: np.random.Generator,
) -> tuple[MonotoneProof, ...]:
    """Walk random applicants along a grid of each constrained feature.

    Args:
        predict: From a matrix of shape (n, p) to scores of shape (n,).
        x: Rows to draw applicants and grids from, shape (n, p).
        space: Names of the columns of ``x``.
        monotone: Feature -> sign.
        rng: Draws the applicants.

    Returns:
        One proof per constrained feature, in the order of ``monotone``.

    Raises:
        UsageError: ``monotone-unknown`` for a name that is not a feature.
    """
    proofs = []
    chosen = x[rng.choice(len(x), size=min(APPLICANTS, len(x)), replace=False)]
    for name, sign in monotone.items():
        if name not in space.names:
            raise UsageError(
                f"learner.monotone names '{name}', which is not a model feature.",
                remedy=f"Name one of: {', '.join(space.names)}.",
                code="monotone-unknown",
            )
        column = space.names.index(name)
        present = x[~np.isnan(x[:, column]), column]
        grid = np.linspace(present.min(), present.max(), POINTS) if len(present) else np.zeros(1)
        walked = np.repeat(chosen, len(grid), axis=0)
        walked[:, column] = np.tile(grid, len(chosen))
        steps = sign * np.diff(predict(walked).reshape(len(chosen), len(grid)), axis=1)
        wrong = steps < -TOLERANCE
        worst = float(-steps.min()) if wrong.any() else 0.0
        proofs.append(MonotoneProof(name, sign, steps.size, int(wrong.sum()), worst))
    return tuple(proofs)
