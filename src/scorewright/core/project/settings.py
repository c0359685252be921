"""The settings of a project, as they stand in ``scorewright.toml``.

Every field has a heading in ``docs/reference/settings.md``; a test compares the two.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from scorewright.core.project.experiment import ExperimentSettings, TuningSettings
from scorewright.core.project.policy import PolicySettings
from scorewright.core.project.section import Section, SnakeCase
from scorewright.core.project.serve import ServeSettings
from scorewright.core.project.store import StoreSettings

__all__ = [
    "AcceptedFinding",
    "BundleSettings",
    "CostSettings",
    "DataSettings",
    "FeatureSettings",
    "LeakageSettings",
    "LearnerSettings",
    "ProjectSettings",
    "ServeSettings",
    "Settings",
    "TableSettings",
    "TrackingSettings",
    "ValidationSettings",
]


class ProjectSettings(Section):
    """``[project]``: the name everything is filed under, and the one seed."""

    name: SnakeCase
    seed: int = 42
    owner: str = ""
    threads: int = Field(default=2, ge=1, le=256)


class TableSettings(Section):
    """``[tables.NAME]``: where a table's rows lie and which contract they keep."""

    files: str | list[str]
    contract: str | None = None
    separator: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8"
    relation: str | None = None
    null_values: list[str] = ["", "NA", "NaN", "nan", "null", "NULL", "None"]


class DataSettings(Section):
    """``[data]``: the roles of columns in the application table."""

    table: str
    target: str
    bad_value: str | int | bool = 1
    key: str | None = None
    decision_date: str | None = None


class LearnerSettings(Section):
    """``[learner]``: the algorithm, its parameters and the signs it must keep."""

    name: str = "lgbm"
    params: dict[str, Any] = {}
    monotone: dict[str, Literal[-1, 1]] = {}
    sampling: str = "none"


class ValidationSettings(Section):
    """``[validation]``: how the figures are made honest."""

    scheme: Literal["auto", "stratified", "grouped", "out_of_time"] = "auto"
    folds: int = Field(default=5, ge=2, le=20)
    repeats: int = Field(default=1, ge=1, le=20)
    oot_share: float = Field(default=0.2, gt=0.0, lt=0.6)
    bootstrap: int = Field(default=1000, ge=0, le=100_000)
    performance_months: int | None = Field(default=None, ge=1, le=120)
    as_of: date | None = None


class CostSettings(Section):
    """``[costs]``: what the two mistakes cost."""

    false_negative: float = Field(default=10.0, gt=0.0)
    false_positive: float = Field(default=1.0, gt=0.0)


class AcceptedFinding(Section):
    """``[[leakage.accept]]``: a finding somebody looked at and took responsibility for."""

    code: str
    column: str
    reason: str = Field(min_length=10)


class LeakageSettings(Section):
    """``[leakage]``: limits of the checks before training, and what was accepted."""

    max_auc: float = Field(default=0.95, gt=0.5, le=1.0)
    max_iv: float = Field(default=0.5, gt=0.0)
    shuffle_control: bool = True
    denied_names: list[str] = [
        "recover*",
        "*recoveries*",
        "collection*",
        "*days_late*",
        "*charged_off*",
        "*chargeoff*",
        "chgoff*",
        "total_rec_*",
        "last_pymnt_*",
        "*_pymnt_amnt",
        "out_prncp*",
        "settlement_*",
        "hardship_*",
        "*default_date*",
        "*write_off*",
        "*writeoff*",
    ]
    accept: list[AcceptedFinding] = []


class FeatureSettings(Section):
    """``[features]``: what is made of the histories, and where it is computed."""

    files: list[str] = []
    set: str = "combined"
    directory: str = ".scorewright/features"
    engine: str = "local"
    address: str | None = None
    processes: int = Field(default=2, ge=1, le=256)
    memory_mb: int = Field(default=2000, ge=100, le=1_000_000)


class TrackingSettings(Section):
    """``[tracking]``: the MLflow store; by default SQLite in the project's own ``mlruns``."""

    uri: str | None = None
    experiment: SnakeCase | None = None


class BundleSettings(Section):
    """``[bundles]``: where bundles are published and which keys are trusted."""

    directory: str = "bundles"
    keys: str = ".scorewright/keys"


class Settings(Section):
    """One project, whole."""

    project: ProjectSettings
    tables: dict[SnakeCase, TableSettings] = Field(min_length=1)
    data: DataSettings
    learner: LearnerSettings = LearnerSettings()
    validation: ValidationSettings = ValidationSettings()
    costs: CostSettings = CostSettings()
    policy: PolicySettings = PolicySettings()
    experiment: ExperimentSettings = ExperimentSettings()
    tuning: TuningSettings = TuningSettings()
    leakage: LeakageSettings = LeakageSettings()
    features: FeatureSettings = FeatureSettings()
    tracking: TrackingSettings = TrackingSettings()
    store: StoreSettings = StoreSettings()
    bundles: BundleSettings = BundleSettings()
    serve: ServeSettings = ServeSettings()
    conventions: dict[str, Any] = {}
