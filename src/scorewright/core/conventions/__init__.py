"""What every experiment, run and artifact must look like, and what a run still lacks."""

from scorewright.core.conventions.audit import missing
from scorewright.core.conventions.document import (
    Artifacts,
    Boosting,
    Conventions,
    CrossValidated,
    Metrics,
    NameRule,
    Names,
    Params,
    TagRule,
)
from scorewright.core.conventions.names import (
    ARCHIVE_PREFIX,
    experiment_name,
    experiment_problem,
    is_registered_model_name,
    model_name,
    run_name,
    run_problem,
)
from scorewright.core.conventions.record import RunRecord

__all__ = [
    "ARCHIVE_PREFIX",
    "Artifacts",
    "Boosting",
    "Conventions",
    "CrossValidated",
    "Metrics",
    "NameRule",
    "Names",
    "Params",
    "RunRecord",
    "TagRule",
    "experiment_name",
    "experiment_problem",
    "is_registered_model_name",
    "missing",
    "model_name",
    "run_name",
    "run_problem",
]
