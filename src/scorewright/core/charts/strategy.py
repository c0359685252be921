"""What a policy brings: the strategy curve, and the band in which a person decides."""

from __future__ import annotations

import altair as alt
import numpy as np
import numpy.typing as npt

from scorewright.core.charts.counts import checked, unusable
from scorewright.core.charts.theme import (
    BAD,
    FRAME,
    GOOD,
    INK,
    PRIMARY,
    WASH,
    Frame,
    Rows,
    Spec,
    finish,
    number,
    percent,
    percent_axis,
)

__all__ = ["referral_chart", "strategy_chart"]

_BARS = 60
#: The last bar holds what lies beyond this quantile.
_TAIL = 0.995
_PANEL = 92
_WIDE = Frame(width=1060, height=330)


def strategy_chart(
    approval_rate: npt.ArrayLike,
    bad_rate: npt.ArrayLike,
    cost: npt.ArrayLike,
    profit: npt.ArrayLike,
    *,
    chosen: float,
) -> Spec:
    """Draw bad rate, cost and profit over the approval rate, one above the other.

    Args:
        approval_rate: Shares of shape (k,), ascending.
        bad_rate: Share of bads among the approved, shape (k,).
        cost: Total cost, shape (k,).
        profit: Total profit, shape (k,).
        chosen: Approval rate of the chosen policy.

    Returns:
        A Vega-Lite specification of k points per panel.

    Raises:
        UsageError: ``chart-input``.
    """
    rate = np.asarray(approval_rate, dtype=np.float64)
    columns = [np.asarray(v, dtype=np.float64) for v in (bad_rate, cost, profit)]
    if rate.ndim != 1 or rate.size == 0 or any(v.shape != rate.shape for v in columns):
        raise unusable("the strategies are not columns of one length")
    if not all(bool(np.isfinite(v).all()) for v in (rate, *columns)):
        raise unusable("a figure of a strategy is not finite")
    names = ("bad", "cost", "profit")
    rows: Rows = [
        {"rate": number(rate[i]), **{n: number(v[i]) for n, v in zip(names, columns, strict=True)}}
        for i in range(rate.size)
    ]
    data: dict[str, Rows] = {"strategy": rows, "chosen": [{"rate": number(chosen)}]}
    panels = [
        _panel("bad", "Bad rate", BAD, percent_axis(0, tickCount=4), is_last=False),
        _panel("cost", "Cost", PRIMARY, alt.Axis(format="~s", tickCount=4), is_last=False),
        _panel("profit", "Profit", GOOD, alt.Axis(format="~s", tickCount=4), is_last=True),
    ]
    text = f"Line: {percent(chosen)} approved, as chosen"
    drawing = alt.vconcat(*panels, spacing=8)
    return finish(drawing, "What each approval rate would bring", text, data=data, frame=None)


def _panel(
    field: str, title: str, colour: str, axis: alt.Axis, *, is_last: bool
) -> alt.LayerChart | alt.FacetChart:
    x = alt.X(
        "rate:Q",
        title="Approval rate" if is_last else None,
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=percent_axis(tickCount=6) if is_last else alt.Axis(labels=False, ticks=False),
    )
    y = alt.Y(f"{field}:Q", title=title, axis=axis, scale=alt.Scale(zero=field == "bad"))
    curve = alt.Chart(alt.NamedData("strategy")).encode(x=x, y=y)
    mark = alt.Chart(alt.NamedData("chosen")).encode(x=x)
    return alt.layer(
        mark.mark_rule(color=INK, strokeDash=[5, 3], strokeWidth=1.25),
        curve.mark_line(color=colour),
        curve.mark_point(color=colour, filled=True, size=26, opacity=1),
    ).properties(width=FRAME.width - 90, height=_PANEL)


