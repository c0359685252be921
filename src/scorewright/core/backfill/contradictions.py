"""Logged figures that a run's own predictions contradict."""

from __future__ import annotations

from collections.abc import Mapping

from scorewright.core.audit import logged_doubt
from scorewright.core.backfill.facts import RunFacts
from scorewright.core.backfill.figures import Figures
from scorewright.core.backfill.rows import ValidatedRows
from scorewright.core.backfill.values import typed

__all__ = ["contradictions", "other_params"]

#: A figure moves by no more than this many units of the scores' grid, ties aside.
_UNITS = 2.0


def contradictions(logged: Mapping[str, float], figures: Figures, rows: ValidatedRows) -> list[str]:
    """Say which logged figures the predictions contradict, beyond what rounding explains.

    Args:
        logged: Last values of the run's metrics.
        figures: What its predictions give.
        rows: The rows behind them.
    """
    found = []
    for name, value in figures.metrics.items():
        told = logged.get(name)
        # What is no number contradicts nothing.
        if told is None or told != told:  # noqa: PLR0124 - NaN alone differs from itself
            continue
        if abs(told - value) > logged_doubt(told) + _UNITS * rows.unit:
            found.append(f"{name} {told:.6g} is left, though its predictions give {value:.6g}")
    choice = figures.choice
    if choice is not None and choice.cost > choice.least_cost:
        found.append(
            f"at its threshold {choice.threshold:.6g} the mistakes cost {choice.cost:,.6g}; "
            f"{choice.optimum:.6g} would cost {choice.least_cost:,.6g}"
        )
    return found


def other_params(facts: RunFacts) -> list[str]:
    """Say which logged parameters the run's own model contradicts."""
    model = facts.model
    if model is None:
        return []
    known = {**model.params, "n_features": len(model.importance)}
    logged = {
        name: typed(facts.record.params[name]) for name in known if name in facts.record.params
    }
    return [
        f"{name} {value!r} is left, though its model has {known[name]!r}"
        for name, value in logged.items()
        if value != known[name] and not (value is None and not known[name])
    ]
