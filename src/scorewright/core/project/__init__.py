"""What a project says of itself: the settings, as frozen values."""

from scorewright.core.project.settings import (
    AcceptedFinding,
    BundleSettings,
    CostSettings,
    DataSettings,
    FeatureSettings,
    LeakageSettings,
    LearnerSettings,
    PolicySettings,
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
    "FeatureSettings",
    "LeakageSettings",
    "LearnerSettings",
    "PolicySettings",
    "ProjectSettings",
    "ServeSettings",
    "Settings",
    "TableSettings",
    "TrackingSettings",
    "ValidationSettings",
]
