"""Strategies against samplings, one figure each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from scorewright.core.charts.theme import (
    INK,
    PRIMARY,
    Frame,
    Rows,
    Spec,
    finish,
    number,
)

__all__ = ["HeatCell", "heatmap_chart"]

_ROW = 52
_SURROUNDINGS = 105
#: Strongest shade; text in ink stays readable on it, on light and on dark paper.
_STRONGEST = 0.5


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One figure of the heatmap.

    Attributes:
        row, column: Where it stands.
        value: The figure; it decides the shade.
        text: How it is written: ``0.763``.
        note: The line under it: ``group 1``.
    """

    row: str
    column: str
    value: float
    text: str
    note: str = ""


def heatmap_chart(
    cells: Sequence[HeatCell],
    title: str,
    subtitle: str | Sequence[str],
    *,
    lower_is_better: bool = False,
) -> Spec:
    """Draw figures as a table of shades, the better the darker.

    Rows and columns stand in the order in which they first occur.

    Args:
        cells: At most one per row and column; a place may stay empty.
        title: Of the chart.
        subtitle: Of the chart.
        lower_is_better: Whether small figures get the dark shades.
    """
    rows, columns = (list(dict.fromkeys(names)) for names in _names(cells))
    values = [cell.value for cell in cells]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    data: Rows = [
        {
            "row": cell.row,
            "column": cell.column,
            "value": number(cell.value),
            "text": cell.text,
            "note": cell.note,
            "shade": number((high - cell.value if lower_is_better else cell.value - low) / span),
        }
        for cell in cells
    ]
    base = alt.Chart(alt.NamedData("cells")).encode(
        x=alt.X(
            "column:N",
            sort=columns,
            title=None,
            axis=alt.Axis(
                orient="top",
                labelAngle=0,
                labelColor=INK,
                domain=False,
                ticks=False,
                labelExpr="split(datum.label, '_')",
            ),
            scale=alt.Scale(paddingInner=0.04, paddingOuter=0),
        ),
        y=alt.Y(
            "row:N",
            sort=rows,
            title=None,
            axis=alt.Axis(labelColor=INK, labelFontSize=12, labelLimit=190, grid=False),
            scale=alt.Scale(paddingInner=0.06, paddingOuter=0),
        ),
    )
    shade = alt.Opacity(
        "shade:Q", scale=alt.Scale(domain=[0, 1], range=[0.05, _STRONGEST]), legend=None
    )
    tooltip = [
        alt.Tooltip("row:N"),
        alt.Tooltip("column:N"),
        alt.Tooltip("value:Q", format=".5f"),
        alt.Tooltip("note:N"),
    ]
    drawing = alt.layer(
        base.mark_rect(color=PRIMARY, cornerRadius=3).encode(opacity=shade, tooltip=tooltip),
        base.mark_text(color=INK, fontSize=13, fontWeight=600, dy=-7).encode(text="text:N"),
        base.mark_text(color=INK, fontSize=10.5, dy=9).encode(text="note:N"),
    )
    frame = Frame(500, _SURROUNDINGS + _ROW * max(len(rows), 3))
    return finish(drawing, title, subtitle, data={"cells": data}, frame=frame)


def _names(cells: Sequence[HeatCell]) -> tuple[list[str], list[str]]:
    return [cell.row for cell in cells], [cell.column for cell in cells]
