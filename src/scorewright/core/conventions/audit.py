"""What a run lacks against the conventions.

Names, tags and the description are asked of every run. Figures, parameters, files, model and
data are asked of finished runs only: one that failed never got so far.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from scorewright.core.conventions.document import Conventions
from scorewright.core.conventions.names import experiment_problem, run_problem
from scorewright.core.conventions.record import RunRecord
from scorewright.core.findings import Finding, Severity

__all__ = ["missing"]

_RUN_NAME = "mlflow.runName"
_NOTE = "mlflow.note.content"
_TRAIN_AGAIN = "Run 'scorewright train' again: it logs the run complete."


def missing(record: RunRecord, conventions: Conventions) -> list[Finding]:
    """Hold a run against the conventions.

    Args:
        record: The run.
        conventions: The policy.

    Returns:
        At most one finding per code, in the order of the codes: CONV-001 run name, CONV-002
        experiment name, CONV-003 metrics, CONV-004 parameters, CONV-005 tags, CONV-006
        artifacts, CONV-007 model, CONV-008 data-set input, CONV-009 description, CONV-010
        histories per fold. ``evidence["missing"]`` lists what is missing.
    """
    checks = [_names(record, conventions)]
    if record.status == "FINISHED":
        checks += [_metrics(record, conventions), _params(record, conventions)]
    checks.append(_tags(record, conventions))
    if record.status == "FINISHED":
        checks += [_artifacts(record, conventions), _model(record), _inputs(record)]
    checks.append(_description(record, conventions))
    if record.status == "FINISHED":
        checks.append(_fold_histories(record, conventions))
    return [finding for check in checks for finding in check]


def _names(record: RunRecord, conventions: Conventions) -> Iterable[Finding]:
    names = conventions.names
    if problem := run_problem(record.name, conventions):
        remedy = f"Rename the run in MLflow to {names.run.form}."
        yield _finding("CONV-001", record, problem, remedy, severity="warning")
    project = record.tags.get("project", "")
    if problem := experiment_problem(record.experiment, project, conventions):
        yield _finding(
            "CONV-002",
            record,
            problem,
            f"Rename the experiment in MLflow to {names.experiment.form}; purposes: "
            f"{', '.join(names.purposes)}.",
            severity="warning",
            evidence={"experiment": record.experiment},
        )


def _metrics(record: RunRecord, conventions: Conventions) -> Iterable[Finding]:
    rules = conventions.metrics
    wanted = dict(rules.groups())
    if _is_cross_validated(record, conventions):
        forms = rules.cross_validated.figures
        wanted["cross_validated"] = _forms(forms, conventions)
    absent = {
        group: [name for name in names if name not in record.metrics]
        for group, names in wanted.items()
    }
    if record.model_type in rules.boosting.model_types:
        absent["per_iteration"] = [
            name for name in rules.boosting.histories if len(record.histories.get(name, ())) < 1
        ]
    absent = {group: names for group, names in absent.items() if names}
    if absent:
        names = [name for group in absent.values() for name in group]
        message = f"The run lacks {_counted(names, 'metric')}."
        yield _finding("CONV-003", record, message, _TRAIN_AGAIN, evidence={"missing": absent})


def _params(record: RunRecord, conventions: Conventions) -> Iterable[Finding]:
    rules = conventions.params
    wanted = rules.common + rules.models.get(record.model_type, ())
    absent = [name for name in wanted if not any(part in record.params for part in name.split("|"))]
    if absent:
        message = f"The run lacks {_counted(absent, 'parameter')}."
        yield _finding("CONV-004", record, message, _TRAIN_AGAIN, evidence={"missing": absent})


def _tags(record: RunRecord, conventions: Conventions) -> Iterable[Finding]:
    # The name and the description have codes of their own.
    rules = {k: v for k, v in conventions.tags.items() if k not in {_RUN_NAME, _NOTE}}
    absent = [name for name in rules if name not in record.tags]
    invalid = {
        name: record.tags[name]
        for name, rule in rules.items()
        if name in record.tags and not rule.allows(record.tags[name])
    }
    if not absent and not invalid:
        return
    parts = []
    if absent:
        parts.append(f"lacks {_counted(absent, 'tag')}")
    if invalid:
        listed = ", ".join(f"{k} = {v!r}" for k, v in invalid.items())
        parts.append(f"has values the conventions do not list: {listed}")
    allowed = "; ".join(
        f"{name}: {', '.join(rules[name].values) or rules[name].description or 'not empty'}"
        for name in [*absent, *invalid]
    )
    yield _finding(
        "CONV-005",
        record,
        f"The run {' and '.join(parts)}.",
        f"Set the tags on the run in MLflow. {allowed}.",
        evidence={"missing": absent, "invalid": invalid},
    )


def _artifacts(record: RunRecord, conventions: Conventions) -> Iterable[Finding]:
    absent = [name for name in conventions.artifacts.required if name not in record.artifacts]
    if absent:
        message = f"The run lacks {_counted(absent, 'artifact')}."
        yield _finding("CONV-006", record, message, _TRAIN_AGAIN, evidence={"missing": absent})


def _model(record: RunRecord) -> Iterable[Finding]:
    if not record.has_model:
        yield _finding("CONV-007", record, "The run has no model.", _TRAIN_AGAIN)


def _inputs(record: RunRecord) -> Iterable[Finding]:
    if record.inputs < 1:
        message = "The run names no data set with a digest and a role."
        yield _finding("CONV-008", record, message, _TRAIN_AGAIN)


def _description(record: RunRecord, conventions: Conventions) -> Iterable[Finding]:
    if _NOTE in conventions.tags and not record.tags.get(_NOTE, "").strip():
        remedy = "Write what the run is for into its description in MLflow."
        message = "The run has no description."
        yield _finding("CONV-009", record, message, remedy, severity="warning")


def _fold_histories(record: RunRecord, conventions: Conventions) -> Iterable[Finding]:
    if not _is_cross_validated(record, conventions):
        return
    wanted = _forms(conventions.metrics.cross_validated.histories, conventions)
    # One value is no history: a cross-validation has two folds at least.
    absent = [name for name in wanted if len(record.histories.get(name, ())) < 2]  # noqa: PLR2004
    if absent:
        message = f"The run lacks the values per fold of {_counted(absent, 'metric')}."
        yield _finding("CONV-010", record, message, _TRAIN_AGAIN, evidence={"missing": absent})


def _is_cross_validated(record: RunRecord, conventions: Conventions) -> bool:
    pattern = conventions.metrics.cross_validated.validations
    return re.fullmatch(pattern, record.tags.get("validation", "")) is not None


def _forms(forms: tuple[str, ...], conventions: Conventions) -> tuple[str, ...]:
    groups = conventions.metrics.groups()
    figures = [f for group in conventions.metrics.cross_validated.groups for f in groups[group]]
    return tuple(form.replace("{f}", figure) for figure in figures for form in forms)


def _counted(names: list[str], noun: str) -> str:
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")  # noqa: PLR2004
    return f"{len(names)} {noun}{'' if len(names) == 1 else 's'} ({shown})"


def _finding(
    code: str,
    record: RunRecord,
    message: str,
    remedy: str,
    *,
    severity: Severity = "error",
    evidence: Mapping[str, Any] | None = None,
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        subject=record.name,
        message=message,
        remedy=remedy,
        evidence=evidence or {},
    )