def referral_chart(
    y: npt.ArrayLike,
    pd: npt.ArrayLike,
    *,
    threshold: float,
    band: tuple[float, float] | None = None,
) -> Spec:
    """Draw goods and bads over the PD, with the threshold and the band of referrals.

    Args:
        y: Labels of shape (n,), 1 is bad.
        pd: PDs of shape (n,).
        threshold: Without a band, declined from here on.
        band: PDs between which a person decides.

    Returns:
        A Vega-Lite specification of 120 bars, as wide as a page.

    Raises:
        UsageError: ``chart-input``.
    """
    labels, scores = checked(y, pd)
    low, high = band or (threshold, threshold)
    edges = _edges(scores, max(threshold, high))
    rows: Rows = []
    for name, sign, member in (("good", 1, labels == 0), ("bad", -1, labels == 1)):
        counts = np.histogram(np.minimum(scores[member], edges[-1]), edges)[0]
        rows += [
            {
                "class": name,
                "from": number(a),
                "to": number(b),
                "count": int(c),
                "share": number(sign * c / max(1, int(member.sum()))),
            }
            for a, b, c in zip(edges[:-1], edges[1:], counts, strict=True)
        ]
    tallest = max(abs(float(row["share"])) for row in rows)
    data: dict[str, Rows] = {
        "bars": rows,
        "threshold": [{"from": number(threshold), "label": f"threshold {threshold:.4f}"}],
        "names": [
            {"share": number(0.75 * tallest), "label": "goods"},
            {"share": number(-0.75 * tallest), "label": "bads"},
        ],
    }
    text = f"{percent(float((scores < threshold).mean()))} lie below the threshold {threshold:.4f}"
    if band is not None:
        data["band"] = [{"from": number(low), "to": number(min(high, edges[-1]))}]
        inside = float(((scores >= low) & (scores < high)).mean())
        text = f"Shaded: {low:.4f} to {high:.4f}, where {percent(inside)} are referred"
    drawing = _bars(edges, 1.1 * tallest, has_band=band is not None)
    return finish(drawing, "Scores and decisions", text, data=data, frame=_WIDE)


def _edges(scores: npt.NDArray[np.float64], marked: float) -> npt.NDArray[np.float64]:
    """Return the edges of the bars; what is marked lies inside them."""
    low = min(float(scores.min()), marked)
    high = max(float(np.quantile(scores, _TAIL)), min(marked * 1.05, 1.0))
    return np.linspace(low, high if high > low else low + 0.01, _BARS + 1)


def _bars(
    edges: npt.NDArray[np.float64], reach: float, *, has_band: bool
) -> alt.LayerChart | alt.FacetChart:
    """Return goods up and bads down, over the band, under the threshold's line."""
    x = alt.X(
        "from:Q",
        title="Calibrated PD (the last bar holds everything above it)",
        scale=alt.Scale(domain=[float(edges[0]), float(edges[-1])], nice=False),
        axis=alt.Axis(tickCount=9),
    )
    y = alt.Y(
        "share:Q",
        title="Share of its class",
        scale=alt.Scale(domain=[-reach, 1.15 * reach], nice=False),
        axis=alt.Axis(labelExpr="format(100 * abs(datum.value), '.0f') + ' %'", tickCount=5),
    )
    colour = alt.Color(
        "class:N", scale=alt.Scale(domain=["good", "bad"], range=[GOOD, BAD]), legend=None
    )
    rule = alt.Chart(alt.NamedData("threshold")).encode(x=x)
    layers: list[alt.Chart] = []
    if has_band:
        band = alt.Chart(alt.NamedData("band")).encode(x=x, x2=alt.X2("to:Q"))
        layers.append(band.mark_rect(color=WASH, opacity=0.9))
    names = alt.Chart(alt.NamedData("names")).mark_text(
        align="right", fontSize=13, fontWeight="bold", color=INK, dx=-8
    )
    layers += [
        alt.Chart(alt.NamedData("bars"))
        .mark_bar(binSpacing=0.5)
        .encode(
            x=x,
            x2=alt.X2("to:Q"),
            y=y,
            y2=alt.datum(0),
            color=colour,
            tooltip=["class:N", "from:Q", "to:Q", "count:Q"],
        ),
        rule.mark_rule(color=INK, strokeWidth=1.5, strokeDash=[5, 3]),
        rule.mark_text(align="left", dx=6, baseline="top", color=INK).encode(
            y=alt.value(2), text="label:N"
        ),
        names.encode(x=alt.value("width"), y=y, text="label:N"),
    ]
    return alt.layer(*layers)
