"""What each table adds, with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from scorewright.core.charts.theme import (
    AXIS,
    INK,
    MUTED,
    PRIMARY,
    Frame,
    Rows,
    Spec,
    finish,
    number,
)

__all__ = ["LiftBar", "lift_chart"]

_WIDTH = 1000
_ROW = 30
_SURROUNDINGS = 95


@dataclass(frozen=True, slots=True)
class LiftBar:
    """One choice of tables.

    Attributes:
        name: For people.
        auc, low, high: Area under the ROC curve with its interval.
        label: What is written beside it, such as ``+0.0195``.
    """

    name: str
    auc: float
    low: float
    high: float
    label: str


def lift_chart(bars: Sequence[LiftBar], title: str, subtitle: str) -> Spec:
    """Draw AUCs as points with intervals, a line at the first one.

    Args:
        bars: The first is what the others are held against.
        title: Of the chart.
        subtitle: Of the chart.

    Returns:
        A Vega-Lite specification with one row per choice.
    """
    rows: Rows = [
        {
            "name": bar.name,
            "auc": number(bar.auc),
            "low": number(bar.low),
            "high": number(bar.high),
            "label": f"{bar.auc:.3f}  {bar.label}".rstrip(),
        }
        for bar in bars
    ]
    low, high = min(bar.low for bar in bars), max(bar.high for bar in bars)
    room = high - low
    x = alt.Scale(domain=[low - 0.05 * room, high + 0.3 * room], nice=False, zero=False)
    base = alt.Chart(alt.NamedData("lift")).encode(
        y=alt.Y(
            "name:N",
            sort=[bar.name for bar in bars],
            title=None,
            axis=alt.Axis(labelLimit=300, labelColor=INK, labelFontSize=12),
        )
    )
    alone = alt.Chart(alt.NamedData("first")).mark_rule(color=AXIS, strokeDash=[4, 4])
    drawing = alt.layer(
        alone.encode(x=alt.X("auc:Q", scale=x, title="AUC on rows the model never saw")),
        base.mark_rule(color=PRIMARY, strokeWidth=2).encode(
            x=alt.X("low:Q", scale=x), x2=alt.X2("high:Q")
        ),
        base.mark_point(color=PRIMARY, filled=True, size=70, opacity=1).encode(
            x=alt.X("auc:Q", scale=x),
            tooltip=[
                alt.Tooltip("name:N"),
                alt.Tooltip("auc:Q", format=".4f"),
                alt.Tooltip("low:Q", format=".4f"),
                alt.Tooltip("high:Q", format=".4f"),
            ],
        ),
        base.mark_text(align="left", dx=8, color=MUTED).encode(
            x=alt.X("high:Q", scale=x), text="label:N"
        ),
    )
    frame = Frame(_WIDTH, _SURROUNDINGS + _ROW * max(len(rows), 3))
    data = {"lift": rows, "first": [{"auc": rows[0]["auc"]}]}
    return finish(drawing, title, subtitle, data=data, frame=frame)
