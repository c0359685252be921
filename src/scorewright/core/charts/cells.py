"""The cells of an experiment side by side: how well they rank, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from scorewright.core.charts.theme import (
    AXIS,
    BAD,
    GOOD,
    GRID,
    INK,
    MUTED,
    PRIMARY,
    Frame,
    Rows,
    Spec,
    finish,
    number,
)

__all__ = ["CellFigure", "cells_chart", "fold_strips_chart", "row_axis"]

_WIDTH = 1000
_ROW = 26
_SURROUNDINGS = 115
#: Hue and shape of a group; from the fourth on they share one, and have their number.
_HUES = (PRIMARY, BAD, GOOD, MUTED)
_SHAPES = ("circle", "square", "triangle-up", "diamond")


@dataclass(frozen=True, slots=True)
class CellFigure:
    """One cell.

    Attributes:
        label: For people, once in a chart.
        auc, low, high: Mean AUC over folds with its interval.
        folds: AUC per fold.
        group: 1 for the cells that cannot be told from the best.
        is_recommended: Whether it is the one to take.
    """

    label: str
    auc: float
    low: float
    high: float
    folds: tuple[float, ...]
    group: int
    is_recommended: bool


def cells_chart(cells: Sequence[CellFigure], title: str, subtitle: str | Sequence[str]) -> Spec:
    """Draw the AUC of every cell with its interval, in the colour and shape of its group.

    Args:
        cells: The highest AUC first.
        title: Of the chart.
        subtitle: Of the chart.
    """
    rows: Rows = [
        {
            "label": cell.label,
            "auc": number(cell.auc),
            "low": number(cell.low),
            "high": number(cell.high),
            "group": str(min(cell.group, len(_HUES))),
            "text": f"{cell.auc:.3f}   group {cell.group}",
            "mark": "recommended" if cell.is_recommended else "",
        }
        for cell in cells
    ]
    low, high = min(c.low for c in cells), max(c.high for c in cells)
    scale = _room(low, high, 0.34)
    groups = [str(k + 1) for k in range(len(_HUES))]
    hue = alt.Color("group:N", scale=alt.Scale(domain=groups, range=list(_HUES)), legend=None)
    shape = alt.Shape("group:N", scale=alt.Scale(domain=groups, range=list(_SHAPES)), legend=None)
    base = alt.Chart(alt.NamedData("cells")).encode(y=row_axis([c.label for c in cells]))
    x = alt.X("auc:Q", scale=scale, title="AUC, mean over folds, with 95 % interval")
    tooltip = [
        alt.Tooltip("label:N"),
        *(alt.Tooltip(f"{name}:Q", format=".5f") for name in ("auc", "low", "high")),
    ]
    best = alt.Chart(alt.NamedData("best")).mark_rule(color=AXIS, strokeDash=[4, 4])
    chosen = base.transform_filter("datum.mark != ''")
    drawing = alt.layer(
        best.encode(x=alt.X("auc:Q", scale=scale)),
        base.mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", scale=scale), x2=alt.X2("high:Q"), color=hue
        ),
        base.mark_point(filled=True, size=75, opacity=1).encode(
            x=x, color=hue, shape=shape, tooltip=tooltip
        ),
        chosen.mark_point(color=INK, size=260, strokeWidth=1.6, opacity=1).encode(
            x=alt.X("auc:Q", scale=scale)
        ),
        base.mark_text(align="left", dx=10, color=MUTED).encode(
            x=alt.X("high:Q", scale=scale), text="text:N"
        ),
        base.mark_text(align="right", color=INK, fontWeight=600).encode(
            x=alt.value("width"), text="mark:N"
        ),
    )
    data = {"cells": rows, "best": [{"auc": rows[0]["auc"]}]}
    return finish(drawing, title, subtitle, data=data, frame=frame_of(len(rows)))


def fold_strips_chart(
    cells: Sequence[CellFigure], title: str, subtitle: str | Sequence[str]
) -> Spec:
    """Draw the AUC of every fold, a strip a cell, with the mean as a bar.

    Beside each strip stand its distance to the best cell and the standard deviation of its folds,
    so that the one can be read against the other.

    Args:
        cells: The highest AUC first.
        title: Of the chart.
        subtitle: Of the chart.
    """
    best = cells[0].auc
    strips: Rows = []
    points: Rows = []
    for cell in cells:
        mean = sum(cell.folds) / len(cell.folds)
        spread = _deviation(cell.folds, mean)
        gap = "best" if cell is cells[0] else f"{cell.auc - best:+.4f}".replace("-", "−")
        strips.append(
            {
                "label": cell.label,
                "mean": number(mean),
                "low": number(min(cell.folds)),
                "high": number(max(cell.folds)),
                "gap": gap,
                "spread": f"± {spread:.4f}",
            }
        )
        points += [
            {"label": cell.label, "fold": k, "auc": number(value)}
            for k, value in enumerate(cell.folds)
        ]
    values = [value for cell in cells for value in cell.folds]
    scale = _room(min(values), max(values), 0.3)
    y = row_axis([c.label for c in cells])
    strip = alt.Chart(alt.NamedData("strips")).encode(y=y)
    dot = alt.Chart(alt.NamedData("folds")).encode(y=y, x=alt.X("auc:Q", scale=scale))
    tooltip = [
        alt.Tooltip("label:N"),
        alt.Tooltip("fold:O"),
        alt.Tooltip("auc:Q", format=".5f"),
    ]
    drawing = alt.layer(
        strip.mark_rule(color=GRID, strokeWidth=9, strokeCap="round").encode(
            x=alt.X("low:Q", scale=scale, title="AUC of one fold"), x2=alt.X2("high:Q")
        ),
        dot.mark_circle(color=PRIMARY, size=52, opacity=0.75).encode(tooltip=tooltip),
        strip.mark_tick(color=INK, thickness=2.5, size=17, opacity=1).encode(
            x=alt.X("mean:Q", scale=scale)
        ),
        strip.mark_text(align="right", color=INK, dx=-82).encode(
            x=alt.value("width"), text="gap:N"
        ),
        strip.mark_text(align="right", color=MUTED).encode(x=alt.value("width"), text="spread:N"),
    )
    data = {"strips": strips, "folds": points}
    return finish(drawing, title, subtitle, data=data, frame=frame_of(len(cells)))


def row_axis(order: Sequence[str]) -> alt.Y:
    """Return the axis of one row per cell, in the given order."""
    return alt.Y(
        "label:N",
        sort=list(order),
        title=None,
        axis=alt.Axis(labelLimit=320, labelColor=INK, labelFontSize=12, grid=False),
    )


def frame_of(rows: int) -> Frame:
    """Return the frame of a chart with one row per cell."""
    return Frame(_WIDTH, _SURROUNDINGS + _ROW * max(rows, 3))


def _room(low: float, high: float, right: float) -> alt.Scale:
    """Return a scale with room for text on the right."""
    span = (high - low) or 0.01
    return alt.Scale(
        domain=[number(low - 0.04 * span), number(high + right * span)], nice=False, zero=False
    )


def _deviation(values: Sequence[float], mean: float) -> float:
    """Return the standard deviation with n - 1; 0 for one value."""
    squares = sum((value - mean) ** 2 for value in values)
    return float((squares / max(len(values) - 1, 1)) ** 0.5)
