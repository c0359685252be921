"""Where goods and bads lie on the scale of PDs."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from scorewright.core.charts.counts import Floats, checked
from scorewright.core.charts.theme import (
    BAD,
    GOOD,
    INK,
    Layered,
    Rows,
    Spec,
    finish,
    number,
    percent,
)

__all__ = ["score_distribution_chart"]

_BARS = 50
_TOOLTIP = [
    alt.Tooltip("class:N"),
    alt.Tooltip("from:Q", format=".4f"),
    alt.Tooltip("to:Q", format=".4f"),
    alt.Tooltip("count:Q", format=","),
]
#: The last bar holds what lies beyond this quantile, so that a long tail costs no room.
_TAIL = 0.995


def score_distribution_chart(y: npt.ArrayLike, pd: npt.ArrayLike, *, threshold: float) -> Spec:
    """Draw the PDs of goods upwards and those of bads downwards, with the threshold.

    Args:
        y: Labels of shape (n,), 1 is bad.
        pd: PDs of shape (n,).
        threshold: Applications with ``pd >= threshold`` are declined.

    Returns:
        A Vega-Lite specification of 100 bars.

    Raises:
        UsageError: ``chart-input``.
    """
    labels, scores = checked(y, pd)
    edges = _edges(scores, threshold)
    rows: Rows = []
    for name, sign, member in (("good", 1, labels == 0), ("bad", -1, labels == 1)):
        counts = np.histogram(np.minimum(scores[member], edges[-1]), edges)[0]
        rows += [
            {
                "class": name,
                "from": number(a),
                "to": number(b),
                "count": int(c),
                "share": number(sign * c / member.sum()),
            }
            for a, b, c in zip(edges[:-1], edges[1:], counts, strict=True)
        ]
    declined = scores >= threshold
    bads = float((declined & (labels == 1)).sum() / (labels == 1).sum())
    goods = float((declined & (labels == 0)).sum() / (labels == 0).sum())
    tallest = max(abs(float(row["share"])) for row in rows)
    data = {
        "bars": rows,
        "threshold": [{"from": number(threshold), "label": f"decline from {threshold:.4f}"}],
        "names": [
            {"share": number(0.75 * tallest), "label": "goods"},
            {"share": number(-0.75 * tallest), "label": "bads"},
        ],
    }
    subtitle = (
        f"At {threshold:.4f} and above are {percent(bads)} of the bads "
        f"and {percent(goods)} of the goods"
    )
    drawing = _drawing(edges, 1.1 * tallest, on_left=bool(2 * threshold < edges[0] + edges[-1]))
    return finish(drawing, "Scores of goods and bads", subtitle, data=data)


def _edges(scores: Floats, threshold: float) -> Floats:
    """Return the edges of the bars; a constant score still gets some width."""
    low = float(scores.min())
    high = max(float(np.quantile(scores, _TAIL)), min(threshold, float(scores.max())))
    return np.linspace(low, high if high > low else low + 0.01, _BARS + 1)


def _drawing(edges: Floats, reach: float, *, on_left: bool) -> Layered:
    """Return bars up and down, the threshold, and the names of both halves."""
    x = alt.X(
        "from:Q",
        title="Calibrated PD (the last bar holds everything above it)",
        scale=alt.Scale(domain=[float(edges[0]), float(edges[-1])], nice=False),
        axis=alt.Axis(tickCount=7),
    )
    y = alt.Y(
        "share:Q",
        title="Share of its class",
        scale=alt.Scale(domain=[-reach, 1.15 * reach], nice=False),
        axis=alt.Axis(labelExpr="format(100 * abs(datum.value), '.0f') + ' %'", tickCount=7),
    )
    colour = alt.Color(
        "class:N", scale=alt.Scale(domain=["good", "bad"], range=[GOOD, BAD]), legend=None
    )
    bars = alt.Chart(alt.NamedData("bars")).mark_bar(binSpacing=0.5)
    rule = alt.Chart(alt.NamedData("threshold")).encode(x=x)
    label_at: dict[str, Any] = {"align": "left" if on_left else "right", "dx": 6 if on_left else -6}
    names = alt.Chart(alt.NamedData("names")).mark_text(
        align="right", fontSize=13, fontWeight="bold", color=INK, dx=-8
    )
    return alt.layer(
        bars.encode(
            x=x,
            x2=alt.X2("to:Q"),
            y=y,
            y2=alt.datum(0),
            color=colour,
            tooltip=_TOOLTIP,
        ),
        rule.mark_rule(color=INK, strokeWidth=1.5, strokeDash=[5, 3]),
        rule.mark_text(baseline="top", color=INK, **label_at).encode(
            y=alt.value(2), text="label:N"
        ),
        names.encode(x=alt.value("width"), y=y, text="label:N"),
    )
