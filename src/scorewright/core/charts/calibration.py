"""Whether the PDs mean what they say."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from scorewright.core.charts.counts import Floats, Labels, checked
from scorewright.core.charts.theme import (
    AXIS,
    INK,
    MUTED,
    PRIMARY,
    Rows,
    Spec,
    finish,
    number,
    percent_axis,
)

__all__ = ["calibration_chart"]

_Z95 = 1.959963984540054
#: A raw score this many times beyond the PDs would press them into a corner of a linear axis.
_STRETCH = 2.0


def calibration_chart(
    y: npt.ArrayLike, pd: npt.ArrayLike, *, raw: npt.ArrayLike | None = None, bins: int = 10
) -> Spec:
    """Draw observed default rates over mean PDs, in groups of about equal size.

    The bars are Wilson (1927) 95 % intervals of the observed rate. Equal PDs are never split
    between groups, so there may be fewer groups than asked for.

    Args:
        y: Labels of shape (n,), 1 is bad.
        pd: Calibrated PDs of shape (n,).
        raw: The scores before calibration, shape (n,), drawn as open diamonds.
        bins: Number of groups.

    Returns:
        A Vega-Lite specification of one row a group.

    Raises:
        UsageError: ``chart-input``.
    """
    labels, scores = checked(y, pd)
    after = _groups(labels, scores, bins)
    data: dict[str, Rows] = {"after": after}
    reach = max(float(row["predicted"]) for row in after)
    furthest, before_is_far = reach, False
    if raw is not None:
        data["before"] = _groups(*checked(y, raw), bins)
        furthest = max(reach, *(float(row["predicted"]) for row in data["before"]))
        before_is_far = furthest > _STRETCH * reach
    highest = max(float(row["high"]) for rows in data.values() for row in rows)
    end = min(1.0, 1.04 * max(furthest, highest))
    data["diagonal"] = [{"predicted": 0, "observed": 0}, {"predicted": end, "observed": end}]
    x = alt.X("predicted:Q", title="Mean PD of the group", **_axis(end, root=before_is_far))
    top = alt.Y("observed:Q", title="Observed default rate", **_axis(end, root=before_is_far))
    layers = [_diagonal(x, top)]
    if raw is not None:
        data["names"] = _names(data["before"], after, (0.45 if before_is_far else 0.3) * end)
        layers += _before(x, top)
    layers += _after(x, top, named=raw is not None)
    return finish(
        alt.layer(*layers), "Calibration", _subtitle(after, root=before_is_far), data=data
    )


def _subtitle(after: Rows, *, root: bool) -> list[str]:
    inside = sum(row["low"] <= row["predicted"] <= row["high"] for row in after)
    scale = " Square-root axes." if root else ""
    return [
        f"Mean PD lies within the 95 % interval of {inside} of {len(after)} groups.{scale}",
    ]


def _groups(y: Labels, pd: Floats, bins: int) -> Rows:
    """Return mean PD, observed rate and interval per group of about equal size."""
    order = np.argsort(pd, kind="stable")
    ranked = pd[order]
    cuts = ranked[(np.arange(1, bins) * len(pd)) // bins]
    inner = np.unique(cuts[cuts > ranked[0]])
    group = np.searchsorted(inner, pd, side="right")
    rows: Rows = []
    for k in np.unique(group):
        member = group == k
        n, bad = int(member.sum()), int(y[member].sum())
        low, high = _wilson(bad, n)
        rows.append(
            {
                "predicted": number(float(pd[member].mean())),
                "observed": number(bad / n),
                "low": number(low),
                "high": number(high),
                "n": n,
                "bad": bad,
            }
        )
    return rows


def _wilson(successes: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927)."""
    p, z2 = successes / n, _Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * np.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def _axis(end: float, *, root: bool) -> dict[str, Any]:
    """Return scale and axis from 0 to ``end``, the same both ways."""
    if not root:
        digits = 0 if end > 0.06 else 1  # noqa: PLR2004 - below, ticks need a decimal
        return {
            "scale": alt.Scale(domain=[0, end], nice=False),
            "axis": percent_axis(digits, tickCount=6),
        }
    ticks = [t for t in (0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1) if t <= end]
    return {
        "scale": alt.Scale(type="sqrt", domain=[0, end], nice=False),
        "axis": percent_axis(values=ticks),
    }


def _diagonal(x: alt.X, y: alt.Y) -> alt.Chart:
    chart = alt.Chart(alt.NamedData("diagonal")).encode(x=x, y=y)
    line: alt.Chart = chart.mark_line(color=AXIS, strokeDash=[4, 4], strokeWidth=1.25)
    return line


def _before(x: alt.X, y: alt.Y) -> list[alt.Chart]:
    base = alt.Chart(alt.NamedData("before")).encode(x=x, y=y, tooltip=_tooltip())
    return [
        base.mark_line(color=MUTED, strokeDash=[6, 3], strokeWidth=1.25),
        base.mark_point(color=MUTED, shape="diamond", size=60, strokeWidth=1.5, opacity=1),
    ]


def _after(x: alt.X, y: alt.Y, *, named: bool) -> list[alt.Chart]:
    base = alt.Chart(alt.NamedData("after")).encode(x=x, tooltip=_tooltip())
    interval = y.copy(deep=True)
    interval.shorthand = "low:Q"
    layers = [
        base.mark_rule(color=PRIMARY, strokeWidth=1.5).encode(y=interval, y2=alt.Y2("high:Q")),
        base.mark_line(color=PRIMARY, strokeWidth=1.5).encode(y=y),
        base.mark_point(color=PRIMARY, filled=True, size=65, opacity=1).encode(y=y),
    ]
    return [*layers, *_named(x, y)] if named else layers


def _names(before: Rows, after: Rows, width: float) -> Rows:
    """Return where the names stand: above the last points of one series, below the other's.

    Args:
        before: Groups of the raw scores.
        after: Groups of the calibrated PDs.
        width: About how much of the axis a name covers.
    """
    last_before, last_after = before[-1]["predicted"], after[-1]["predicted"]
    left = last_before - width
    xs, ys = ([row[key] for row in before] for key in ("predicted", "observed"))
    under = [
        float(np.interp(left, xs, ys)),
        *(r["observed"] for r in before if r["predicted"] > left),
    ]
    under += [r["low"] for r in after if left < r["predicted"] <= last_before]
    over = [r["high"] for r in after if last_after - r["predicted"] < width]
    return [
        {"predicted": last_before, "observed": min(under), "label": "before calibration"},
        {"predicted": last_after, "observed": max(over), "label": "calibrated"},
    ]


def _named(x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Return the names of the two series."""
    base = alt.Chart(alt.NamedData("names")).encode(x=x, y=y, text="label:N")
    below = base.transform_filter("datum.label == 'before calibration'")
    above = base.transform_filter("datum.label == 'calibrated'")
    return [
        below.mark_text(align="right", baseline="top", dx=6, dy=9, color=MUTED),
        above.mark_text(align="right", baseline="bottom", dx=-6, dy=-2, color=INK),
    ]


def _tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("predicted:Q", title="mean PD", format=".4f"),
        alt.Tooltip("observed:Q", title="observed", format=".4f"),
        alt.Tooltip("low:Q", title="95 % from", format=".4f"),
        alt.Tooltip("high:Q", title="to", format=".4f"),
        alt.Tooltip("n:Q", title="applications", format=","),
        alt.Tooltip("bad:Q", title="bads", format=","),
    ]
