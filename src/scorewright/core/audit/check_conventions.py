"""The conventions, told by rule: CONV-001 to CONV-010, and names of registered models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import polars as pl

from scorewright.core.audit.rule import Check, Hit
from scorewright.core.audit.signatures import alike_runs
from scorewright.core.audit.subjects import Subject
from scorewright.core.audit.view import StoreView
from scorewright.core.conventions import experiment_problem, is_registered_model_name, run_problem
from scorewright.core.findings import Finding

__all__ = ["CONVENTION_CHECKS", "registered_models"]

#: So many names are listed in a sentence.
_LISTED = 5
#: MLflow keeps prompts among the registered models.
_PROMPT = "mlflow.prompt.is_prompt"


def _lacking(code: str, view: StoreView) -> Iterator[Hit]:
    """Tell who lacks the same, the largest group first."""
    merged: dict[str, tuple[list[Subject], Finding]] = {}
    for alike in view.once(alike_runs):
        for finding in alike.findings:
            if finding.code == code:
                same = merged.setdefault(repr(finding.evidence), ([], finding))
                same[0].extend(alike.subjects)
    for subjects, finding in sorted(merged.values(), key=lambda group: -len(group[0])):
        yield Hit(tuple(subjects), _lack(finding), finding.evidence)


def _lack(finding: Finding) -> str:
    missing, invalid = finding.evidence.get("missing", ()), finding.evidence.get("invalid", {})
    lists = missing.values() if isinstance(missing, dict) else [missing]
    names = [name for names in lists for name in names]
    parts = [f"lacks {_listed(names)}"] if names else []
    if invalid:
        parts.append(f"has {_listed([f'{k} = {v!r}' for k, v in invalid.items()])}")
    return " and ".join(parts)


def _listed(names: list[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _run_names(view: StoreView) -> Iterator[Hit]:
    conventions = view.given.conventions
    problems = {n: run_problem(n, conventions) for n in dict.fromkeys(view.names.values())}
    bad = [run for run, name in view.names.items() if problems[name]]
    for kind, wanted in (("made up by MLflow", True), ("not of the form", False)):
        runs = [r for r in bad if ("made up" in (problems[view.names[r]] or "")) is wanted]
        form = "" if wanted else f" {conventions.names.run.form}"
        yield Hit(view.subjects(runs), f"{kind}{form}", {"problem": kind})


def _experiment_names(view: StoreView) -> Iterator[Hit]:
    """Tell of experiments with runs through their runs, of empty ones by themselves."""
    conventions, projects = view.given.conventions, view.tag("project")
    groups: dict[tuple[str, str, str], list[str]] = {}
    rows = view.runs.select("experiment_id", "experiment", "run_id")
    for number, name, run in rows.iter_rows():
        groups.setdefault((number, name, projects.get(run, "")), []).append(run)
    for (number, name, project), runs in groups.items():
        if problem := experiment_problem(name, project, conventions):
            subjects = (Subject("experiment", number, name), *view.subjects(runs))
            yield Hit(subjects, _clause(problem), {"experiment": name})
    used = {number for number, _, _ in groups}
    for number, name in view.experiments.select("experiment_id", "name").iter_rows():
        is_mlflows_own = number == "0" and name == "Default"
        problem = experiment_problem(name or "", "", conventions)
        if number not in used and not is_mlflows_own and problem:
            subject = Subject("experiment", number, name or "")
            yield Hit((subject,), _clause(problem), {"experiment": name or ""})


def _clause(sentence: str) -> str:
    return f"{sentence[0].lower()}{sentence[1:]}".removesuffix(".")


def registered_models(view: StoreView) -> pl.DataFrame:
    """Return the registered models that are models: prompts are kept in the same table."""
    tags = view.given.snapshot.registered_model_tags
    prompts = tags.filter(pl.col("key") == _PROMPT, pl.col("value").str.to_lowercase() == "true")
    return view.given.snapshot.registered_models.join(prompts, on="name", how="anti")


def _model_names(view: StoreView) -> Iterable[Hit]:
    rule = view.given.conventions.names.registered_model
    names = [
        name
        for name in registered_models(view)["name"].drop_nulls().sort()
        if not is_registered_model_name(name, view.given.conventions)
    ]
    subjects = tuple(Subject("model", name) for name in names)
    return [Hit(subjects, f"not of the form {rule.form}", {"form": rule.form})]


CONVENTION_CHECKS: dict[str, Check] = {
    "CONV-001": _run_names,
    "CONV-002": _experiment_names,
    **{code: partial(_lacking, code) for code in [f"CONV-{i:03d}" for i in range(3, 11)]},
    "MODEL-007": _model_names,
}
