"""Tune: search the parameters of the project's learner."""

from scorewright.flows.tuning.flow import tune, work_along
from scorewright.flows.tuning.nested import Nested
from scorewright.flows.tuning.ports import (
    Broken,
    Done,
    Drawn,
    Outcome,
    Source,
    Stopped,
    Study,
    StudyPlan,
    StudyStore,
    TuneTools,
    WorkerPool,
)
from scorewright.flows.tuning.report import best_trials, params_block, study_report
from scorewright.flows.tuning.result import TuneResult

__all__ = [
    "Broken",
    "Done",
    "Drawn",
    "Nested",
    "Outcome",
    "Source",
    "Stopped",
    "Study",
    "StudyPlan",
    "StudyStore",
    "TuneResult",
    "TuneTools",
    "WorkerPool",
    "best_trials",
    "params_block",
    "study_report",
    "tune",
    "work_along",
]
