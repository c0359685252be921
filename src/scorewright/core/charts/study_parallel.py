"""Parallel coordinates: which values the good trials have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from scorewright.core.charts.theme import (
    AXIS,
    INK,
    MUTED,
    PRIMARY,
    Frame,
    Layered,
    Rows,
    Spec,
    finish,
    number,
)
from scorewright.core.tuning import Trial

__all__ = ["study_parallel_chart"]

_FRAME = Frame(1000, 400)
#: The share of trials that is drawn in colour, and how many lines are drawn at most.
_BEST, _MOST = 0.1, 150


@dataclass(frozen=True, slots=True)
class _Scale:
    """One upright axis: where a value lies on it, and what stands at its ends."""

    name: str
    place: Callable[[Any], float]
    low: str
    high: str


def study_parallel_chart(
    trials: Sequence[Trial],
    objective: str,
    *,
    is_small_better: bool,
    logarithmic: Collection[str] = (),
) -> Spec | None:
    """Draw every complete trial as a line over its parameters and its objective.

    Args:
        trials: Trials of a study.
        objective: Its name.
        is_small_better: Direction of the objective.
        logarithmic: Parameters whose logarithm is drawn.

    Returns:
        A Vega-Lite specification of at most 150 lines, the best trials among them; None with
        fewer than two complete trials, or none that differ.
    """
    done = [t for t in trials if t.state == "complete" and t.value is not None]
    done.sort(key=lambda t: (not t.is_feasible, _signed(t, is_small_better), t.number))
    shown = done[:_MOST]
    scales = [
        scale
        for name in sorted({name for t in shown for name in t.params})
        if (scale := _scale(name, shown, is_log=name in logarithmic)) is not None
    ]
    own = _numbers(objective, [float(t.value or 0.0) for t in shown], is_log=False)
    if not scales or own is None:
        return None
    scales.append(own)
    best = max(1, round(_BEST * len(shown)))
    rows: Rows = [
        {
            "trial": t.number,
            "axis": scale.name,
            "place": number(scale.place(value)),
            "value": str(value),
        }
        for t in shown
        for scale in scales
        if (value := t.value if scale is own else t.params.get(scale.name)) is not None
    ]
    leading = {t.number for t in shown[:best]}
    data: dict[str, Rows] = {
        "rest": [row for row in rows if row["trial"] not in leading],
        "best": [row for row in rows if row["trial"] in leading],
        "ends": [
            {"axis": s.name, "place": place, "label": label}
            for s in scales
            for place, label in ((0.0, s.low), (1.0, s.high))
        ],
    }
    subtitle = f"{len(shown)} complete trials; the best {best} in colour"
    return finish(
        _lines([s.name for s in scales]), "Parallel coordinates", subtitle, data=data, frame=_FRAME
    )


def _lines(order: list[str]) -> Layered:
    x = alt.X(
        "axis:N",
        sort=order,
        title=None,
        scale=alt.Scale(type="point", padding=0.4),
        axis=alt.Axis(labelAngle=0, labelColor=INK, labelFontSize=11.5, labelLimit=140, grid=True),
    )
    y = alt.Y("place:Q", axis=None, scale=alt.Scale(domain=[-0.08, 1.08], nice=False))
    tooltip = [alt.Tooltip("trial:Q"), alt.Tooltip("axis:N"), alt.Tooltip("value:N")]

    def lines(name: str) -> alt.Chart:
        return alt.Chart(alt.NamedData(name)).encode(x=x, y=y, detail="trial:N", tooltip=tooltip)

    ends = alt.Chart(alt.NamedData("ends")).encode(x=x, y=y, text="label:N")
    return alt.layer(
        lines("rest").mark_line(color=AXIS, strokeWidth=1, opacity=0.55),
        lines("best").mark_line(color=PRIMARY, strokeWidth=2.25, opacity=0.9),
        ends.transform_filter("datum.place == 0").mark_text(dy=12, color=MUTED),
        ends.transform_filter("datum.place == 1").mark_text(dy=-12, color=MUTED),
    )


def _signed(trial: Trial, is_small_better: bool) -> float:
    value = trial.value if trial.value is not None else math.inf
    return value if is_small_better else -value


def _scale(name: str, trials: Sequence[Trial], *, is_log: bool) -> _Scale | None:
    """Return the axis of a parameter; None where all trials share its value."""
    values = [t.params[name] for t in trials if name in t.params]
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return _numbers(name, [float(v) for v in values], is_log=is_log)
    texts = sorted({str(v) for v in values})
    if len(texts) == 1:
        return None
    places = {text: k / (len(texts) - 1) for k, text in enumerate(texts)}
    return _Scale(name, lambda value: places[str(value)], texts[0], texts[-1])


def _numbers(name: str, values: Sequence[float], *, is_log: bool) -> _Scale | None:
    low, high = min(values), max(values)
    if low == high:
        return None
    bend: Callable[[float], float] = math.log if is_log and low > 0 else float
    start, width = bend(low), bend(high) - bend(low)
    return _Scale(
        name, lambda value: (bend(float(value)) - start) / width, f"{low:.4g}", f"{high:.4g}"
    )
