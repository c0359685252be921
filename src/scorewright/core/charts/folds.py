"""How much a figure differs from fold to fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np

from scorewright.core.charts.theme import (
    AXIS,
    INK,
    PAPER,
    PRIMARY,
    Frame,
    Layered,
    Rows,
    Spec,
    finish,
    number,
)

__all__ = ["fold_chart"]

_LABELS: Mapping[str, str] = {
    "roc_auc": "AUC",
    "pr_auc": "PR AUC",
    "ks": "KS",
    "gini": "Gini",
    "brier": "Brier",
    "log_loss": "Log loss",
}


def fold_chart(values: Mapping[str, Sequence[float]]) -> Spec:
    """Draw every metric's value per fold, as its distance from the mean over the folds.

    Distances are in per cent of the mean, so that metrics of different size share one axis;
    means and standard deviations (n - 1) are printed beside them.

    Args:
        values: Metric -> value per fold.

    Returns:
        A Vega-Lite specification of one row per metric and fold.
    """
    points: Rows = []
    strips: list[str] = []
    for metric, folds in values.items():
        name, mean = _LABELS.get(metric, metric), float(np.mean(folds))
        spread = float(np.std(folds, ddof=1)) if len(folds) > 1 else 0.0
        strip = f"{name}|{mean:.4f} ± {spread:.4f}"
        strips.append(strip)
        points += [
            {
                "metric": name,
                "strip": strip,
                "fold": k,
                "value": number(value),
                "distance": number((value - mean) / abs(mean) if mean else 0.0),
            }
            for k, value in enumerate(folds)
        ]
    reach = 1.25 * max([abs(float(row["distance"])) for row in points] + [0.004])
    count = max((len(folds) for folds in values.values()), default=0)
    data: dict[str, Rows] = {"folds": points, "centre": [{"distance": 0}]}
    subtitle = f"Mean ± standard deviation over {count} folds; the number in a dot is the fold"
    drawing = _strips(strips, reach)
    frame = Frame(500, max(370, 90 + 70 * len(strips)))
    return finish(drawing, "Figures per fold", subtitle, data=data, frame=frame)


def _strips(order: list[str], reach: float) -> Layered:
    """Return one strip a metric, each fold on a lane of its own so that dots never overlap."""
    x = alt.X(
        "distance:Q",
        title="Distance from the mean, in per cent of it",
        scale=alt.Scale(domain=[-reach, reach], nice=False),
        axis=alt.Axis(labelExpr=_signed(1 if reach < 0.04 else 0), tickCount=5),  # noqa: PLR2004
    )
    y = alt.Y(
        "strip:N",
        sort=order,
        title=None,
        scale=alt.Scale(paddingInner=0.42, paddingOuter=0.3),
        axis=alt.Axis(
            labelFontSize=12,
            labelColor=INK,
            labelExpr="split(datum.label, '|')",
            labelBaseline="middle",
        ),
    )
    lane = alt.YOffset("fold:O")
    dots = alt.Chart(alt.NamedData("folds")).encode(x=x, y=y, yOffset=lane)
    tooltip = [
        alt.Tooltip("metric:N"),
        alt.Tooltip("fold:O"),
        alt.Tooltip("value:Q", format=".5f"),
    ]
    centre = alt.Chart(alt.NamedData("centre"))
    return alt.layer(
        centre.mark_rule(color=AXIS, strokeWidth=1.25).encode(x=x),
        dots.mark_circle(color=PRIMARY, size=170, opacity=1).encode(tooltip=tooltip),
        dots.mark_text(color=PAPER, fontSize=9.5, fontWeight="bold").encode(text="fold:O"),
    )


def _signed(digits: int) -> str:
    """Return the expression that writes a distance with its sign."""
    written = f"format(100 * datum.value, '+.{digits}f') + ' %'"
    return f"datum.value == 0 ? 'mean' : {written}"
