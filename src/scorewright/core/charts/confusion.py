"""The four kinds of decision."""

from __future__ import annotations

import altair as alt

from scorewright.core.charts.theme import (
    BAD,
    INK,
    PAPER,
    PRIMARY,
    Layered,
    Rows,
    Spec,
    finish,
    percent,
)

__all__ = ["confusion_chart"]

_DECISIONS = ["approved", "declined"]
_CLASSES = ["good", "bad"]


def confusion_chart(tp: int, fp: int, tn: int, fn: int) -> Spec:
    """Draw the confusion matrix as four tiles, shaded by the share within the actual class.

    Args:
        tp: Bads declined.
        fp: Goods declined.
        tn: Goods approved.
        fn: Bads approved.

    Returns:
        A Vega-Lite specification of four rows.
    """
    total = tp + fp + tn + fn
    cells = (
        ("good", "approved", tn, tn + fp, "true negative"),
        ("good", "declined", fp, tn + fp, "false positive"),
        ("bad", "approved", fn, tp + fn, "false negative"),
        ("bad", "declined", tp, tp + fn, "true positive"),
    )
    rows: Rows = []
    for actual, decision, count, of, name in cells:
        share = count / of if of else 0.0
        rows.append(
            {
                "actual": actual,
                "decision": decision,
                "count": count,
                "share": round(share, 6),
                "name": name,
                "right": name.startswith("true"),
                "note": f"{percent(share)} of the {actual}s",
            }
        )
    right = (tp + tn) / total if total else 0.0
    subtitle = f"{percent(right)} of {total:,} decisions agree with the outcome"
    return finish(_tiles(), "Decisions at the threshold", subtitle, data={"cells": rows})


def _tiles() -> Layered:
    """Return tiles with a large count, a name above it and a share below."""
    x = alt.X(
        "decision:N",
        title="Decision",
        sort=_DECISIONS,
        scale=alt.Scale(paddingInner=0.03),
        axis=alt.Axis(labelAngle=0, orient="top", domain=False, ticks=False, labelFontSize=12),
    )
    y = alt.Y(
        "actual:N",
        title="Outcome",
        sort=_CLASSES,
        scale=alt.Scale(paddingInner=0.04),
        axis=alt.Axis(labelFontSize=12),
    )
    base = alt.Chart(alt.NamedData("cells")).encode(x=x, y=y)
    # Weak shades: the text on top stays readable whatever the share is.
    shade = alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 0.42]), legend=None)
    hue = alt.Color(
        "right:N", scale=alt.Scale(domain=[True, False], range=[PRIMARY, BAD]), legend=None
    )
    return alt.layer(
        base.mark_rect(cornerRadius=6, stroke=PAPER).encode(opacity=shade, color=hue),
        base.mark_text(fontSize=24, fontWeight="bold", color=INK).encode(
            text=alt.Text("count:Q", format=",")
        ),
        base.mark_text(dy=-28, fontSize=12, color=INK).encode(text="name:N"),
        base.mark_text(dy=27, fontSize=12, color=INK).encode(text="note:N"),
    )
