"""What can be added to a run from its own evidence, and what only another run can give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from scorewright.core.backfill.contradictions import contradictions, other_params
from scorewright.core.backfill.documents import (
    document,
    importance_files,
    ranking_charts,
    threshold_files,
)
from scorewright.core.backfill.facts import RunFacts
from scorewright.core.backfill.figures import Figures, choice_of, compute
from scorewright.core.backfill.lacks import Lacks, lacks_of
from scorewright.core.backfill.metadata import (
    TRAINING,
    costs_of_run,
    derived_params,
    derived_tags,
    hyperparameters,
    metadata,
    own_threshold,
)
from scorewright.core.backfill.rows import ValidatedRows, validated_rows
from scorewright.core.backfill.score_files import (
    PREDICTIONS,
    TRAINING_FILE,
    predictions_file,
    training_figures,
    training_file,
)
from scorewright.core.charts import Spec
from scorewright.core.conventions import Conventions, RunRecord

__all__ = ["Backfill", "backfill_run"]

#: Tags that mark what was added.
DATE_TAG = "scorewright.backfilled"
SOURCE_TAG = "scorewright.backfilled_from"
JOURNAL = "backfill.json"


@dataclass(frozen=True, slots=True)
class Backfill:
    """What is added to a run; nothing of it is there yet.

    Attributes:
        metrics: Value by name.
        histories: Values by name, the position is the step.
        params, tags: Text by name.
        files: Content by path, a chart as its specification.
        notes: What a reader should know of the run, one sentence each.
        remains: What is missing afterwards.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    histories: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Spec | bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    remains: Lacks = field(default_factory=Lacks)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to add."""
        return not (self.metrics or self.histories or self.params or self.tags or self.files)


def backfill_run(facts: RunFacts, conventions: Conventions) -> Backfill:
    """Work out what a run's own evidence gives of what the conventions ask for.

    Figures come from stored predictions, importance and parameters from a native model, the rest
    from what the run says of itself. What is there stays, also where it is contradicted.

    Args:
        facts: A finished run.
        conventions: The policy.
    """
    found = None if facts.stored is None else validated_rows(facts.stored)
    notes = [*facts.doubts, *other_params(facts)]
    rows = found if isinstance(found, ValidatedRows) else None
    if isinstance(found, str):
        notes.append(found)
    elif rows is None and facts.model is not None and not facts.was_scored:
        notes.append(_why_not_scored(facts))
    record = facts.record
    tags = _absent(derived_tags(facts, rows), record.tags)
    record = _with_tags(record, tags)
    lacks = lacks_of(record, conventions)
    figures = _figures(facts, rows, lacks)
    if figures is not None and rows is not None:
        notes += _remarks(facts, rows, figures)
    metrics, histories = _chosen(figures, record, lacks)
    metrics |= _of_training(facts, metrics, lacks)
    params = _params(facts, rows, figures, lacks)
    made = _files(facts, rows, figures, record) if facts.is_writable else {}
    files = {name: made[name] for name in lacks.artifacts if name in made}
    if facts.training is not None and facts.is_writable and TRAINING_FILE not in record.artifacts:
        files[TRAINING_FILE] = training_file(facts.training)
    result = Backfill(metrics, histories, params, tags, files, tuple(notes))
    after = _after(record, result)
    result = replace(result, remains=lacks_of(after, conventions))
    return result if result.is_empty else _marked(result, facts)


def _why_not_scored(facts: RunFacts) -> str:
    """Say why a model alone gives no figures."""
    kept = [data for data in facts.inputs if data.role.lower() not in TRAINING and data.role]
    if kept:
        named = ", ".join(f"{data.name}@{data.digest} ({data.role})" for data in kept)
        return (
            f"it has a model and no predictions: score {named} with it and put predictions.parquet "
            "(row_key, y, p, role) among its artifacts, then plan again"
        )
    return "it has a model and no predictions: scores of rows it was fitted on would flatter it"


def _absent(found: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in found.items() if name not in known}


def _with_tags(record: RunRecord, tags: Mapping[str, str]) -> RunRecord:
    merged = {**record.tags, **tags}
    return replace(record, tags=merged, model_type=merged.get("model_type", ""))


def _figures(facts: RunFacts, rows: ValidatedRows | None, lacks: Lacks) -> Figures | None:
    if rows is None:
        return None
    threshold = own_threshold(facts)
    choice = choice_of(rows, costs_of_run(facts.record.params), threshold)
    return compute(rows, choice, lacks.metrics)


def _remarks(facts: RunFacts, rows: ValidatedRows, figures: Figures) -> list[str]:
    """Say on what the figures rest, and what they contradict."""
    found = list(figures.gaps)
    if rows.role == "unknown":
        path = facts.stored.path if facts.stored is not None else ""
        found.append(f"{path} does not say which rows it holds: they are taken as validated ones")
    choice = figures.choice
    if choice is not None and not choice.are_costs_given:
        found.append(
            f"it does not name both costs: {choice.costs.false_negative:g} and "
            f"{choice.costs.false_positive:g} are taken"
        )
    if facts.stored is not None and facts.stored.is_backfilled:
        # Nobody knows which rows the run's own figures are about.
        told = sorted(facts.record.metrics.keys() & figures.metrics.keys())
        return found + ([f"its own {', '.join(told)} may be about other rows"] if told else [])
    return found + contradictions(facts.record.metrics, figures, rows)


def _chosen(
    figures: Figures | None, record: RunRecord, lacks: Lacks
) -> tuple[dict[str, float], dict[str, tuple[float, ...]]]:
    """Take of the figures what is lacking; a name that is there in any form is left alone."""
    if figures is None:
        return {}, {}
    asked = set(lacks.metrics)
    if figures.histories:
        # The folds are known now, whatever the run says of its validation.
        asked |= {name for name in figures.metrics if name.startswith(("mean_", "std_"))}
    metrics = {
        name: value
        for name, value in figures.metrics.items()
        if name in asked and name not in record.metrics
    }
    histories = {
        name: values for name, values in figures.histories.items() if name not in record.metrics
    }
    return metrics, histories


def _of_training(facts: RunFacts, made: Mapping[str, float], lacks: Lacks) -> dict[str, float]:
    """Return what only scores of training rows give; they touch no threshold and no cost."""
    validated = made.get("roc_auc", facts.record.metrics.get("roc_auc"))
    found = training_figures(facts, validated)
    return {name: value for name, value in found.items() if name in lacks.metrics}


def _params(
    facts: RunFacts, rows: ValidatedRows | None, figures: Figures | None, lacks: Lacks
) -> dict[str, str]:
    costs = None if figures is None or figures.choice is None else figures.choice.costs
    found = derived_params(facts, rows, costs)
    asked = {part for name in lacks.params for part in name.split("|")}
    return {k: v for k, v in found.items() if k in asked and k not in facts.record.params}


def _files(
    facts: RunFacts, rows: ValidatedRows | None, figures: Figures | None, record: RunRecord
) -> dict[str, Spec | bytes]:
    found: dict[str, Spec | bytes] = {}
    if facts.stored is not None:
        found[PREDICTIONS] = predictions_file(facts.stored)
    if rows is not None:
        found |= ranking_charts(rows)
    if rows is not None and figures is not None and figures.choice is not None:
        found |= threshold_files(rows, figures.choice, facts.marks)
    if facts.model is not None:
        found |= importance_files(facts.model)
    if parameters := hyperparameters(facts):
        found["hyperparameters.json"] = document(parameters)
    if told := metadata(facts, record.tags):
        found["model_metadata.json"] = document({**told, "backfilled": facts.marks})
    return found


def _after(record: RunRecord, made: Backfill) -> RunRecord:
    histories = {**record.histories, **{name: (v,) for name, v in made.metrics.items()}}
    return replace(
        record,
        metrics={
            **record.metrics,
            **made.metrics,
            **{name: values[-1] for name, values in made.histories.items()},
        },
        histories={**histories, **made.histories},
        params={**record.params, **made.params},
        artifacts=record.artifacts | made.files.keys(),
    )


def _marked(made: Backfill, facts: RunFacts) -> Backfill:
    """Add the marks: two tags, and a document that names everything that was added."""
    marks = {
        DATE_TAG: facts.now.date().isoformat(),
        SOURCE_TAG: facts.origin,
    }
    tags = {**made.tags, **_absent(marks, facts.record.tags)}
    files = dict(made.files)
    if facts.is_writable:
        added = {
            "metrics": sorted({*made.metrics, *made.histories}),
            "params": sorted(made.params),
            "tags": sorted(made.tags),
            "files": sorted(made.files),
        }
        content = {"schema_version": 1, **facts.marks, **added, "notes": list(made.notes)}
        files[_journal(facts.record.artifacts)] = document(content)
    return replace(made, tags=tags, files=files)


def _journal(known: frozenset[str]) -> str:
    """Return a name that is free: each time something is added has a document of its own."""
    if JOURNAL not in known:
        return JOURNAL
    number = 2
    while (name := f"backfill_{number}.json") in known:
        number += 1
    return name
