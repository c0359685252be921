"""What thresholds cost."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import numpy as np
import numpy.typing as npt

from scorewright.core.charts.counts import Floats, sorted_curve
from scorewright.core.charts.theme import (
    INK,
    PRIMARY,
    WASH,
    Rows,
    Spec,
    finish,
    number,
)
from scorewright.core.charts.thin import thin_curve

__all__ = ["cost_curve_chart"]

#: From where on the cost stays within this part of its range, the axis need not go on.
_FLAT = 0.01


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
    end = _end(t, c, max(marks))
    t, c = t[:end], c[:end]
    kept = thin_curve(t, c, keep=(int(np.argmin(c)),))
    low, high = float(c.min()), float(c.max())
    span = (min(float(t[0]), *marks), max(float(t[-1]), *marks))
    x, y = _axes(span, low, high)
    data: dict[str, Rows] = {
        "cost": [{"threshold": number(t[i]), "cost": number(c[i])} for i in kept],
        "best": [{"threshold": number(best), "cost": number(low)}],
    }
    under = [*_band(x, data, band), *_lines(x, data, (best, bayes), span)]
    curve = alt.Chart(alt.NamedData("cost")).encode(x=x, y=y).mark_line(color=PRIMARY)
    point = alt.Chart(alt.NamedData("best")).encode(x=x, y=y)
    drawing = alt.layer(
        *under,
        curve,
        *_interval(x, data, interval),
        point.mark_point(color=PRIMARY, filled=True, size=70, opacity=1),
    )
    subtitle = _cost_subtitle(best, interval, band)
    return finish(drawing, "Cost over the threshold", subtitle, data=data)


def _axes(span: tuple[float, float], low: float, high: float) -> tuple[alt.X, alt.Y]:
    """Return the axes; above the curve there is room for two names, below it for a bar."""
    height = (high - low) or 1.0
    x = alt.X(
        "threshold:Q",
        title="Threshold: decline at this PD and above",
        scale=alt.Scale(domain=list(span), nice=False),
        axis=alt.Axis(tickCount=7),
    )
    y = alt.Y(
        "cost:Q",
        title="Cost",
        scale=alt.Scale(domain=[low - 0.1 * height, high + 0.24 * height], nice=False),
        axis=alt.Axis(format="~s", tickCount=5),
    )
    return x, y


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


def _band(x: alt.X, data: dict[str, Rows], band: tuple[float, float] | None) -> list[alt.Chart]:
    """Return the thresholds that cost hardly more, as a shade over the full height."""
    if band is None:
        return []
    data["band"] = [{"threshold": number(band[0]), "to": number(band[1])}]
    base = alt.Chart(alt.NamedData("band")).encode(x=x, x2=alt.X2("to:Q"))
    return [base.mark_rect(color=WASH, opacity=0.75)]


def _interval(
    x: alt.X, data: dict[str, Rows], interval: tuple[float, float] | None
) -> list[alt.Chart]:
    """Return the bootstrap interval as a bar along the bottom, with end caps."""
    if interval is None:
        return []
    data["interval"] = [{"threshold": number(interval[0]), "to": number(interval[1])}]
    data["interval_ends"] = [{"threshold": number(edge)} for edge in interval]
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
