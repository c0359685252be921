"""Where features come from, as a graph: tables, their columns, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from scorewright.core.charts.theme import INK, MUTED, PAPER

__all__ = [
    "Lineage",
    "LineageNode",
    "NodeKind",
    "hue",
    "lineage_mermaid",
    "lineage_page",
    "shortened",
    "tint",
]

NodeKind = Literal["table", "column", "feature", "focus"]

#: One per table, in their order; from Okabe and Ito's hues, dark enough for lines on paper.
_HUES: Final = (
    "#0072b2",
    "#c75000",
    "#00835f",
    "#a3488a",
    "#8f6a00",
    "#147d8c",
    "#5b5bb0",
    "#7a4a2b",
)
_LONGEST: Final = 56


@dataclass(frozen=True, slots=True)
class LineageNode:
    """A table, a column or a feature.

    Attributes:
        id: Unique in the graph.
        label: For people.
        kind: ``focus`` is the feature the graph is about.
        stage: Column of the drawing, from 0 on the left.
        table: Whose colour it has; empty where it is made of several tables.
        detail: The definition, where there is one.
    """

    id: str
    label: str
    kind: NodeKind
    stage: int
    table: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Lineage:
    """A graph without circles: every edge leads to a later stage.

    Attributes:
        title: Heading.
        subtitle: What it shows, with its figures.
        tables: In the order of their colours.
        nodes: Tables first, then stage by stage.
        edges: (from, to) as ids.
    """

    title: str
    subtitle: str
    tables: tuple[str, ...]
    nodes: tuple[LineageNode, ...]
    edges: tuple[tuple[str, str], ...]


def hue(lineage: Lineage, node: LineageNode) -> str:
    """Return the colour of a node's border: that of its table, grey where it has several."""
    if node.table not in lineage.tables:
        return MUTED
    return _HUES[lineage.tables.index(node.table) % len(_HUES)]


def tint(colour: str, strength: float = 0.12) -> str:
    """Return a colour mixed with paper.

    Args:
        colour: Six hexadecimal digits after ``#``.
        strength: Share of the colour, from 0 to 1.
    """
    pairs = ((int(colour[i : i + 2], 16), int(PAPER[i : i + 2], 16)) for i in (1, 3, 5))
    mixed = (round(strength * a + (1 - strength) * b) for a, b in pairs)
    return "#" + "".join(f"{value:02x}" for value in mixed)


def shortened(label: str, longest: int = _LONGEST) -> str:
    """Return a label with its middle left out where it is too long to draw."""
    if len(label) <= longest:
        return label
    head = (longest - 1) * 3 // 5
    return f"{label[:head]}…{label[head + 1 - longest :]}"


def lineage_mermaid(lineage: Lineage) -> str:
    """Return the graph as Mermaid text, which GitHub and most wikis draw.

    Args:
        lineage: The graph.

    Returns:
        A ``flowchart`` that ends with a line break.
    """
    names = {node.id: f"n{number}" for number, node in enumerate(lineage.nodes)}
    return "\n".join([*_mermaid(lineage, names), ""])


def _mermaid(lineage: Lineage, names: Mapping[str, str]) -> Iterator[str]:
    yield "---"
    yield f"title: {_quoted(lineage.title)}"
    yield "---"
    yield "flowchart LR"
    for node in lineage.nodes:
        left, right = {"table": ("[(", ")]"), "column": ("([", "])")}.get(node.kind, ("[", "]"))
        yield f"  {names[node.id]}{left}{_quoted(node.label)}{right}"
    for start, end in lineage.edges:
        yield f"  {names[start]} --> {names[end]}"
    for node in lineage.nodes:
        colour = hue(lineage, node)
        width = ",stroke-width:3px" if node.kind == "focus" else ""
        style = f"fill:{tint(colour)},stroke:{colour},color:{INK}{width}"
        yield f"  style {names[node.id]} {style}"


def _quoted(text: str) -> str:
    """Return a label as Mermaid reads it: what it would take for markup becomes an entity."""
    marks = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;"}
    return '"' + "".join(marks.get(character, character) for character in text) + '"'


def lineage_page(lineage: Lineage, svg: str) -> str:
    """Return a page of its own: the picture, and under it every definition.

    Args:
        lineage: The graph.
        svg: Its picture.

    Returns:
        HTML without scripts or anything from elsewhere.
    """
    rows = "\n".join(
        f"<tr><td><code>{_escaped(node.label)}</code></td>"
        f"<td><code>{_escaped(node.detail)}</code></td></tr>"
        for node in lineage.nodes
        if node.kind in ("feature", "focus")
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_escaped(lineage.title)}</title>
<style>
body {{ margin: 24px; background: {PAPER}; color: {INK};
  font: 14px/1.45 Inter, "Segoe UI", Roboto, Arial, "Liberation Sans", sans-serif; }}
figure {{ margin: 0; overflow: auto; }}
table {{ border-collapse: collapse; margin-top: 24px; }}
th, td {{ text-align: left; vertical-align: top; padding: 4px 16px 4px 0;
  border-bottom: 1px solid {tint(MUTED, 0.25)}; }}
code {{ font: 12.5px/1.45 ui-monospace, Menlo, Consolas, "Liberation Mono", monospace; }}
</style>
</head>
<body>
<figure role="img" aria-label="{_escaped(f"{lineage.title}. {lineage.subtitle}")}">
{svg}
</figure>
<table>
<thead><tr><th>feature</th><th>definition</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


def _escaped(text: str) -> str:
    marks = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
    return "".join(marks.get(character, character) for character in text)
