"""The sections that describe experiments and searches."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from scorewright.core.project.policy import ProtectedSettings
from scorewright.core.project.section import Section, SnakeCase

__all__ = ["EnsembleSettings", "ExperimentSettings", "SelectionSettings", "TuningSettings"]


class SelectionSettings(Section):
    """``[experiment.selections.NAME]``: features chosen inside every fold, as a strategy."""

    of: str = "combined"
    method: Literal["shadow", "null_importance", "correlation", "stability"] = "shadow"
    params: dict[str, Any] = {}


class EnsembleSettings(Section):
    """``[experiment.ensembles.NAME]``: several learners as one."""

    members: list[str] = Field(min_length=2)
    method: Literal["rank_average", "logit_average", "stacking"] = "logit_average"


class ExperimentSettings(Section):
    """``[experiment]``: the matrix of feature strategies, samplings and learners."""

    purpose: str = "feature_engineering_cv"
    strategies: list[str] = Field(default=["baseline"], min_length=1)
    sampling: list[str] = Field(default=["none"], min_length=1)
    learners: list[str] = Field(default=["lgbm"], min_length=1)
    params: dict[str, dict[str, Any]] = {}
    selections: dict[SnakeCase, SelectionSettings] = {}
    ensembles: dict[SnakeCase, EnsembleSettings] = {}
    significance: float = Field(default=0.05, gt=0.0, lt=0.5)


class TuningSettings(Section):
    """``[tuning]``: the search for the learner's parameters."""

    study: SnakeCase = "tuning"
    purpose: str = "optimization_fbeta"
    sampler: Literal["tpe", "random", "manual"] = "tpe"
    trials: int = Field(default=50, ge=1, le=100_000)
    timeout_minutes: float | None = Field(default=None, gt=0.0)
    processes: int = Field(default=1, ge=1, le=256)
    objective: Literal["cost", "roc_auc", "pr_auc", "fbeta", "emp"] = "cost"
    beta: float = Field(default=2.0, gt=0.0)
    prune: bool = True
    space: dict[str, dict[str, Any]] = {}
    sets: list[dict[str, Any]] = []
    constraints: list[str] = []
    protected: ProtectedSettings | None = None
    storage: str | None = None
    nested: int = Field(default=0, ge=0, le=20)

    @field_validator("nested")
    @classmethod
    def _at_least_two(cls, folds: int) -> int:
        if folds == 1:
            raise ValueError("one outer fold leaves nothing to search on; use 0, or 2 and more")
        return folds
