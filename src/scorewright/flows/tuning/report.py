"""The report of a search, and the lines for the settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scorewright.core.report import Figure, ReportContent, Section, Table
from scorewright.core.tuning import Trial
from scorewright.flows.tuning.result import TuneResult

__all__ = ["best_trials", "params_block", "study_report"]

_TOP = 10

_PROSE = {
    "tuning_history": ("history", "History", "Every trial in the order of their beginnings."),
    "tuning_importance": (
        "parameters",
        "Importance of the parameters",
        "How much each one decides whether a trial is among the best. Chance has a part in it.",
    ),
    "tuning_parallel": (
        "parallel",
        "Parallel coordinates",
        "Every complete trial is a line; where coloured lines meet, good trials agree.",
    ),
}


def params_block(params: Mapping[str, Any]) -> str:
    """Return parameters as a ``[learner.params]`` table, ready to be pasted."""
    return "\n".join(["[learner.params]", *(f"{n} = {_toml(v)}" for n, v in params.items())]) + "\n"


def study_report(result: TuneResult) -> ReportContent:
    """Return the content of a search's HTML report."""
    prepared, tuning = result.search.prepared, result.search.tuning
    charts = tuple(
        Section(*_PROSE[name], chart, None, wide=name != "tuning_importance")
        for name, chart in result.charts.items()
    )
    return ReportContent(
        title=f"{prepared.settings.project.name}: search {tuning.study}",
        subtitle=(
            f"{prepared.learner.name}, {len(prepared.y):,} applications, data "
            f"{prepared.data_version}, {prepared.plan.label}, sampler {tuning.sampler}. Every "
            "figure comes from rows the model never saw."
        ),
        verdict=_verdict(result),
        sections=(*charts, _trials(result), *_parameters(result)),
        footer={
            "run": f"{result.run_id} in {result.experiment}",
            "store": result.tracking,
            "study": f"{tuning.study} in {result.storage}",
            "data": f"{prepared.data_version} ({prepared.source})",
        },
    )


def _verdict(result: TuneResult) -> tuple[Figure, ...]:
    name, best = result.search.objective.name, result.leaders.best
    states = [t.state for t in result.trials]
    figures = [
        Figure(
            "Trials",
            str(states.count("complete") + states.count("pruned")),
            f"{states.count('pruned')} pruned, {states.count('failed')} failed",
        )
    ]
    if best is not None:
        figures.insert(0, Figure(f"Best {name}", f"{best.value:.5g}", best.run_name))
    else:
        often = ", ".join(f"{text}: {count}" for text, count in result.leaders.broken.items())
        figures.insert(0, Figure(f"Best {name}", "none", f"constraints broken {often}", "bad"))
    if result.nested is not None:
        note = f"best trial is {result.nested.optimism:.5g} too good"
        figures.append(Figure(f"Nested {name}", f"{result.nested.value:.5g}", note))
    return tuple(figures)


def best_trials(result: TuneResult) -> Table:
    """Return the best complete trials, feasible ones first."""
    sign = 1.0 if result.search.objective.is_small_better else -1.0
    done = [t for t in result.trials if t.state == "complete" and t.value is not None]
    done.sort(key=lambda t: (not t.is_feasible, sign * (t.value or 0.0), t.number))
    rows = tuple(_row(trial) for trial in done[:_TOP])
    columns = ("trial", result.search.objective.name, "constraints", "parameters")
    return Table(columns, rows, f"the best {len(rows)} of {len(done)} complete trials")


def _trials(result: TuneResult) -> Section:
    text = "Differences smaller than the spread over folds are no differences."
    return Section("trials", "The best trials", text, None, best_trials(result), wide=True)


def _row(trial: Trial) -> tuple[str, str, str, str]:
    broken = ", ".join(text for text, by in trial.violations.items() if by > 0.0)
    params = ", ".join(f"{n} = {_short(v)}" for n, v in sorted(trial.params.items()))
    return trial.run_name, f"{trial.value:.5g}", f"breaks {broken}" if broken else "kept", params


def _parameters(result: TuneResult) -> tuple[Section, ...]:
    if result.params is None:
        return ()
    rows = tuple((name, _toml(value)) for name, value in result.params.items())
    table = Table(("parameter", "value"), rows, "[learner.params]")
    text = "For scorewright.toml; 'scorewright tune --write' puts them there."
    return (Section("learner-params", "The best parameters", text, None, table, wide=True),)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _toml(value: Any) -> str:  # noqa: ANN401 - any value of a parameter
    """Write a value as TOML does."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(n)} = {_toml(v)}" for n, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def _key(name: object) -> str:
    return json.dumps(str(name), ensure_ascii=False)
