"""How a search went on: every trial, and the best so far."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np

from scorewright.core.charts.theme import (
    BAD,
    INK,
    MUTED,
    PAPER,
    PRIMARY,
    Frame,
    Rows,
    Spec,
    finish,
    number,
)
from scorewright.core.tuning import Trial

__all__ = ["study_history_chart"]

_FRAME = Frame(1000, 370)
#: Space above and below the trials, as a share of their spread.
_ROOM = 0.08


def study_history_chart(trials: Sequence[Trial], objective: str, *, is_small_better: bool) -> Spec:
    """Draw the objective of every trial and the best so far.

    Trials that keep the constraints are dots, those that break one are rings, pruned ones are
    crosses at the mean of the folds they came to. Failed trials have no figure and no mark.

    Args:
        trials: Trials of a study, at least one of them complete.
        objective: Its name.
        is_small_better: Direction of the objective.
    """
    ordered = sorted(trials, key=lambda trial: trial.number)
    kept = _rows([t for t in ordered if t.state == "complete" and t.is_feasible])
    broken = _rows([t for t in ordered if t.state == "complete" and not t.is_feasible])
    pruned = [
        {
            "trial": t.number,
            "value": number(float(np.mean(list(t.folds.values())))),
            "what": "pruned",
        }
        for t in ordered
        if t.state == "pruned" and t.folds
    ]
    data: dict[str, Rows] = {
        "kept": kept,
        "broken": broken,
        "pruned": pruned,
        "best": _best_so_far(kept, ordered, is_small_better=is_small_better),
    }
    x = alt.X("trial:Q", title="Trial", axis=alt.Axis(tickMinStep=1, format="d"))
    y = alt.Y("value:Q", title=objective, scale=_scale([*kept, *broken, *pruned]))
    tooltip = [alt.Tooltip("trial:Q"), alt.Tooltip("value:Q", format=".5g"), alt.Tooltip("what:N")]

    def points(name: str) -> alt.Chart:
        return alt.Chart(alt.NamedData(name)).encode(x=x, y=y, tooltip=tooltip)

    drawing = alt.layer(
        alt.Chart(alt.NamedData("best"))
        .encode(x=x, y=y)
        .mark_line(color=INK, interpolate="step-after", strokeWidth=1.5),
        points("pruned").mark_point(
            shape="cross", angle=45, color=MUTED, filled=True, size=60, opacity=1
        ),
        points("broken").mark_point(color=BAD, fill=PAPER, size=55, opacity=1),
        points("kept").mark_point(color=PRIMARY, filled=True, size=55, opacity=1),
    )
    return finish(
        drawing,
        "History of the search",
        _subtitle(ordered, is_small_better),
        data=data,
        frame=_FRAME,
    )


def _rows(trials: Sequence[Trial]) -> Rows:
    return [
        {
            "trial": t.number,
            "value": number(t.value if t.value is not None else 0.0),
            "what": "complete" if t.is_feasible else "breaks a constraint",
        }
        for t in trials
    ]


def _best_so_far(kept: Rows, trials: Sequence[Trial], *, is_small_better: bool) -> Rows:
    """Return the best feasible value from each trial on that improved it, to the last trial."""
    line: Rows = []
    for row in kept:
        better = not line or (
            row["value"] < line[-1]["value"]
            if is_small_better
            else row["value"] > line[-1]["value"]
        )
        if better:
            line.append({"trial": row["trial"], "value": row["value"]})
    if line:
        line.append({"trial": trials[-1].number, "value": line[-1]["value"]})
    return line


def _scale(rows: Rows) -> alt.Scale:
    values = [row["value"] for row in rows]
    room = _ROOM * ((max(values) - min(values)) or abs(max(values)) or 1.0)
    return alt.Scale(domain=[min(values) - room, max(values) + room], nice=False)


def _subtitle(trials: Sequence[Trial], is_small_better: bool) -> list[str]:
    complete = [t for t in trials if t.state == "complete"]
    parts = [f"{len(complete)} complete (dots)"]
    broken = sum(not t.is_feasible for t in complete)
    pruned = sum(t.state == "pruned" for t in trials)
    failed = sum(t.state == "failed" for t in trials)
    if broken:
        parts.append(f"{broken} of them break a constraint (rings)")
    if pruned:
        parts.append(f"{pruned} pruned (crosses, at the mean of their folds)")
    if failed:
        parts.append(f"{failed} failed")
    direction = "less" if is_small_better else "more"
    return [", ".join(parts), f"The line is the best so far; {direction} is better"]
