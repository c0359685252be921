"""The two classes among training rows, and what changing their sizes does to the odds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scorewright.core.errors import UsageError

__all__ = ["Classes", "odds_ratio", "split_classes"]

Labels = npt.NDArray[np.int8]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """Training rows by class.

    Attributes:
        few: Positions of the smaller class, ascending; the bads where both are equal.
        many: Positions of the larger class, ascending.
        label: Label of the smaller class.
    """

    few: Rows
    many: Rows
    label: int

    @property
    def bads(self) -> int:
        """How many bads there are."""
        return len(self.few if self.label == 1 else self.many)

    @property
    def goods(self) -> int:
        """How many goods there are."""
        return len(self.many if self.label == 1 else self.few)

    def omega(self, few: int, many: int) -> float:
        """Return by how much the odds of default grow where the classes get these sizes."""
        bads, goods = (few, many) if self.label == 1 else (many, few)
        return odds_ratio((self.bads, self.goods), (bads, goods))


def odds_ratio(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Return the odds of (bads, goods) after a sampling over those before it."""
    return (after[0] / after[1]) / (before[0] / before[1])


def split_classes(y: Labels, rows: Rows, method: str, least: int = 1) -> Classes:
    """Split training rows into the smaller and the larger class.

    Args:
        y: Labels of shape (n,), 1 is bad.
        rows: Training rows, ascending positions.
        method: The sampling, for the message.
        least: Fewest rows of the smaller class the method can work with.

    Raises:
        UsageError: ``sampling-impossible``, with the numbers.
    """
    bads, goods = rows[y[rows] == 1], rows[y[rows] != 1]
    few, many, label = (bads, goods, 1) if len(bads) <= len(goods) else (goods, bads, 0)
    if len(few) < least:
        raise UsageError(
            f"The sampling '{method}' needs {least} or more rows of each class, and {len(rows):,} "
            f"training rows hold {len(bads):,} bads and {len(goods):,} goods.",
            remedy='Set the sampling to "none", use fewer folds, or bring more rows.',
            code="sampling-impossible",
            details={"bads": len(bads), "goods": len(goods), "least": least},
        )
    return Classes(few, many, label)
