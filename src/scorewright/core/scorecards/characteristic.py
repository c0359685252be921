"""A characteristic: one feature, its bins and what each bin is worth."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Bin", "Characteristic"]

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin.

    Attributes:
        rows: Rows it was learned on.
        share: Weighted share of all rows, 0 to 1.
        bad_rate: Weighted share of bads in it; the base rate where it holds no row.
        woe: Weight of evidence, positive where it is better than the average.
        iv: Its part of the feature's information value.
        points: Points it gives.
    """

    rows: int
    share: float
    bad_rate: float
    woe: float
    iv: float
    points: float = 0.0


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A feature's bins, in order; missing values follow, then codes never seen.

    Attributes:
        feature: Name.
        cuts: Of a number: bin i holds ``cuts[i-1] <= x < cuts[i]``, ascending.
        groups: Of a category: bin i holds the codes ``groups[i]``; None for a number.
        bins: Bins of the values, then the bin of missing values, then, of a category only,
            the bin of codes that were not seen: weight of evidence 0.
        coefficient: What the weights of evidence are multiplied by.
    """

    feature: str
    cuts: tuple[float, ...]
    groups: tuple[tuple[int, ...], ...] | None
    bins: tuple[Bin, ...]
    coefficient: float = 1.0
    _places: Mapping[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check that the bins fit the cuts or groups, and index the codes.

        Raises:
            ValueError: They do not fit.
        """
        expected = len(self.cuts) + 2 if self.groups is None else len(self.groups) + 2
        if len(self.bins) != expected:
            raise ValueError(f"'{self.feature}' has {len(self.bins)} bins, not {expected}")
        if list(self.cuts) != sorted(set(self.cuts)):
            raise ValueError(f"the cuts of '{self.feature}' do not ascend")
        places = {c: i for i, codes in enumerate(self.groups or ()) for c in codes}
        object.__setattr__(self, "_places", places)

    @property
    def missing(self) -> int:
        """Position of the bin of missing values."""
        return len(self.bins) - (1 if self.groups is None else 2)

    @property
    def points(self) -> Floats:
        """Points of each bin, shape (bins,)."""
        return np.array([b.points for b in self.bins])

    @property
    def woe(self) -> Floats:
        """Weight of evidence of each bin, shape (bins,)."""
        return np.array([b.woe for b in self.bins])

    @property
    def iv(self) -> float:
        """Information value, chance not taken off."""
        return float(sum(b.iv for b in self.bins))

    def locate(self, x: Floats) -> Positions:
        """Return the position of each value's bin, shape (n,).

        Args:
            x: Values of shape (n,); NaN is missing, categories are codes.
        """
        if self.groups is None:
            found = np.searchsorted(np.array(self.cuts), x, side="right")
        else:
            values, place = np.unique(x, return_inverse=True)
            other = len(self.bins) - 1
            found = np.array([self._places.get(v, other) for v in values.tolist()], dtype=np.intp)
            found = found[place]
        return np.where(np.isnan(x), self.missing, found).astype(np.intp)

    def locate_one(self, value: float) -> int:
        """Return the position of one value's bin; the same as `locate`, without arrays."""
        if value != value:  # noqa: PLR0124 - NaN differs from itself
            return self.missing
        if self.groups is None:
            return bisect_right(self.cuts, value)
        # 3.0 and 3 are the same key.
        return self._places.get(value, len(self.bins) - 1)  # type: ignore[call-overload, no-any-return]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        groups = None if self.groups is None else [list(g) for g in self.groups]
        bins = [
            {
                "rows": b.rows,
                "share": b.share,
                "bad_rate": b.bad_rate,
                "woe": b.woe,
                "iv": b.iv,
                "points": b.points,
            }
            for b in self.bins
        ]
        return {
            "feature": self.feature,
            "cuts": list(self.cuts),
            "groups": groups,
            "bins": bins,
            "coefficient": self.coefficient,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Characteristic:
        """Read the form written by `to_dict`.

        Raises:
            KeyError, TypeError, ValueError: It is something else.
        """
        groups = document["groups"]
        return cls(
            feature=str(document["feature"]),
            cuts=tuple(float(c) for c in document["cuts"]),
            groups=None if groups is None else tuple(tuple(int(c) for c in g) for g in groups),
            bins=tuple(Bin(**b) for b in document["bins"]),
            coefficient=float(document["coefficient"]),
        )
