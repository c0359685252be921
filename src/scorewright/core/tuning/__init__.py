"""The search for a learner's parameters, as values: space, objective, constraints, trials."""

from scorewright.core.tuning.constraints import Constraint, known_figures, parse_constraint
from scorewright.core.tuning.identity import (
    cell_digest,
    differences,
    fold_digest,
    set_digest,
    study_identity,
)
from scorewright.core.tuning.objective import Objective, ObjectiveName
from scorewright.core.tuning.space import (
    Choices,
    Range,
    Space,
    check_sets,
    default_space,
    parse_space,
)
from scorewright.core.tuning.trials import Leaders, Trial, TrialState, leaders

__all__ = [
    "Choices",
    "Constraint",
    "Leaders",
    "Objective",
    "ObjectiveName",
    "Range",
    "Space",
    "Trial",
    "TrialState",
    "cell_digest",
    "check_sets",
    "default_space",
    "differences",
    "fold_digest",
    "known_figures",
    "leaders",
    "parse_constraint",
    "parse_space",
    "set_digest",
    "study_identity",
]
