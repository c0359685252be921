"""The search for a learner's parameters, as values: space, objective, constraints, trials."""

from scorewright.core.tuning.constraints import Constraint, known_figures, parse_constraint
from scorewright.core.tuning.identity import (
    cell_digest,
    deciding_versions,
    differences,
    fold_digest,
    set_digest,
    study_identity,
)
from scorewright.core.tuning.limits import Limit, accepted, limits_of
from scorewright.core.tuning.objective import Objective, ObjectiveName
from scorewright.core.tuning.sets import check_sets, check_values, searched_names
from scorewright.core.tuning.space import Choices, Range, Space, default_space, parse_space
from scorewright.core.tuning.trials import Leaders, Trial, TrialState, leaders

__all__ = [
    "Choices",
    "Constraint",
    "Leaders",
    "Limit",
    "Objective",
    "ObjectiveName",
    "Range",
    "Space",
    "Trial",
    "TrialState",
    "accepted",
    "cell_digest",
    "check_sets",
    "check_values",
    "deciding_versions",
    "default_space",
    "differences",
    "fold_digest",
    "known_figures",
    "leaders",
    "limits_of",
    "parse_constraint",
    "parse_space",
    "searched_names",
    "set_digest",
    "study_identity",
]
