"""What a project says of itself: the settings, as frozen values."""

from scorewright.core.project.experiment import (
    EnsembleSettings,
    ExperimentSettings,
    SelectionSettings,
    TuningSettings,
)
from scorewright.core.project.policy import LoanSettings, PolicySettings, ProtectedSettings
from scorewright.core.project.serve import (
    AccessSettings,
    ChallengerSettings,
    LimitSettings,
    LogSettings,
    ServeSettings,
)
from scorewright.core.project.settings import (
    AcceptedFinding,
    BundleSettings,
    CostSettings,
    DataSettings,
    FeatureSettings,
    LeakageSettings,
    LearnerSettings,
    ProjectSettings,
    Settings,
    TableSettings,
    TrackingSettings,
    ValidationSettings,
)
from scorewright.core.project.store import (
    RationaliseSettings,
    StoreAuditSettings,
    StoreSettings,
)

__all__ = [
    "AcceptedFinding",
    "AccessSettings",
    "BundleSettings",
    "ChallengerSettings",
    "CostSettings",
    "DataSettings",
    "EnsembleSettings",
    "ExperimentSettings",
    "FeatureSettings",
    "LeakageSettings",
    "LearnerSettings",
    "LimitSettings",
    "LoanSettings",
    "LogSettings",
    "PolicySettings",
    "ProjectSettings",
    "ProtectedSettings",
    "RationaliseSettings",
    "SelectionSettings",
    "ServeSettings",
    "Settings",
    "StoreAuditSettings",
    "StoreSettings",
    "TableSettings",
    "TrackingSettings",
    "TuningSettings",
    "ValidationSettings",
]
