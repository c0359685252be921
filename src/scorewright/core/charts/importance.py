"""What the model looks at."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt

from scorewright.core.charts.theme import INK, PRIMARY, Frame, Rows, Spec, finish, number, percent

__all__ = ["importance_chart"]

_WIDTH = 1000
_ROW = 21
_SURROUNDINGS = 75


def importance_chart(importance: Mapping[str, float], top: int = 20) -> Spec:
    """Draw the most important features as bars, in per cent of the total.

    Args:
        importance: Non-negative importance per feature.
        top: How many to show.

    Returns:
        A Vega-Lite specification of at most ``top`` rows.
    """
    ranked = sorted(importance.items(), key=lambda item: (-item[1], item[0]))
    total = sum(importance.values()) or 1.0
    shown = ranked[:top]
    rows: Rows = [
        {
            "feature": name,
            "importance": number(value),
            "share": number(value / total),
            "label": percent(value / total),
        }
        for name, value in shown
    ]
    held = sum(value for _, value in shown) / total
    subtitle = (
        f"{len(shown)} of {len(ranked)} features hold {percent(held)} of the total"
        if len(shown) < len(ranked)
        else f"All {len(ranked)} features, in per cent of the total"
    )
    longest = max((value / total for _, value in shown), default=1.0)
    base = alt.Chart(alt.NamedData("importance")).encode(
        x=alt.X(
            "share:Q", axis=None, scale=alt.Scale(domain=[0, 1.08 * (longest or 1.0)], nice=False)
        ),
        y=alt.Y(
            "feature:N",
            sort=[name for name, _ in shown],
            title=None,
            axis=alt.Axis(labelLimit=300, labelColor=INK, labelFontSize=12),
            scale=alt.Scale(paddingInner=0.35),
        ),
    )
    drawing = alt.layer(
        base.mark_bar(color=PRIMARY, cornerRadiusEnd=2).encode(
            tooltip=[alt.Tooltip("feature:N"), alt.Tooltip("importance:Q", format=",.4~g")]
        ),
        base.mark_text(align="left", dx=5, color=INK).encode(text="label:N"),
    )
    frame = Frame(_WIDTH, _SURROUNDINGS + _ROW * max(len(rows), 3))
    return finish(drawing, "Feature importance", subtitle, data={"importance": rows}, frame=frame)
