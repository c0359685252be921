"""The columns a method keeps, and the figure each was judged by."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["Choice", "chosen"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a method kept.

    Attributes:
        kept: Positions of the kept columns, ascending; never empty.
        scores: What each column was judged by, shape (p,); higher is better.
        facts: Figures of the method as a whole.
    """

    kept: tuple[int, ...]
    scores: tuple[float, ...]
    facts: dict[str, float] = field(default_factory=dict)


def chosen(keep: Flags, scores: Floats, order: Floats | None = None, **facts: float) -> Choice:
    """Return the kept columns, and the best of all where none would be kept.

    Args:
        keep: Which columns the method keeps, shape (p,).
        scores: What each was judged by, shape (p,).
        order: Decides among equal scores which is the best, shape (p,).
        facts: Figures of the method as a whole.
    """
    kept = np.flatnonzero(keep)
    if kept.size == 0:
        ties = scores if order is None else order
        kept = np.lexsort((-ties, -scores))[:1]
    return Choice(tuple(int(k) for k in kept), tuple(float(s) for s in scores), dict(facts))
