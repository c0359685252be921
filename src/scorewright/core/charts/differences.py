"""Differences of cells: which are real, what they cost, and whether they last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from scorewright.core.charts.cells import frame_of, row_axis
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

__all__ = [
    "CostFigure",
    "PairFigure",
    "Triplet",
    "cost_gap_chart",
    "pairs_chart",
    "triplet_chart",
]

_SQUARE = 40
_SIDES = 230


@dataclass(frozen=True, slots=True)
class PairFigure:
    """One pair of cells.

    Attributes:
        better, worse: Labels.
        difference: AUC of the better minus that of the worse.
        p_adjusted, p_folds: What the two tests say.
        is_real: Whether both call it real.
    """

    better: str
    worse: str
    difference: float
    p_adjusted: float
    p_folds: float
    is_real: bool


@dataclass(frozen=True, slots=True)
class CostFigure:
    """Cost per application of one cell: ``difference`` to the reference with its interval."""

    label: str
    cost: float
    difference: float
    low: float
    high: float
    is_reference: bool


@dataclass(frozen=True, slots=True)
class Triplet:
    """AUC of one cell on training rows, out of fold, and out of time."""

    label: str
    train: float
    validation: float
    out_of_time: float


def pairs_chart(
    pairs: Sequence[PairFigure],
    order: Sequence[str],
    title: str,
    subtitle: str | Sequence[str],
) -> Spec:
    """Draw every pair of cells as a square: filled with its figure where it is real.

    Args:
        pairs: All pairs.
        order: Labels, the highest AUC first.
        title: Of the chart.
        subtitle: Of the chart.
    """
    rows: Rows = [
        {
            "better": pair.better,
            "worse": pair.worse,
            "difference": number(pair.difference),
            "p_adjusted": number(pair.p_adjusted),
            "p_folds": number(pair.p_folds),
            "real": pair.is_real,
            "text": f"{pair.difference:.3f}"[1:] if pair.is_real else "",
        }
        for pair in pairs
    ]
    scale = alt.Scale(paddingInner=0.1, paddingOuter=0.05)
    axis = alt.Axis(labelColor=INK, labelLimit=200, grid=False, domain=False, ticks=False)
    base = alt.Chart(alt.NamedData("pairs")).encode(
        x=alt.X(
            "worse:N",
            sort=list(order[1:]),
            title=None,
            scale=scale,
            axis=alt.Axis(
                labelColor=INK, labelLimit=200, labelAngle=-40, domain=False, ticks=False
            ),
        ),
        y=alt.Y("better:N", sort=list(order[:-1]), title=None, scale=scale, axis=axis),
    )
    tooltip = [
        alt.Tooltip("better:N"),
        alt.Tooltip("worse:N"),
        *(alt.Tooltip(f"{n}:Q", format=".3~g") for n in ("difference", "p_adjusted", "p_folds")),
    ]
    drawing = alt.layer(
        base.transform_filter("!datum.real")
        .mark_rect(color=GRID, cornerRadius=3)
        .encode(tooltip=tooltip),
        base.transform_filter("datum.real")
        .mark_rect(color=PRIMARY, opacity=0.42, cornerRadius=3)
        .encode(tooltip=tooltip),
        base.mark_text(color=INK, fontSize=10.5).encode(text="text:N"),
    )
    frame = Frame(1000, _SIDES + min(_SQUARE, 34) * max(len(order) - 1, 3))
    return finish(drawing, title, subtitle, data={"pairs": rows}, frame=frame)


def cost_gap_chart(cells: Sequence[CostFigure], title: str, subtitle: str | Sequence[str]) -> Spec:
    """Draw how much more than the reference each cell costs, with bootstrap intervals.

    Args:
        cells: In the order of the rows.
        title: Of the chart.
        subtitle: Of the chart.
    """
    rows: Rows = [
        {
            "label": cell.label,
            "cost": number(cell.cost),
            "difference": number(cell.difference),
            "low": number(cell.low),
            "high": number(cell.high),
            "verdict": _cost_verdict(cell),
            "text": f"{cell.cost:.4f}",
        }
        for cell in cells
    ]
    low = min(0.0, *(cell.low for cell in cells))
    high = max(0.0, *(cell.high for cell in cells))
    span = (high - low) or 0.01
    scale = alt.Scale(
        domain=[number(low - 0.04 * span), number(high + 0.3 * span)], nice=False, zero=False
    )
    words = ["dearer", "same", "cheaper", "cheapest"]
    hue = alt.Color(
        "verdict:N", scale=alt.Scale(domain=words, range=[BAD, MUTED, GOOD, PRIMARY]), legend=None
    )
    base = alt.Chart(alt.NamedData("costs")).encode(y=row_axis([c.label for c in cells]))
    tooltip = [
        alt.Tooltip("label:N"),
        alt.Tooltip("verdict:N"),
        *(alt.Tooltip(f"{n}:Q", format=".5f") for n in ("cost", "difference", "low", "high")),
    ]
    x = alt.X(
        "difference:Q",
        scale=scale,
        title="Cost per application more than the cheapest of the best group",
        axis=alt.Axis(tickCount=6, format="+~g"),
    )
    zero = alt.Chart(alt.NamedData("zero")).mark_rule(color=AXIS, strokeWidth=1.25)
    drawing = alt.layer(
        zero.encode(x=alt.X("difference:Q", scale=scale)),
        base.mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", scale=scale), x2=alt.X2("high:Q"), color=hue
        ),
        base.mark_point(filled=True, size=75, opacity=1).encode(x=x, color=hue, tooltip=tooltip),
        base.mark_text(align="right", color=MUTED, dx=-90).encode(
            x=alt.value("width"), text="text:N"
        ),
        base.mark_text(align="right", color=INK).encode(x=alt.value("width"), text="verdict:N"),
    )
    data = {"costs": rows, "zero": [{"difference": 0}]}
    return finish(drawing, title, subtitle, data=data, frame=frame_of(len(rows)))


def _cost_verdict(cell: CostFigure) -> str:
    """Return the word beside a bar; colour says the same once more."""
    if cell.is_reference:
        return "cheapest"
    if cell.low > 0.0:
        return "dearer"
    return "cheaper" if cell.high < 0.0 else "same"


def triplet_chart(cells: Sequence[Triplet], title: str, subtitle: str | Sequence[str]) -> Spec:
    """Draw the AUC on training rows, out of fold and out of time, a row a cell.

    Args:
        cells: In the order of the rows.
        title: Of the chart.
        subtitle: Of the chart.
    """
    names = ["training", "validation", "out of time"]
    spans: Rows = []
    points: Rows = []
    for cell in cells:
        values = (cell.train, cell.validation, cell.out_of_time)
        drop = cell.out_of_time - cell.validation
        spans.append(
            {
                "label": cell.label,
                "low": number(min(values)),
                "high": number(max(values)),
                "text": f"{drop:+.4f}".replace("-", "−"),
            }
        )
        points += [
            {"label": cell.label, "of": name, "auc": number(value)}
            for name, value in zip(names, values, strict=True)
        ]
    low = min(float(row["low"]) for row in spans)
    high = max(float(row["high"]) for row in spans)
    span = (high - low) or 0.01
    scale = alt.Scale(
        domain=[number(low - 0.04 * span), number(high + 0.22 * span)], nice=False, zero=False
    )
    y = row_axis([c.label for c in cells])
    lines = alt.Chart(alt.NamedData("spans")).encode(y=y)
    hue = alt.Color(
        "of:N",
        scale=alt.Scale(domain=names, range=[MUTED, PRIMARY, BAD]),
        legend=None,
    )
    shape = alt.Shape(
        "of:N",
        scale=alt.Scale(domain=names, range=["triangle-up", "circle", "square"]),
        legend=None,
    )
    drawing = alt.layer(
        lines.mark_rule(color=AXIS, strokeWidth=1.5).encode(
            x=alt.X("low:Q", scale=scale, title="AUC"), x2=alt.X2("high:Q")
        ),
        alt.Chart(alt.NamedData("points"))
        .mark_point(filled=True, size=75, opacity=1)
        .encode(
            y=y,
            x=alt.X("auc:Q", scale=scale),
            color=hue,
            shape=shape,
            tooltip=[
                alt.Tooltip("label:N"),
                alt.Tooltip("of:N"),
                alt.Tooltip("auc:Q", format=".5f"),
            ],
        ),
        lines.mark_text(align="right", color=INK).encode(x=alt.value("width"), text="text:N"),
    )
    data = {"spans": spans, "points": points}
    return finish(drawing, title, subtitle, data=data, frame=frame_of(len(cells)))
