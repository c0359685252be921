"""Which parameters decide the objective."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt

from scorewright.core.charts.theme import INK, PRIMARY, Frame, Rows, Spec, finish, number, percent

__all__ = ["study_importance_chart"]

_ROW = 26
_SURROUNDINGS = 95


def study_importance_chart(importance: Mapping[str, float], objective: str) -> Spec:
    """Draw how much each parameter decides whether a trial is among the best.

    Args:
        importance: Parameter -> share of the total, not negative.
        objective: Name of the objective.
    """
    ranked = sorted(importance.items(), key=lambda item: (-item[1], item[0]))
    rows: Rows = [
        {"parameter": name, "share": number(share), "label": percent(share)}
        for name, share in ranked
    ]
    longest = max((share for _, share in ranked), default=1.0) or 1.0
    base = alt.Chart(alt.NamedData("importance")).encode(
        x=alt.X("share:Q", axis=None, scale=alt.Scale(domain=[0, 1.2 * longest], nice=False)),
        y=alt.Y(
            "parameter:N",
            sort=[name for name, _ in ranked],
            title=None,
            axis=alt.Axis(labelLimit=220, labelColor=INK, labelFontSize=12),
            scale=alt.Scale(paddingInner=0.35),
        ),
    )
    drawing = alt.layer(
        base.mark_bar(color=PRIMARY, cornerRadiusEnd=2),
        base.mark_text(align="left", dx=5, color=INK).encode(text="label:N"),
    )
    subtitle = f"Share in telling the best trials from the rest, by {objective} (PED-ANOVA)"
    frame = Frame(500, _SURROUNDINGS + _ROW * max(len(rows), 4))
    data = {"importance": rows}
    return finish(drawing, "Importance of the parameters", subtitle, data=data, frame=frame)
