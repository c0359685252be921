"""What approving more costs: the strategy curve."""

from __future__ import annotations

from typing import Literal

import altair as alt
import numpy as np
import numpy.typing as npt

from scorewright.core.charts.counts import sorted_curve, unusable
from scorewright.core.charts.theme import (
    AXIS,
    BAD,
    INK,
    WASH,
    Rows,
    Spec,
    finish,
    number,
    percent,
    percent_axis,
)
from scorewright.core.charts.thin import thin_curve

__all__ = ["approval_chart"]

#: Approval rate below which a name has no room to the left of its point.
_ROOM = 0.4
#: Rates that reach this far are marked in whole per cent.
_COARSE = 0.04


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
    data: dict[str, Rows] = {"strategy": rows, "everybody": [dict(rows[-1])]}
    x, y = _axes(float(defaults.max()))
    layers = _strategy(x, y, percent(float(defaults[-1])))
    text = f"Approving everybody gives {percent(float(defaults[-1]), 2)} defaults"
    if chosen is not None:
        approved, among = chosen
        label = f"threshold: {percent(approved)} approved"
        point = {"approved": number(approved), "defaults": number(among), "label": label}
        data["chosen"] = [point]
        layers += _chosen(x, y, low=approved < _ROOM)
        text = f"Approving {percent(approved)} gives {percent(among, 2)} defaults among them"
    return finish(alt.layer(*layers), "Approvals against defaults", text, data=data)


def _axes(highest: float) -> tuple[alt.X, alt.Y]:
    x = alt.X(
        "approved:Q",
        title="Approval rate",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=percent_axis(tickCount=6),
    )
    y = alt.Y(
        "defaults:Q",
        title="Default rate among the approved",
        scale=alt.Scale(domain=[0, 1.12 * highest or 0.01], nice=False),
        axis=percent_axis(0 if highest > _COARSE else 1, tickCount=6),
    )
    return x, y


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
