"""The settings that train a run once more with its own parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scorewright.core.backfill.metadata import OWN_PARAMS, costs_of_run
from scorewright.core.backfill.values import number, typed
from scorewright.core.conventions import Conventions, RunRecord

__all__ = ["Rerun", "rerun_of"]

#: Follow from settings of their own.
_SETTINGS = frozenset({"random_state", "monotone_constraints"})
_SAMPLINGS = frozenset({"none", "balanced", "undersample", "smote", "smote_undersample"})
_WEIGHTS = ("class_weight", "is_unbalance", "scale_pos_weight", "class_weights",
            "auto_class_weights")  # fmt: skip
_FOLDS = re.compile(r"([0-9]+)-fold CV")
_MOST_FOLDS = 20


@dataclass(frozen=True, slots=True)
class Rerun:
    """What a run's own words say of how to train it.

    Attributes:
        learner: Name of the learner, "" where nothing tells it.
        params: Parameters of the learner.
        sections: Settings of ``scorewright.toml`` by section, the learner's included.
        remarks: What the settings cannot say.
    """

    learner: str
    params: Mapping[str, Any] = field(default_factory=dict)
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def rerun_of(record: RunRecord, conventions: Conventions) -> Rerun:
    """Translate parameters and tags of a run into settings.

    Args:
        record: The run.
        conventions: Tell the model type by the parameters, where the run does not.
    """
    params = record.params
    model = {k: typed(v) for k, v in params.items() if k not in OWN_PARAMS and k not in _SETTINGS}
    remarks: list[str] = []
    learner = params.get("learner") or record.model_type or _guessed(params, conventions)
    if not learner:
        remarks.append("which learner it was is not known")
    sections: dict[str, dict[str, Any]] = {}
    seed = number(params, "random_state")
    if seed is not None and seed.is_integer():
        sections["project"] = {"seed": int(seed)}
    sections["learner"] = {"name": learner} if learner else {}
    if sampling := _sampling(record, model):
        sections["learner"]["sampling"] = sampling
    sections["validation"] = _validation(record, remarks)
    costs, are_given = costs_of_run(params)
    if are_given:
        sections["costs"] = {
            "false_negative": costs.false_negative,
            "false_positive": costs.false_positive,
        }
    remarks += _remarks(record)
    return Rerun(learner, model, {k: v for k, v in sections.items() if v}, tuple(remarks))


def _guessed(params: Mapping[str, str], conventions: Conventions) -> str:
    """Return the model type whose parameters the run names most of, if it is one alone."""
    hits = {
        kind: sum(part in params for name in names for part in name.split("|"))
        for kind, names in conventions.params.models.items()
    }
    best = max(hits.values(), default=0)
    found = [kind for kind, count in hits.items() if count == best]
    return found[0] if best > 0 and len(found) == 1 else ""


def _sampling(record: RunRecord, model: Mapping[str, Any]) -> str:
    """Return how rows were re-balanced; weights of the learner itself are among its parameters."""
    told = record.tags.get("sampling_strategy", "")
    is_weighted = any(model.get(name) not in (None, False, 1, 1.0) for name in _WEIGHTS)
    if told == "balanced" and is_weighted:
        return "none"
    return told if told in _SAMPLINGS else ""


def _validation(record: RunRecord, remarks: list[str]) -> dict[str, Any]:
    told = record.tags.get("validation", "")
    found: dict[str, Any] = {}
    folds = number(record.params, "cv_folds")
    match = _FOLDS.fullmatch(told)
    if folds is None and match:
        folds = float(match.group(1))
    if folds is not None and folds.is_integer() and 2 <= folds <= _MOST_FOLDS:  # noqa: PLR2004
        found["folds"] = int(folds)
    repeats = number(record.params, "cv_repeats")
    if repeats is not None and 1 < repeats <= _MOST_FOLDS:
        found["repeats"] = int(repeats)
    if told == "out of time":
        found["scheme"] = "out_of_time"
    elif told and not match:
        remarks.append(f"it was validated by '{told}'; a training validates over folds")
    months = number(record.params, "performance_months")
    if months is not None:
        found["performance_months"] = int(months)
    return found


def _remarks(record: RunRecord) -> list[str]:
    found = []
    if signs := record.params.get("monotone_constraints", ""):
        values = typed(signs)
        if not isinstance(values, list) or any(values):
            found.append(f"its signs were {signs}: name the columns in [learner.monotone]")
    if strategy := record.tags.get("feature_strategy"):
        found.append(f"its features were '{strategy}'")
    if data := record.tags.get("data_version"):
        found.append(f"its data were {data}")
    return found
