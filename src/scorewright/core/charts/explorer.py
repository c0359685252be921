"""The threshold explorer: one slider, and everything that follows from it."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from scorewright.core.charts.counts import Floats, sorted_curve
from scorewright.core.charts.theme import (
    BAD,
    GRID,
    INK,
    MUTED,
    PAPER,
    PRIMARY,
    Layered,
    Rows,
    Spec,
    finish,
    number,
    percent,
    percent_axis,
)
from scorewright.core.charts.thin import MAX_POINTS

__all__ = ["threshold_explorer"]

_WIDTH = 920
_PANEL = 190
_GAP = 20
#: Room for the labels of an axis, fixed so that the panels line up.
_LABELS = 44
_HALF = (_WIDTH - _GAP - _LABELS) // 2
#: Stops of the slider; three rows are left for both round ends and the optimum.
_STEPS = MAX_POINTS - 3
#: The slider is at least this long, also where all scores are equal.
_SPAN = 0.01
#: The slider ends where so few are declined that nothing changes any more.
_ALL_APPROVED = 0.998
#: Costs from here on are written without decimals.
_LARGE = 100
#: Rates that reach this far are marked in whole per cent.
_COARSE = 0.04
#: The readouts, from left to right.
_TILES = ("Threshold", "Cost", "Approval rate", "Defaults among approved", "Bads approved (FN)",
          "Goods declined (FP)")  # fmt: skip
_FIELDS = ("threshold", "cost", "approval_rate", "default_rate_approved", "fn", "fp")


def threshold_explorer(  # noqa: PLR0913, PLR0917 - one array for each readout
    threshold: npt.ArrayLike,
    cost: npt.ArrayLike,
    approval_rate: npt.ArrayLike,
    default_rate_approved: npt.ArrayLike,
    fn: npt.ArrayLike,
    fp: npt.ArrayLike,
    best: float,
) -> Spec:
    """Draw cost and rates over the threshold, with a slider that reads them off.

    The slider works in the page itself (a Vega parameter named ``threshold``); no server is asked.

    Args:
        threshold: Thresholds of shape (k,), each the least PD that is declined.
        cost: Cost at each, shape (k,).
        approval_rate: Share approved, shape (k,).
        default_rate_approved: Share of bads among them, shape (k,); not read where none are.
        fn: Bads approved, shape (k,).
        fp: Goods declined, shape (k,).
        best: The threshold that costs least, where the slider starts.

    Returns:
        A Vega-Lite specification of at most 501 rows.

    Raises:
        UsageError: ``chart-input``.
    """
    curve = sorted_curve(threshold, cost, approval_rate, default_rate_approved, fn, fp)
    low, high, step = _range(curve[0], curve[2], best)
    stops = np.round(low + step * np.arange(round((high - low) / step) + 1), 12)
    rows = _rows(curve, stops, best)
    start = min(rows, key=lambda row: abs(float(row["threshold"]) - best))
    money = ",.0f" if max(float(row["cost"]) for row in rows) >= _LARGE else ",.3f"
    highest = max(float(row["default_rate_approved"] or 0.0) for row in rows)
    slider = alt.param(
        name="threshold",
        value=float(f"{best:.4g}"),
        bind=alt.binding_range(min=low, max=high, step=step, name="Decline at PD ≥"),
    )
    drawing = alt.vconcat(_readout(money), *_panels(low, high, highest), spacing=26)
    drawing = drawing.add_params(slider).resolve_scale(x="independent", y="independent")
    data: dict[str, Rows] = {"curve": rows, "best": _best_tiles(start, money)}
    subtitle = (
        f"The best threshold, {best:.4f}, costs {format(float(start['cost']), money)} "
        f"and approves {percent(float(start['approval_rate']))}"
    )
    return finish(drawing, "Threshold explorer", subtitle, data=data, frame=None)


def _panels(low: float, high: float, highest: float) -> tuple[Layered, alt.HConcatChart]:
    """Return the cost over the full width, and the two rates side by side."""
    x = alt.X(
        "threshold:Q",
        scale=alt.Scale(domain=[low, high], nice=False),
        title="Threshold",
        axis=alt.Axis(tickCount=8),
    )
    digits = 0 if highest > _COARSE else 1
    title = "Default rate among the approved"
    rates = alt.hconcat(
        _panel(x, "approval_rate", "Approval rate", percent_axis(), _HALF),
        _panel(x, "default_rate_approved", title, percent_axis(digits), _HALF),
        spacing=_GAP + _LABELS,
        bounds="flush",
    )
    return _panel(x, "cost", "Cost", alt.Axis(format="~s"), _WIDTH), rates


def _range(threshold: Floats, approved: Floats, best: float) -> tuple[float, float, float]:
    """Return the slider's ends and step, all of them round numbers."""
    inside = threshold[approved <= _ALL_APPROVED]
    low = min(float(threshold[0]), best)
    high = max(float(inside[-1]) if len(inside) else float(threshold[-1]), best)
    high = max(high, low + _SPAN)
    rough = (high - low) / _STEPS
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= rough)
    digits = max(0, 1 - math.floor(math.log10(step)))
    low = round(math.floor(low / step) * step, digits)
    high = round(math.ceil(high / step) * step, digits)
    return low, high, round(step, digits)


