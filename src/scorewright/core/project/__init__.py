"""What a project says of itself: the settings, as frozen values."""

from scorewright.core.project.experiment import (
    EnsembleSettings,
    ExperimentSettings,
    SelectionSettings,
    TuningSettings,
)
from scorewright.core.project.policy import LoanSettings, PolicySettings, ProtectedSettings
from scorewright.core.project.settings import (
    AcceptedFinding,
    BundleSettings,
    CostSettings,
    DataSettings,
    FeatureSettings,
    LeakageSettings,
    LearnerSettings,
    ProjectSettings,
    ServeSettings,
    Settings,
    TableSettings,
    TrackingSettings,
    ValidationSettings,
)

__all__ = [
    "AcceptedFinding",
    "BundleSettings",
    "CostSettings",
    "DataSettings",
    "EnsembleSettings",
    "ExperimentSettings",
    "FeatureSettings",
    "LeakageSettings",
    "LearnerSettings",
    "LoanSettings",
    "PolicySettings",
    "ProjectSettings",
    "ProtectedSettings",
    "SelectionSettings",
    "ServeSettings",
    "Settings",
    "TableSettings",
    "TrackingSettings",
    "TuningSettings",
    "ValidationSettings",
]
