"""Where the nodes of a lineage stand: stages beside each other, nothing over anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scorewright.core.charts.lineage import Lineage, LineageNode, shortened

__all__ = ["ROW", "Box", "Layout", "arranged"]

#: Height of a node with the space around it, in pixels.
ROW: Final = 24
_BETWEEN_TABLES: Final = 12
_HEADING: Final = 26
_CHANNEL: Final = 120
_PADDING: Final = 20
#: Widths in pixels at the size of the labels; any other character counts as the widest.
_WIDTHS: Final = (("ijlt.,:;|'()[] -", 4.0), ("MWmw@%", 10.0))


@dataclass(frozen=True, slots=True)
class Box:
    """Place of a node, in pixels from the upper left corner.

    Attributes:
        left, right: Its sides.
        middle: Half-way between its upper and lower side.
    """

    left: float
    right: float
    middle: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A drawing's places.

    Attributes:
        boxes: Node id -> place.
        stages: Left side of each stage.
        width, height: Of the whole.
    """

    boxes: Mapping[str, Box]
    stages: tuple[float, ...]
    width: float
    height: float


def arranged(lineage: Lineage) -> Layout:
    """Place the nodes: the fullest stage in the order of its tables, the others beside it.

    Args:
        lineage: The graph.

    Returns:
        A layout in which no two nodes overlap, however many there are.
    """
    count = 1 + max((node.stage for node in lineage.nodes), default=0)
    stages = [[node for node in lineage.nodes if node.stage == stage] for stage in range(count)]
    fullest = max(range(count), key=lambda stage: len(stages[stage]))
    neighbours = _neighbours(lineage)
    order = {name: position for position, name in enumerate(lineage.tables)}
    ranked = sorted(stages[fullest], key=lambda n: _rank(n, lineage, neighbours, order))
    middles = _stacked(ranked)
    height = max(middles.values(), default=0.0) + ROW / 2
    for stage in (*range(fullest - 1, -1, -1), *range(fullest + 1, count)):
        wanted = {n.id: _beside(n.id, neighbours, middles, height) for n in stages[stage]}
        middles |= _spread(wanted, max(height, _HEADING + ROW * len(wanted)))
    lefts, rights = _columns(stages)
    boxes = {
        node.id: Box(lefts[node.stage], rights[node.stage], middles[node.id])
        for node in lineage.nodes
    }
    bottom = max(middles.values(), default=0.0) + ROW
    return Layout(boxes, tuple(lefts), rights[-1], bottom)


def _neighbours(lineage: Lineage) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {node.id: [] for node in lineage.nodes}
    for start, end in lineage.edges:
        found[start].append(end)
        found[end].append(start)
    return found


def _rank(
    node: LineageNode,
    lineage: Lineage,
    neighbours: Mapping[str, Sequence[str]],
    order: Mapping[str, int],
) -> tuple[float, int]:
    """Return what a node of the fullest stage is sorted by: its tables, then its own place."""
    if node.table in order:
        return float(order[node.table]), 0
    by_id = {other.id: other for other in lineage.nodes}
    tables = [order[by_id[n].table] for n in neighbours[node.id] if by_id[n].table in order]
    return (sum(tables) / len(tables) if tables else float(len(order))), 1


def _stacked(nodes: Sequence[LineageNode]) -> dict[str, float]:
    """Return places one under the other, with a gap where the table changes."""
    middles: dict[str, float] = {}
    y = _HEADING + ROW / 2
    before: str | None = None
    for node in nodes:
        if before is not None and node.table != before:
            y += _BETWEEN_TABLES
        middles[node.id] = y
        y, before = y + ROW, node.table
    return middles


def _beside(
    node: str, neighbours: Mapping[str, Sequence[str]], middles: Mapping[str, float], height: float
) -> float:
    placed = [middles[other] for other in neighbours[node] if other in middles]
    return sum(placed) / len(placed) if placed else (height + _HEADING) / 2


def _spread(wanted: Mapping[str, float], height: float) -> dict[str, float]:
    """Return places as near to the wanted ones as keeps the nodes a row apart."""
    names = sorted(wanted, key=lambda name: wanted[name])
    middles: dict[str, float] = {}
    lowest = _HEADING + ROW / 2
    for name in names:
        middles[name] = max(wanted[name], lowest)
        lowest = middles[name] + ROW
    highest = max(height - ROW / 2, _HEADING + ROW * (len(names) - 0.5))
    for name in reversed(names):
        middles[name] = min(middles[name], highest)
        highest = middles[name] - ROW
    return middles


def _columns(stages: Sequence[Sequence[LineageNode]]) -> tuple[list[float], list[float]]:
    """Return the left and right sides of the stages, wide enough for their longest label."""
    lefts, rights, x = [], [], 0.0
    for nodes in stages:
        widest = max((_width(node) for node in nodes), default=0.0)
        lefts.append(x)
        rights.append(x + _PADDING + widest)
        x = rights[-1] + _CHANNEL
    return lefts, rights


def _width(node: LineageNode) -> float:
    is_bold = node.kind in ("table", "focus")
    return (1.07 if is_bold else 1.0) * sum(_letter(letter) for letter in shortened(node.label))


def _letter(letter: str) -> float:
    for letters, width in _WIDTHS:
        if letter in letters:
            return width
    if not letter.isascii():
        return 12.0
    return 8.4 if letter.isupper() else 6.6
