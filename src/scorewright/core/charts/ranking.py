"""How well the PDs rank: ROC and precision-recall."""

from __future__ import annotations

import math

import altair as alt
import numpy as np
import numpy.typing as npt

from scorewright.core.charts.counts import Floats, checked, score_counts
from scorewright.core.charts.theme import (
    AXIS,
    BAD,
    INK,
    MUTED,
    PRIMARY,
    WASH,
    Layered,
    Rows,
    Spec,
    finish,
    number,
    percent,
    percent_axis,
)
from scorewright.core.charts.thin import thin_curve

__all__ = ["pr_chart", "roc_chart"]

_UNIT = alt.Scale(domain=[0, 1], nice=False)
#: Recall from which the precision has settled enough to be given room.
_SETTLED = 0.01
#: Recall from which the name of the random line needs clear room above the curve.
_NAME_FROM = 0.5
_TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1]


def roc_chart(
    y: npt.ArrayLike,
    pd: npt.ArrayLike,
    *,
    auc: float,
    low: float,
    high: float,
    train: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
) -> Spec:
    """Draw the ROC curve, with the point where KS is reached.

    Args:
        y: Labels of shape (n,), 1 is bad.
        pd: PDs of shape (n,).
        auc: Area under the curve.
        low: Lower end of its 95 % interval.
        high: Upper end of its 95 % interval.
        train: Labels and PDs of the training rows, for comparison.

    Returns:
        A Vega-Lite specification of at most 501 points a curve.

    Raises:
        UsageError: ``chart-input``.
    """
    curve = _roc_rows(y, pd)
    far = max(curve, key=lambda row: float(row["tpr"]) - float(row["fpr"]))
    far = {**far, "label": f"KS {far['tpr'] - far['fpr']:.3f}"}
    data: dict[str, Rows] = {
        "roc": curve,
        "ks": [far],
        "chance": [{"fpr": 0, "tpr": 0}, {"fpr": 1, "tpr": 1}],
    }
    x = alt.X("fpr:Q", title="Share of goods declined", scale=_UNIT, axis=_percent_axis())
    height = alt.Y("tpr:Q", title="Share of bads declined", scale=_UNIT, axis=_percent_axis())
    base = alt.Chart(alt.NamedData("roc")).encode(x=x, y=height)
    layers: list[alt.Chart] = [
        base.mark_area(color=WASH, opacity=0.55, line=False).encode(y2=alt.datum(0)),
        _chance(x, height),
    ]
    if train is not None:
        data["train"] = _roc_rows(*train)
        layers += _training(x, height)
    layers += [base.mark_line(color=PRIMARY), *_ks(x, height)]
    subtitle = f"AUC {auc:.3f}, 95 % CI {low:.3f} to {high:.3f}"
    return finish(alt.layer(*layers), "ROC curve", subtitle, data=data)


def _roc_rows(y: npt.ArrayLike, pd: npt.ArrayLike) -> Rows:
    """Return the corners of the curve as rows of fpr and tpr."""
    labels, scores = checked(y, pd)
    counts = score_counts(labels, scores)
    tpr = np.append([0.0], counts.bads / counts.bads[-1])
    fpr = np.append([0.0], counts.goods / counts.goods[-1])
    kept = thin_curve(fpr, tpr, keep=(int(np.argmax(tpr - fpr)),))
    return [{"fpr": number(fpr[i]), "tpr": number(tpr[i])} for i in kept]


def _percent_axis() -> alt.Axis:
    return percent_axis(values=_TICKS)


def _chance(x: alt.X, y: alt.Y) -> alt.Chart:
    """Return the diagonal of a model that knows nothing."""
    chart = alt.Chart(alt.NamedData("chance")).encode(x=x, y=y)
    line: alt.Chart = chart.mark_line(color=AXIS, strokeDash=[4, 4], strokeWidth=1.25)
    return line


