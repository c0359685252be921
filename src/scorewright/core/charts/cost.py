"""What thresholds cost, and what approving more costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import altair as alt
import numpy as np
import numpy.typing as npt

from scorewright.core.charts.counts import Floats, sorted_curve, unusable
from scorewright.core.charts.theme import (
    AXIS,
    BAD,
    INK,
    PRIMARY,
    WASH,
    Rows,
    Spec,
    finish,
    number,
    percent,
    percent_axis,
)
from scorewright.core.charts.thin import thin_curve

__all__ = ["approval_chart", "cost_curve_chart"]

#: From where on the cost stays within this part of its range, the axis need not go on.
_FLAT = 0.01
#: Approval rate below which a name has no room to the left of its point.
_ROOM = 0.4


@dataclass(frozen=True, slots=True)
class _Line:
    """A vertical line with its name."""

    at: float
    label: str
    dash: list[int]


def cost_curve_chart(
    threshold: npt.ArrayLike,
    cost: npt.ArrayLike,
    *,
    best: float,
    bayes: float,
    interval: tuple[float, float] | None = None,
    band: tuple[float, float] | None = None,
) -> Spec:
    """Draw the cost over the threshold, with the optimum and how sure it is.

    A long flat tail on the right, where nobody is declined any more, is left out.

    Args:
        threshold: Thresholds of shape (k,).
        cost: Cost at each, shape (k,), in the unit of the cost matrix.
        best: The threshold that costs least.
        bayes: The threshold that follows from the cost matrix alone.
        interval: 95 % bootstrap interval of ``best``.
        band: Thresholds between which the cost is within 1 % of the least.

    Returns:
        A Vega-Lite specification of at most 501 points.

    Raises:
        UsageError: ``chart-input``.
    """
    t, c = sorted_curve(threshold, cost)
    marks = [best, bayes, *(interval or ()), *(band or ())]
    end = _end(t, c, max(m for m in marks if np.isfinite(m)))
    t, c = t[:end], c[:end]
    kept = thin_curve(t, c, keep=(int(np.argmin(c)),))
    rows: Rows = [{"threshold": number(t[i]), "cost": number(c[i])} for i in kept]
    low, high = float(c.min()), float(c.max())
    # Headroom for the two names above the curve.
    height = (high - low) or 1.0
    domain = [low - 0.1 * height, high + 0.24 * height]
    data: dict[str, Rows] = {"cost": rows, "best": [{"threshold": best, "cost": number(low)}]}
    span = (min(float(t[0]), *marks), max(float(t[-1]), *marks))
    x = alt.X(
        "threshold:Q",
        title="Threshold: decline at this PD and above",
        scale=alt.Scale(domain=list(span), nice=False),
        axis=alt.Axis(tickCount=7),
    )
    y = alt.Y(
        "cost:Q",
        title="Cost",
        scale=alt.Scale(domain=domain, nice=False),
        axis=alt.Axis(format="~s", tickCount=5),
    )
    layers: list[alt.Chart] = []
    if band is not None:
        data["band"] = [{"threshold": number(band[0]), "to": number(band[1])}]
        layers.append(_band(x))
    layers += [
        *_lines(x, data, (best, bayes), span),
        alt.Chart(alt.NamedData("cost")).mark_line(color=PRIMARY).encode(x=x, y=y),
    ]
    if interval is not None:
        data["interval"] = [{"threshold": number(interval[0]), "to": number(interval[1])}]
        data["interval_ends"] = [{"threshold": number(edge)} for edge in interval]
        layers += _interval(x)
    layers.append(
        alt.Chart(alt.NamedData("best"))
        .mark_point(color=PRIMARY, filled=True, size=70, opacity=1)
        .encode(x=x, y=y)
    )
    subtitle = _cost_subtitle(best, interval, band)
    return finish(alt.layer(*layers), "Cost over the threshold", subtitle, data=data)


def _cost_subtitle(
    best: float, interval: tuple[float, float] | None, band: tuple[float, float] | None
) -> list[str]:
    lines = [f"Least at {best:.4f}"]
    if interval is not None:
        lines[0] += f", 95 % interval {interval[0]:.4f} to {interval[1]:.4f} (bar at the bottom)"
    if band is not None:
        lines.append(f"Shaded: cost within 1 % of the least, {band[0]:.4f} to {band[1]:.4f}")
    return lines


def _end(t: Floats, c: Floats, at_least: float) -> int:
    """Return how many points to draw: up to where the curve is flat for good."""
    moving = np.flatnonzero(np.abs(c - c[-1]) > _FLAT * (c.max() - c.min()))
    last = int(moving[-1]) + 2 if len(moving) else len(t)
    return max(2, min(len(t), max(last, int(np.searchsorted(t, at_least, side="right")))))


def _band(x: alt.X) -> alt.Chart:
    chart = alt.Chart(alt.NamedData("band")).encode(x=x, x2=alt.X2("to:Q"))
    rectangle: alt.Chart = chart.mark_rect(color=WASH, opacity=0.75)
    return rectangle


def _interval(x: alt.X) -> list[alt.Chart]:
    """Return the bootstrap interval as a bar along the bottom, with end caps."""
    bar = alt.Chart(alt.NamedData("interval")).encode(x=x, x2=alt.X2("to:Q"), y=alt.value("height"))
    ends = alt.Chart(alt.NamedData("interval_ends")).encode(x=x, y=alt.value("height"))
    return [
        bar.mark_rule(color=INK, strokeWidth=3, yOffset=-6),
        ends.mark_tick(color=INK, thickness=2, size=9, orient="vertical", opacity=1, yOffset=-6),
    ]


def _lines(
    x: alt.X, data: dict[str, Rows], at: tuple[float, float], span: tuple[float, float]
) -> list[alt.Chart]:
    """Return the lines of optimum and Bayes threshold; their names never cross a line.

    A name stands beside its line, towards the middle of the chart. Of two names that point the
    same way, the outer line is the taller one, so that its name passes above the other line.
    """
    best, bayes = at
    lines = sorted(
        (_Line(best, f"best {best:.4f}", [1, 0]), _Line(bayes, f"Bayes {bayes:.4f}", [5, 3])),
        key=lambda line: line.at,
    )
    middle = (span[0] + span[1]) / 2
    if all(line.at > middle for line in lines):
        lines.reverse()
    layers: list[alt.Chart] = []
    for k, line in enumerate(lines):
        name, left = f"line_{k}", line.at <= middle
        data[name] = [{"threshold": number(line.at), "label": line.label}]
        base = alt.Chart(alt.NamedData(name)).encode(x=x)
        top = alt.value(4 + 18 * k)
        layers += [
            base.mark_rule(color=INK, strokeDash=line.dash, strokeWidth=1.25).encode(
                y=top, y2=alt.value("height")
            ),
            base.mark_text(
                align="left" if left else "right",
                dx=6 if left else -6,
                baseline="top",
                color=INK,
            ).encode(y=top, text="label:N"),
        ]
    return layers


def approval_chart(
    approval_rate: npt.ArrayLike,
    default_rate_approved: npt.ArrayLike,
    *,
    chosen: tuple[float, float] | None = None,
) -> Spec:
    """Draw the strategy curve: default rate among the approved over the approval rate.

    Args:
        approval_rate: Shares of shape (k,).
        default_rate_approved: Shares of shape (k,); not read where nobody is approved.
        chosen: Approval rate and default rate at the chosen threshold.

    Returns:
        A Vega-Lite specification of at most 501 points.

    Raises:
        UsageError: ``chart-input``.
    """
    rate, defaults = sorted_curve(approval_rate, default_rate_approved)
    usable = np.isfinite(defaults) & (rate > 0)
    if not usable.any():
        raise unusable("nobody is approved at any threshold")
    rate, defaults = rate[usable], defaults[usable]
    kept = thin_curve(rate, defaults)
    rows: Rows = [{"approved": number(rate[i]), "defaults": number(defaults[i])} for i in kept]
    end = {"approved": rows[-1]["approved"], "defaults": rows[-1]["defaults"]}
    data: dict[str, Rows] = {"strategy": rows, "everybody": [end]}
    x = alt.X(
        "approved:Q",
        title="Approval rate",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=percent_axis(tickCount=6),
    )
    y = alt.Y(
        "defaults:Q",
        title="Default rate among the approved",
        scale=alt.Scale(domain=[0, 1.12 * float(defaults.max()) or 0.01], nice=False),
        axis=percent_axis(0 if defaults.max() > 0.04 else 1, tickCount=6),  # noqa: PLR2004
    )
    layers = _strategy(x, y, percent(float(defaults[-1])))
    if chosen is not None:
        data["chosen"] = [
            {
                "approved": number(chosen[0]),
                "defaults": number(chosen[1]),
                "label": f"threshold: {percent(chosen[0])} approved",
            }
        ]
        layers += _chosen(x, y, low=chosen[0] < _ROOM)
    text = (
        f"Approving {percent(chosen[0])} gives {percent(chosen[1], 2)} defaults among them"
        if chosen
        else f"Approving everybody gives {percent(float(defaults[-1]), 2)} defaults"
    )
    return finish(alt.layer(*layers), "Approvals against defaults", text, data=data)


def _strategy(x: alt.X, y: alt.Y, base_rate: str) -> list[alt.Chart]:
    """Return the curve and the level it reaches when everybody is approved."""
    curve = alt.Chart(alt.NamedData("strategy")).encode(x=x, y=y)
    level = alt.Chart(alt.NamedData("everybody")).encode(y=y)
    return [
        curve.mark_area(color=WASH, opacity=0.55, line=False).encode(y2=alt.datum(0)),
        level.mark_rule(color=AXIS, strokeDash=[4, 4], strokeWidth=1.25),
        curve.mark_line(color=BAD),
        level.mark_text(align="left", baseline="bottom", color=INK, dx=4, dy=-4).encode(
            x=alt.value(0), text=alt.value(f"everybody approved: {base_rate}")
        ),
    ]


def _chosen(x: alt.X, y: alt.Y, *, low: bool) -> list[alt.Chart]:
    """Return the chosen point with its name: above to the left, or below to the right of it."""
    align: Literal["left", "right"] = "left" if low else "right"
    base = alt.Chart(alt.NamedData("chosen")).encode(x=x, y=y)
    return [
        base.mark_point(color=BAD, filled=True, size=80, opacity=1),
        base.mark_text(
            align=align, baseline="middle", color=INK, dx=8 if low else -8, dy=12 if low else -10
        ).encode(text="label:N"),
    ]
