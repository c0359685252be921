"""What a tracking store holds: runs by experiment, and a figure over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import altair as alt

from scorewright.core.charts.theme import (
    AXIS,
    BAD,
    GOOD,
    INK,
    PRIMARY,
    Frame,
    Rows,
    Spec,
    finish,
    number,
)

__all__ = ["ExperimentRuns", "RunValue", "store_runs_chart", "store_values_chart"]

_WIDTH = 1000
_ROW = 26
_SURROUNDINGS = 95
_VALUES = Frame(_WIDTH, 330)
_STATES = ("finished", "running", "failed", "deleted")
_COLOURS = (PRIMARY, GOOD, BAD, AXIS)
_MOST = 40
_POINTS = 2_000


@dataclass(frozen=True, slots=True)
class ExperimentRuns:
    """Runs of one experiment by state."""

    name: str
    finished: int
    running: int
    failed: int
    deleted: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.finished + self.running + self.failed + self.deleted

    @property
    def label(self) -> str:
        """In words, so that colour is never all there is."""
        counts = (self.finished, self.running, self.failed, self.deleted)
        return ", ".join(f"{n:,} {s}" for s, n in zip(_STATES, counts, strict=True) if n)


@dataclass(frozen=True, slots=True)
class RunValue:
    """A figure that a run logged last."""

    name: str
    experiment: str
    start: datetime
    value: float


def store_runs_chart(experiments: Sequence[ExperimentRuns]) -> Spec:
    """Draw how many runs each experiment has, by state, as stacked bars.

    Args:
        experiments: The largest ones are shown.
    """
    ranked = sorted(experiments, key=lambda e: -e.total)[:_MOST]
    bars: Rows = [
        {"experiment": e.name, "state": state, "runs": getattr(e, state), "order": place}
        for e in ranked
        for place, state in enumerate(_STATES)
        if getattr(e, state)
    ]
    labels: Rows = [{"experiment": e.name, "runs": e.total, "label": e.label} for e in ranked]
    longest = max((e.total for e in ranked), default=1)
    y = alt.Y(
        "experiment:N",
        sort=[e.name for e in ranked],
        title=None,
        axis=alt.Axis(labelLimit=300, labelColor=INK, labelFontSize=12),
    )
    # Room for the words at the end of the bars.
    scale = alt.Scale(domain=[0, 1.6 * (longest or 1)], nice=False)
    x = alt.X("runs:Q", axis=None, scale=scale)
    drawing = alt.layer(
        alt.Chart(alt.NamedData("bars"))
        .mark_bar()
        .encode(
            x=x,
            y=y,
            order=alt.Order("order:Q"),
            color=alt.Color(
                "state:N",
                title=None,
                scale=alt.Scale(domain=list(_STATES), range=list(_COLOURS)),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[alt.Tooltip("experiment:N"), alt.Tooltip("state:N"), alt.Tooltip("runs:Q")],
        ),
        alt.Chart(alt.NamedData("labels"))
        .mark_text(align="left", dx=6, color=INK)
        .encode(x=x, y=y, text="label:N"),
    )
    more = len(experiments) - len(ranked)
    subtitle = f"The {len(ranked)} largest of {len(experiments):,}" if more else "By their state"
    frame = Frame(_WIDTH, _SURROUNDINGS + _ROW * max(len(ranked), 2))
    return finish(
        drawing,
        "Runs by experiment",
        subtitle,
        data={"bars": bars, "labels": labels},
        frame=frame,
    )


def store_values_chart(runs: Sequence[RunValue], metric: str) -> Spec:
    """Draw a figure of all runs over the time they began.

    Args:
        runs: The latest ones are shown.
        metric: Its name.
    """
    latest = sorted(runs, key=lambda run: run.start)[-_POINTS:]
    rows: Rows = [
        {
            "name": run.name,
            "experiment": run.experiment,
            "start": run.start.strftime("%Y-%m-%dT%H:%M:%S"),
            "value": number(run.value),
        }
        for run in latest
    ]
    drawing = (
        alt.Chart(alt.NamedData("runs"))
        .mark_point(color=PRIMARY, filled=True, size=55, opacity=0.65)
        .encode(
            x=alt.X("start:T", title="Start (UTC)", scale=alt.Scale(padding=10)),
            y=alt.Y("value:Q", title=metric, scale=alt.Scale(zero=False, padding=8)),
            tooltip=[
                alt.Tooltip("name:N"),
                alt.Tooltip("experiment:N"),
                alt.Tooltip("start:T", format="%Y-%m-%d %H:%M"),
                alt.Tooltip("value:Q", format=".6g"),
            ],
        )
    )
    subtitle = f"Last value of {len(rows):,} active runs"
    if len(runs) > len(rows):
        subtitle += f", the latest of {len(runs):,}"
    return finish(drawing, f"{metric} over time", subtitle, data={"runs": rows}, frame=_VALUES)