def _training(x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Return the training curve, dashed, and its name."""
    base = alt.Chart(alt.NamedData("train")).encode(x=x, y=y)
    name = alt.Chart(alt.NamedData("ks")).mark_text(align="left", color=MUTED, baseline="bottom")
    return [
        base.mark_line(color=MUTED, strokeDash=[6, 3], strokeWidth=1.5),
        name.encode(x=alt.datum(0.62), y=alt.datum(0.12), text=alt.value("dashed: training rows")),
    ]


def _ks(x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Return the vertical gap at its widest, with its size."""
    base = alt.Chart(alt.NamedData("ks")).encode(x=x)
    return [
        base.mark_rule(color=PRIMARY, strokeWidth=1.25).encode(y=y, y2=alt.Y2("fpr:Q")),
        base.mark_point(color=PRIMARY, filled=True, size=55, opacity=1).encode(y=y),
        base.mark_text(align="left", dx=9, color=INK, baseline="middle")
        .transform_calculate(middle="(datum.tpr + datum.fpr) / 2")
        .encode(y=alt.Y("middle:Q", scale=_UNIT), text="label:N"),
    ]


def pr_chart(y: npt.ArrayLike, pd: npt.ArrayLike, *, average_precision: float) -> Spec:
    """Draw precision over recall.

    Args:
        y: Labels of shape (n,), 1 is bad.
        pd: PDs of shape (n,).
        average_precision: The area, as average precision.

    Returns:
        A Vega-Lite specification of at most 501 points.

    Raises:
        UsageError: ``chart-input``.
    """
    labels, scores = checked(y, pd)
    counts = score_counts(labels, scores)
    precision = counts.bads / (counts.bads + counts.goods)
    recall = counts.bads / counts.bads[-1]
    kept = thin_curve(recall, precision)
    rows: Rows = [{"recall": number(recall[i]), "precision": number(precision[i])} for i in kept]
    base_rate = float(labels.mean())
    end = _reach(recall, precision)
    # The name of the line stands above the curve's right end, where it meets nothing.
    clear = float(precision[recall >= _NAME_FROM].max()) + 0.02 * end
    level: Rows = [{"precision": number(base_rate), "name_at": number(min(clear, 0.94 * end))}]
    subtitle = f"Average precision {average_precision:.3f}, base rate {percent(base_rate, 2)}"
    data = {"pr": rows, "base_rate": level}
    return finish(_precision(end), "Precision and recall", subtitle, data=data)


def _reach(recall: Floats, precision: Floats) -> float:
    """Return where the precision axis ends: the tenth above all but the first per cent.

    The first few rows of the ranking make the precision jump; they do not get the whole axis.
    """
    needed = float(precision[recall >= _SETTLED].max())
    return min(1.0, math.ceil(10.5 * needed) / 10)


def _precision(end: float) -> Layered:
    """Return the curve and the level that declining at random would have."""
    x = alt.X(
        "recall:Q", title="Share of bads declined (recall)", scale=_UNIT, axis=_percent_axis()
    )
    scale = alt.Scale(domain=[0, end], nice=False)
    top = alt.Y(
        "precision:Q",
        title="Share of bads among the declined (precision)",
        scale=scale,
        axis=percent_axis(tickCount=6),
    )
    base = alt.Chart(alt.NamedData("pr")).encode(x=x, y=top)
    floor = alt.Chart(alt.NamedData("base_rate")).encode(y=top)
    return alt.layer(
        base.mark_area(color=WASH, opacity=0.55, line=False, clip=True).encode(y2=alt.datum(0)),
        floor.mark_rule(color=BAD, strokeDash=[4, 4], strokeWidth=1.5),
        base.mark_line(color=PRIMARY, clip=True),
        floor.mark_text(align="right", baseline="bottom", dx=-4, color=MUTED).encode(
            x=alt.datum(1),
            y=alt.Y("name_at:Q", scale=scale),
            text=alt.value("dashed: declining at random"),
        ),
    )
