"""Settings to objects: the only room that knows which adapter stands behind which port.

Everything here is short: read the settings once, build the adapters a flow needs, call the
flow. Adapters are imported where they are needed, so that a command pays only for its own.
"""

from scorewright.wiring.demos import demo, demo_portfolio
from scorewright.wiring.features import FeatureRoom, FeatureWish
from scorewright.wiring.machine import MlflowUi, clock, learners, library_versions
from scorewright.wiring.opened import OpenProject, accept_finding, doctor, project
from scorewright.wiring.policies import PolicyRoom, PolicyWish
from scorewright.wiring.scoring import ScoreWish, score, score_part
from scorewright.wiring.start import (
    NewProject,
    NewTemplateProject,
    download,
    generate_portfolio,
    init_project,
    init_template,
)
from scorewright.wiring.store_changes import Applied, StoreChanges
from scorewright.wiring.store_keeping import StoreKeeping
from scorewright.wiring.store_plans import ConsolidateWish, PlanFile, StorePlans
from scorewright.wiring.stores import (
    AuditWish,
    LocationOpener,
    StoreRoom,
    csv_text,
    page_text,
)
from scorewright.wiring.training import train_tools
from scorewright.wiring.tuning import TuneWish, TuningRoom

__all__ = [
    "Applied",
    "AuditWish",
    "ConsolidateWish",
    "FeatureRoom",
    "FeatureWish",
    "LocationOpener",
    "MlflowUi",
    "NewProject",
    "NewTemplateProject",
    "OpenProject",
    "PlanFile",
    "PolicyRoom",
    "PolicyWish",
    "ScoreWish",
    "StoreChanges",
    "StoreKeeping",
    "StorePlans",
    "StoreRoom",
    "TuneWish",
    "TuningRoom",
    "accept_finding",
    "clock",
    "csv_text",
    "demo",
    "demo_portfolio",
    "doctor",
    "download",
    "generate_portfolio",
    "init_project",
    "init_template",
    "learners",
    "library_versions",
    "page_text",
    "project",
    "score",
    "score_part",
    "train_tools",
]
