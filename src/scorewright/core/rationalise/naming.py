"""Names of runs written from their own parameters and tags: CONV-001."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import polars as pl

from scorewright.core.conventions import Conventions, run_problem
from scorewright.core.rationalise.derive import derived, folds_of, name_words
from scorewright.core.rationalise.evidence import Evidence
from scorewright.core.rationalise.facts import RunFacts, facts_of
from scorewright.core.rationalise.ideas import Idea, Proposal, SetRow, run_tag

__all__ = ["rename_runs"]

_CODE = "CONV-001"
_NAME = "mlflow.runName"
_LONGEST = 250
#: Experiments that hold trials of a search, by their names.
_SEARCH = re.compile(r"(^|_)(optimi[sz]ation_|optimi[sz]ation$|tuning|hyperparameter|optuna)")
_VALIDATIONS = (("nested CV", "nested"), ("out of time", "oot"), ("single split", "split"))
_TRIAL_DIGITS = 4


def rename_runs(evidence: Evidence, run_ids: Iterable[str]) -> Proposal:
    """Rename runs to the form of the conventions, numbered by their start within an experiment.

    A run whose parameters tell validation, features and sampling is called
    ``exp05_cv_domain_balanced``; one that tells less is called by what it tells, such as
    ``exp_lgbm_cv_0005``; a trial of a search is called ``tune_trial_0007``.

    Args:
        evidence: The store.
        run_ids: Runs whose names break the conventions.
    """
    runs = list(facts_of(evidence, run_ids).values())
    names = _Names(evidence, runs)
    ideas, notes = [], []
    for run in runs:
        name = names.name(run, evidence.conventions)
        if run_problem(name, evidence.conventions) is not None or len(name) > _LONGEST:
            notes.append(
                f"{_CODE}: {run.label} keeps its name: '{name}', made from what it logged, does "
                "not keep the conventions either."
            )
            continue
        ideas.append(
            Idea(
                "rename_run",
                run.label,
                f"Rename '{run.name}' to '{name}'.",
                _CODE,
                (SetRow("runs", {"run_uuid": run.run_id}, {"name": name}, is_made=False),
                 run_tag(run.run_id, _NAME, name)),
            )
        )  # fmt: skip
    return Proposal(tuple(ideas), tuple(notes))


class _Names:
    """Names that are taken, by experiment; those of deleted runs too."""

    def __init__(self, evidence: Evidence, renamed: Sequence[RunFacts]) -> None:
        self._taken: dict[str, set[str]] = {}
        self._next: dict[tuple[str, str], int] = {}
        experiments = {run.experiment_id for run in renamed}
        gone = {run.run_id for run in renamed}
        rows = evidence.snapshot.runs.filter(pl.col("experiment_id").is_in(list(experiments)))
        for run, experiment, name in rows.select("run_id", "experiment_id", "name").iter_rows():
            if name and run not in gone:
                self._taken.setdefault(experiment, set()).add(name)

    def name(self, run: RunFacts, conventions: Conventions) -> str:
        head, tail, digits = _form(run, conventions)
        taken = self._taken.setdefault(run.experiment_id, set())
        place = (run.experiment_id, f"{head}#{'' if digits < _TRIAL_DIGITS else tail}")
        number = self._next.get(place) or 1 + _highest(taken, head, digits)
        while (name := f"{head}{number:0{digits}d}{tail}") in taken:
            number += 1
        if digits == 0:
            name = _plain(head, taken)
        self._next[place] = number + 1
        taken.add(name)
        return name


def _highest(taken: Iterable[str], head: str, digits: int) -> int:
    pattern = re.compile(rf"{re.escape(head)}(\d{{{max(digits, 2)},9}})(_|$)")
    numbers = [int(match[1]) for name in taken if (match := pattern.match(name))]
    return max(numbers, default=0)


def _plain(head: str, taken: set[str]) -> str:
    name, number = head, 2
    while name in taken:
        name, number = f"{head}_{number}", number + 1
    return name


def _form(run: RunFacts, conventions: Conventions) -> tuple[str, str, int]:
    """Return what stands before and after the number, and its digits; 0 for no number."""
    model = _told("model_type", run, conventions)
    count = run.params.get("n_features", "")
    amount = f"{int(count)}features" if count.isdecimal() else ""
    if run.tags.get("stage") == "production":
        return "_".join(filter(None, ["production", model or "model", amount])), "", 0
    if _SEARCH.search(run.experiment) or run.tags.get("scorewright.kind") == "trial":
        return "tune_trial_", "", _TRIAL_DIGITS
    validation = _validation(run, conventions)
    features = _told("feature_strategy", run, conventions) or amount
    sampling = _told("sampling_strategy", run, conventions)
    if validation and features and sampling:
        return "exp", f"_{validation}_{features}_{sampling}", 2
    words = [word for word in (model, validation, features, sampling) if word]
    if not words or not words[0][0].isalpha():
        words.insert(0, "run")
    return f"exp_{'_'.join(words)}_", "", _TRIAL_DIGITS


def _told(tag: str, run: RunFacts, conventions: Conventions) -> str:
    rule, value = conventions.tags.get(tag), run.tags.get(tag, "")
    if value and (rule is None or rule.allows(value)):
        return re.sub(r"[^a-z0-9]+", "_", value.lower()).strip("_")
    found = derived(tag, run, conventions)
    return found[0] if found else ""


def _validation(run: RunFacts, conventions: Conventions) -> str:
    value = run.tags.get("validation") or (derived("validation", run, conventions) or ("",))[0]
    for said, word in _VALIDATIONS:
        if value == said:
            return word
    is_folded = value.endswith("-fold CV") or folds_of(run) is not None
    return "cv" if is_folded else name_words(run.name, conventions).get("validation", "")
