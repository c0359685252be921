"""Parameters, tags and documents that follow from what a run says of itself, and its evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from scorewright.core.backfill.facts import DataInput, RunFacts
from scorewright.core.backfill.rows import ValidatedRows
from scorewright.core.backfill.values import as_text, number, typed
from scorewright.core.decision import CostMatrix

__all__ = [
    "OWN_PARAMS",
    "TRAINING",
    "costs_of_run",
    "derived_params",
    "derived_tags",
    "hyperparameters",
    "metadata",
    "own_threshold",
]

#: Parameters that describe the run, not its model; ``random_state`` is both.
OWN_PARAMS = frozenset({
    "n_features", "n_rows", "cv_folds", "cv_repeats", "cost_fn", "cost_fp", "learner",
    "performance_months", "label_as_of",
})  # fmt: skip
_DIGEST = re.compile(r"[0-9a-f]{6,64}")
TRAINING = ("training", "train")
_TOLD = ("model_type", "validation", "data_version", "feature_strategy", "sampling_strategy",
         "git_commit")  # fmt: skip


def costs_of_run(params: Mapping[str, str]) -> tuple[CostMatrix, bool]:
    """Return the costs a run names, and whether it names both.

    What it does not name, or names as no positive number, is as the conventions have it.
    """
    known, given = CostMatrix(), 0
    for field, name in (("false_negative", "cost_fn"), ("false_positive", "cost_fp")):
        value = number(params, name)
        if value is not None and value > 0.0:
            known, given = replace(known, **{field: value}), given + 1
    return known, given == len(("cost_fn", "cost_fp"))


def own_threshold(facts: RunFacts) -> float | None:
    """Return the threshold a run has chosen: as it logged it, or as its analysis says."""
    logged = facts.record.metrics.get("optimal_threshold")
    told = None if facts.stored is None else facts.stored.analysis.get("chosen")
    for value in (logged, told):
        if isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value):
            return float(value)
    return None


def derived_tags(facts: RunFacts, rows: ValidatedRows | None) -> dict[str, str]:
    """Return tags that the evidence proves.

    Args:
        facts: The run.
        rows: Its validated rows.
    """
    found: dict[str, str] = {}
    if facts.model is not None:
        found["model_type"] = facts.model.model_type
    if rows is not None and rows.fold is not None:
        found["validation"] = f"{int(rows.fold.max()) + 1}-fold CV"
    data = _training(facts)
    if data is not None and _DIGEST.fullmatch(data.digest):
        found["data_version"] = f"{re.sub(r'[^A-Za-z0-9_.-]', '_', data.name)}@{data.digest}"
    return found


def _training(facts: RunFacts) -> DataInput | None:
    """Return the one data set a run was trained on, None where it names none or several."""
    inputs = [data for data in facts.inputs if data.role.lower() in TRAINING and data.name]
    return inputs[0] if len({data.digest for data in inputs}) == 1 else None


def derived_params(
    facts: RunFacts, rows: ValidatedRows | None, costs: CostMatrix | None
) -> dict[str, str]:
    """Return parameters that the evidence proves, and the costs that figures were made with.

    Args:
        facts: The run.
        rows: Its validated rows.
        costs: Used for its figures, None where there are none.
    """
    found: dict[str, Any] = {}
    if facts.model is not None:
        found |= facts.model.params
        found["n_features"] = len(facts.model.importance)
    data = _training(facts)
    if data is not None and data.rows is not None:
        found["n_rows"] = data.rows
    elif rows is not None and rows.fold is not None:
        found["n_rows"] = len(rows.y)
    if rows is not None and rows.fold is not None:
        found["cv_folds"] = int(rows.fold.max()) + 1
    if costs is not None:
        found |= {"cost_fn": costs.false_negative, "cost_fp": costs.false_positive}
    return {name: as_text(value) for name, value in found.items()}


def hyperparameters(facts: RunFacts) -> dict[str, Any]:
    """Return what the model was trained with: as logged, completed from the model itself."""
    logged = {k: typed(v) for k, v in facts.record.params.items() if k not in OWN_PARAMS}
    own = {} if facts.model is None else facts.model.params
    return {**own, **logged}


def metadata(facts: RunFacts, tags: Mapping[str, str]) -> dict[str, Any]:
    """Return what is known of the model and its data; empty where nothing is.

    Args:
        facts: The run.
        tags: Its tags, derived ones included.
    """
    found: dict[str, Any] = {name: tags[name] for name in _TOLD if tags.get(name)}
    if learner := facts.record.params.get("learner"):
        found["learner"] = learner
    if facts.model is not None:
        found["features"] = list(facts.model.importance)
    data = _training(facts)
    if data is not None and data.digest:
        found["data_digest"] = data.digest
    return {"schema_version": 1, **found} if found else {}
