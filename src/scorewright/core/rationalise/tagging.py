"""Required tags that can be derived (CONV-005), and descriptions (CONV-009)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scorewright.core.conventions import Conventions
from scorewright.core.plans import RowChange
from scorewright.core.rationalise.derive import allowed, derived
from scorewright.core.rationalise.evidence import Evidence
from scorewright.core.rationalise.facts import RunFacts, facts_of, moment_text
from scorewright.core.rationalise.ideas import Idea, Proposal, run_tag
from scorewright.core.rationalise.rawrows import Need, RawRows, TableShape

__all__ = ["describe_runs", "fill_tags"]

_TAGS, _TEXT = "CONV-005", "CONV-009"
_NOTE = "mlflow.note.content"
#: Tags with codes of their own.
_APART = frozenset({"mlflow.runName", _NOTE})
_SHOWN_PARAMS = 12
_SHOWN = 3
_LONGEST = 4000
_MODELS = {
    "lgbm": "LightGBM",
    "xgboost": "XGBoost",
    "catboost": "CatBoost",
    "random_forest": "Random forest",
    "logistic": "Logistic regression",
    "scorecard": "Scorecard",
    "ensemble": "Ensemble",
    "dummy": "Dummy",
}
_FIGURES = ("mean_roc_auc", "roc_auc", "fbeta_score", "business_cost", "optimal_threshold")


@dataclass(frozen=True, slots=True)
class _Fill:
    """A tag that is set, unless an earlier step of the plan set it already."""

    run_id: str
    key: str
    value: str
    before: str | None

    def needs(self, shapes: Mapping[str, TableShape]) -> Iterable[Need]:
        return run_tag(self.run_id, self.key, self.value).needs(shapes)

    def changes(self, rows: RawRows) -> Iterable[RowChange]:
        found = rows.find("tags", {"run_uuid": self.run_id, "key": self.key})
        if [row["value"] for row in found] == ([] if self.before is None else [self.before]):
            yield from run_tag(self.run_id, self.key, self.value).changes(rows)


def fill_tags(evidence: Evidence, lacking: Mapping[str, Iterable[str]]) -> Proposal:
    """Set tags that follow from what a run logged, and list those that do not.

    Args:
        evidence: The store.
        lacking: Run id -> tags that are missing or have a value that is not allowed.
    """
    ideas = []
    unknown: dict[str, list[RunFacts]] = {}
    for run_id, run in facts_of(evidence, lacking).items():
        found: dict[str, tuple[str, str]] = {}
        for tag in sorted(set(lacking[run_id]) - _APART):
            made = derived(tag, run, evidence.conventions)
            if made is None and tag == "project":
                made = _of_settings(evidence)
            if made is None:
                unknown.setdefault(tag, []).append(run)
            else:
                found[tag] = made
        if found:
            said = ", ".join(f"{k} = {v} ({place})" for k, (v, place) in found.items())
            tasks = tuple(_Fill(run.run_id, k, v, run.tags.get(k)) for k, (v, _) in found.items())
            ideas.append(Idea("fill_tags", run.label, f"Set {said}.", _TAGS, tasks))
    notes = [_cannot(tag, runs, evidence.conventions) for tag, runs in sorted(unknown.items())]
    return Proposal(tuple(ideas), tuple(notes))


def _of_settings(evidence: Evidence) -> tuple[str, str] | None:
    if allowed("project", evidence.project, evidence.conventions):
        return evidence.project, "the settings"
    return None


def _cannot(tag: str, runs: list[RunFacts], conventions: Conventions) -> str:
    shown = ", ".join(run.label for run in runs[:_SHOWN])
    more = f" and {len(runs) - _SHOWN} more" if len(runs) > _SHOWN else ""
    rule = conventions.tags.get(tag)
    values = f" ({', '.join(rule.values)})" if rule is not None and rule.values else ""
    return (
        f"{_TAGS}: tag {tag}{values} follows from nothing that was logged: {shown}{more}. "
        "Set it in MLflow if you know it, or rerun: train the run again."
    )


def describe_runs(evidence: Evidence, run_ids: Iterable[str]) -> Proposal:
    """Write descriptions from the runs' own configuration, and nothing beyond it.

    Args:
        evidence: The store.
        run_ids: Runs without a description.
    """
    ideas = []
    for run in facts_of(evidence, run_ids).values():
        text = _described(run, evidence.conventions)[:_LONGEST]
        ideas.append(
            Idea(
                "describe_run",
                run.label,
                f"Describe it: {text}",
                _TEXT,
                (_Fill(run.run_id, _NOTE, text, run.tags.get(_NOTE)),),
            )
        )
    return Proposal(tuple(ideas))


def _described(run: RunFacts, conventions: Conventions) -> str:
    parts = [_model(run, conventions), *_setup(run, conventions)]
    begun = "" if run.start is None else f", begun {moment_text(run.start)}"
    text = f"{', '.join(part for part in parts if part) or 'Run'} in {run.experiment}{begun}."
    if run.params:
        shown = sorted(run.params.items())[:_SHOWN_PARAMS]
        listed = ", ".join(f"{name} {value[:60]}" for name, value in shown)
        more = f" and {len(run.params) - len(shown)} more" if len(run.params) > len(shown) else ""
        text += f" Parameters: {listed}{more}."
    figures = [
        f"{name} {run.figures[name].value:.4g}"
        for name in _FIGURES
        if name in run.figures and run.figures[name].value is not None
    ]
    if figures:
        text += f" Logged: {', '.join(figures)}."
    if not run.params and not run.figures:
        text += " It logged no parameter and no metric."
    return f"{text} Written from the run's own configuration."


def _model(run: RunFacts, conventions: Conventions) -> str:
    found = run.tags.get("model_type") or (derived("model_type", run, conventions) or ("",))[0]
    return _MODELS.get(found, found)


def _setup(run: RunFacts, conventions: Conventions) -> list[str]:
    def told(tag: str) -> str:
        return run.tags.get(tag) or (derived(tag, run, conventions) or ("",))[0]

    validation, features, sampling = map(
        told, ("validation", "feature_strategy", "sampling_strategy")
    )
    count = run.params.get("n_features", "")
    amount = f"{count} features" if count.isdecimal() else ""
    if features:
        features = f"{features} features" + (f" ({count})" if amount else "")
    return [validation, features or amount, f"sampling {sampling}" if sampling else ""]