def _rows(curve: tuple[Floats, ...], stops: Floats, best: float) -> Rows:
    """Return the curve at each stop of the slider, the optimum in place of the stop nearest it.

    Declining at t declines PD >= t, as does the next threshold of the curve at or above t.
    """
    half = (stops[1] - stops[0]) / 2
    points = np.sort(np.append(stops[np.abs(stops - best) > half], [best]))
    at = np.minimum(np.searchsorted(curve[0], points), len(curve[0]) - 1)
    rows: Rows = []
    for t, i in zip(points, at, strict=True):
        values = [float(t), *(float(array[i]) for array in curve[1:])]
        row = {name: number(value) for name, value in zip(_FIELDS, values, strict=True)}
        rows.append(row if row["approval_rate"] > 0 else {**row, "default_rate_approved": None})
    return rows


def _best_tiles(row: dict[str, float | None], money: str) -> Rows:
    """Return the readouts of the best threshold, which stay for comparison."""
    defaults = row["default_rate_approved"]
    texts = (
        f"{row['threshold']:.4f}",
        format(row["cost"], money),
        percent(float(row["approval_rate"] or 0.0)),
        "none" if defaults is None else percent(defaults, 2),
        f"{row['fn']:,.0f}",
        f"{row['fp']:,.0f}",
    )
    return [{"key": key, "text": f"best: {text}"} for key, text in zip(_TILES, texts, strict=True)]


def _nearest(chart: alt.Chart) -> alt.Chart:
    """Reduce the curve to the row nearest to the slider."""
    picked = chart.transform_calculate(away="abs(datum.threshold - threshold)").transform_aggregate(
        row="argmin(away)"
    )
    calculated = {name: f"datum.row.{name}" for name in _FIELDS}
    for name, expression in calculated.items():
        picked = picked.transform_calculate(**{name: expression})
    return picked


def _readout(money: str) -> Layered:
    """Return the row of large figures above the curves."""
    x = alt.X("key:N", sort=list(_TILES), axis=None, scale=alt.Scale(paddingInner=0.03))
    written = {
        _TILES[0]: "format(datum.threshold, '.4f')",
        _TILES[1]: f"format(datum.cost, '{money}')",
        _TILES[2]: "format(100 * datum.approval_rate, '.1f') + ' %'",
        _TILES[3]: "datum.default_rate_approved == null ? 'none' : "
        "format(100 * datum.default_rate_approved, '.2f') + ' %'",
        _TILES[4]: "format(datum.fn, ',.0f')",
        _TILES[5]: "format(datum.fp, ',.0f')",
    }
    chosen = _nearest(alt.Chart(alt.NamedData("curve")))
    for name, expression in written.items():
        chosen = chosen.transform_calculate(**{name: expression})
    chosen = chosen.transform_fold(list(_TILES)).encode(x=x)
    best = alt.Chart(alt.NamedData("best")).encode(x=x)
    layers = alt.layer(
        best.mark_rect(color=GRID, opacity=0.6, cornerRadius=6).encode(
            y=alt.value(0), y2=alt.value("height")
        ),
        best.mark_text(fontSize=11.5, color=MUTED).encode(y=alt.value(15), text="key:N"),
        chosen.mark_text(fontSize=21, fontWeight="bold", color=INK).encode(
            y=alt.value(39), text="value:N"
        ),
        best.mark_text(fontSize=11.5, color=MUTED).encode(y=alt.value(62), text="text:N"),
    )
    return layers.properties(width=_WIDTH, height=76)


def _panel(x: alt.X, field: str, title: str, axis: alt.Axis, width: int) -> Layered:
    """Return one curve with its name above it and the slider's position on it."""
    # The name stands where the axis begins: at the same height in every panel.
    head: dict[str, Any] = {"titleAngle": 0, "titleAlign": "left", "titleX": 0, "titleY": -10}
    extent: dict[str, Any] = {"tickCount": 5, "minExtent": _LABELS, "maxExtent": _LABELS}
    y = alt.Y(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(zero=False, nice=True),
        axis=alt.Axis(**axis.to_dict(), **head, **extent),
    )
    color = BAD if field == "default_rate_approved" else PRIMARY
    curve = alt.Chart(alt.NamedData("curve")).encode(x=x)
    here = _nearest(alt.Chart(alt.NamedData("curve"))).encode(x=x)
    return alt.layer(
        curve.mark_line(color=color).encode(y=y),
        here.mark_rule(color=INK, strokeWidth=1.25),
        here.mark_point(color=color, filled=True, size=90, opacity=1, stroke=PAPER).encode(y=y),
    ).properties(width=width, height=_PANEL)
