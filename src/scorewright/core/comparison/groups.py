"""Cells that cannot be told apart, as groups.

"Cannot be told apart" is not transitive: a may not differ from b, nor b from c, and a from c all
the same. Groups need a rule that does not pretend otherwise: the best cell not yet placed opens a
group, and all cells that do not really differ from that best one are in it; then again among the
rest. Two cells of one group may differ from each other; none differs from the group's best.
"""

from __future__ import annotations

from collections.abc import Sequence

from scorewright.core.comparison.pairs import Pair

__all__ = ["indistinct_groups"]


def indistinct_groups(order: Sequence[int], pairs: Sequence[Pair]) -> tuple[tuple[int, ...], ...]:
    """Return the groups, the best first, each with its best cell first.

    Args:
        order: Positions of the cells, the highest AUC first.
        pairs: All pairs of them.
    """
    apart = {frozenset((pair.first, pair.second)) for pair in pairs if pair.is_real}
    left, groups = list(order), []
    while left:
        best = left[0]
        group = tuple(cell for cell in left if frozenset((best, cell)) not in apart)
        groups.append(group)
        left = [cell for cell in left if cell not in group]
    return tuple(groups)
