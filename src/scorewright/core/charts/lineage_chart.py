"""The picture of a lineage: tables on the left, what is made of them on the right."""

from __future__ import annotations

import textwrap
from typing import Any, Final

import altair as alt

from scorewright.core.charts.lineage import Lineage, hue, shortened, tint
from scorewright.core.charts.lineage_layout import ROW, Layout, arranged
from scorewright.core.charts.theme import INK, MUTED, Rows, Spec, finish, number

__all__ = ["lineage_chart"]

_HALF: Final = (ROW - 5) / 2
_NARROWEST: Final = 40
_LETTER: Final = 6.4
_LINES: Final = 4
_HEADINGS: Final = {"table": "tables", "column": "columns"}


def lineage_chart(lineage: Lineage) -> Spec:
    """Draw where features come from, each table in a colour of its own.

    Args:
        lineage: The graph.

    Returns:
        A Vega-Lite specification as wide and high as its nodes need; a feature made of several
        tables is grey, the one the graph is about has a bold name.
    """
    layout = arranged(lineage)
    x: dict[str, Any] = {"scale": alt.Scale(domain=[0, layout.width], nice=False), "axis": None}
    y: dict[str, Any] = {
        "scale": alt.Scale(domain=[0, layout.height], nice=False, reverse=True),
        "axis": None,
    }
    edges = (
        alt.Chart(alt.NamedData("edges"))
        .mark_line(interpolate="basis", strokeWidth=1.4, opacity=0.55)
        .encode(
            x=alt.X("x:Q", **x),
            y=alt.Y("y:Q", **y),
            order="step:Q",
            detail="edge:N",
            color=alt.Color("colour:N", scale=None),
        )
    )
    nodes = alt.Chart(alt.NamedData("nodes"))
    boxes = nodes.mark_rect(cornerRadius=4).encode(
        x=alt.X("left:Q", **x),
        x2="right:Q",
        y=alt.Y("top:Q", **y),
        y2="bottom:Q",
        fill=alt.Fill("fill:N", scale=None),
        stroke=alt.Stroke("colour:N", scale=None),
        strokeWidth=alt.StrokeWidth("weight:Q", scale=None),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("detail:N")],
    )
    labels = [
        nodes.mark_text(align="left", baseline="middle", dx=9, fontWeight=weight, color=INK)  # type: ignore[arg-type]  # altair names every weight
        .transform_filter(f"datum.bold == {bold}")
        .encode(x=alt.X("left:Q", **x), y=alt.Y("middle:Q", **y), text="label:N")
        for bold, weight in ((0, "normal"), (1, "bold"))
    ]
    headings = (
        alt.Chart(alt.NamedData("stages"))
        .mark_text(align="left", baseline="middle", color=MUTED, fontStyle="italic")
        .encode(x=alt.X("left:Q", **x), y=alt.value(8), text="heading:N")
    )
    drawing = alt.layer(edges, boxes, *labels, headings).properties(
        width=round(layout.width), height=round(layout.height)
    )
    data = {
        "edges": _edges(lineage, layout),
        "nodes": _nodes(lineage, layout),
        "stages": _stages(lineage, layout),
    }
    return finish(drawing, lineage.title, _lines(lineage, layout), data=data, frame=None)


def _lines(lineage: Lineage, layout: Layout) -> list[str]:
    """Break the subtitle where the picture ends; a long definition stops after a few lines."""
    width = max(_NARROWEST, int(layout.width / _LETTER))
    return textwrap.wrap(lineage.subtitle, width, max_lines=_LINES, placeholder=" ...")


def _edges(lineage: Lineage, layout: Layout) -> Rows:
    """Return four points an edge, between which the curve swings from one height to the other."""
    by_id = {node.id: node for node in lineage.nodes}
    rows: Rows = []
    for edge, (start, end) in enumerate(lineage.edges):
        a, b = layout.boxes[start], layout.boxes[end]
        turn = (a.right + b.left) / 2
        path = ((a.right, a.middle), (turn, a.middle), (turn, b.middle), (b.left, b.middle))
        colour = hue(lineage, by_id[start])
        rows += [
            {"edge": edge, "step": step, "x": number(x), "y": number(y), "colour": colour}
            for step, (x, y) in enumerate(path)
        ]
    return rows


def _nodes(lineage: Lineage, layout: Layout) -> Rows:
    rows: Rows = []
    for node in lineage.nodes:
        box, colour = layout.boxes[node.id], hue(lineage, node)
        is_focus = node.kind == "focus"
        rows.append(
            {
                "name": node.label,
                "label": shortened(node.label),
                "detail": node.detail,
                "left": number(box.left),
                "right": number(box.right),
                "top": number(box.middle - _HALF),
                "middle": number(box.middle),
                "bottom": number(box.middle + _HALF),
                "colour": colour,
                "fill": tint(colour, 0.3 if node.kind == "table" else 0.1),
                "weight": 2.5 if is_focus else 1.0,
                "bold": int(is_focus or node.kind == "table"),
            }
        )
    return rows


def _stages(lineage: Lineage, layout: Layout) -> Rows:
    rows: Rows = []
    focus = next((node.stage for node in lineage.nodes if node.kind == "focus"), None)
    for stage, left in enumerate(layout.stages):
        kinds = {node.kind for node in lineage.nodes if node.stage == stage}
        heading = next((_HEADINGS[kind] for kind in sorted(kinds) if kind in _HEADINGS), "features")
        if focus is not None and stage >= focus:
            heading = "feature" if stage == focus else "made of it"
        elif heading in (row["heading"] for row in rows):
            heading = "made of those"
        rows.append({"left": number(left), "heading": heading})
    return rows
