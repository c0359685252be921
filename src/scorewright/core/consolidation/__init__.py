"""Several stores become one: what is carried, what is rewritten, and what meets what."""

from scorewright.core.consolidation.collisions import (
    POLICIES,
    Content,
    Difference,
    Judgement,
    Policy,
    Verdict,
    judge,
)
from scorewright.core.consolidation.columns import COLUMNS, KEYS
from scorewright.core.consolidation.defaults import (
    DefaultFound,
    default_columns,
    default_created,
    default_notes,
)
from scorewright.core.consolidation.experiments import (
    DEFAULT,
    Experiment,
    ExperimentFate,
    SameName,
    map_experiments,
)
from scorewright.core.consolidation.limits import (
    INT4,
    LONG_PARAMS,
    length_of,
    long_params,
    shortened,
)
from scorewright.core.consolidation.registry import (
    GONE,
    AliasFate,
    RegistryFate,
    VersionFate,
    merge_registry,
)
from scorewright.core.consolidation.rewrites import (
    REWRITES,
    Moves,
    Rewrite,
    RewriteKind,
    rewrite,
)
from scorewright.core.consolidation.tables import (
    CARRIED,
    GENERATED,
    LEFT,
    NEEDED,
    TRIGGERS,
    WORKSPACE,
    Carried,
    Parent,
    carried,
)
from scorewright.core.consolidation.units import QUARANTINE, ROWS_OF_A_UNIT, units_of

__all__ = [
    "CARRIED",
    "COLUMNS",
    "DEFAULT",
    "GENERATED",
    "GONE",
    "INT4",
    "KEYS",
    "LEFT",
    "LONG_PARAMS",
    "NEEDED",
    "POLICIES",
    "QUARANTINE",
    "REWRITES",
    "ROWS_OF_A_UNIT",
    "TRIGGERS",
    "WORKSPACE",
    "AliasFate",
    "Carried",
    "Content",
    "DefaultFound",
    "Difference",
    "Experiment",
    "ExperimentFate",
    "Judgement",
    "Moves",
    "Parent",
    "Policy",
    "RegistryFate",
    "Rewrite",
    "RewriteKind",
    "SameName",
    "Verdict",
    "VersionFate",
    "carried",
    "default_columns",
    "default_created",
    "default_notes",
    "judge",
    "length_of",
    "long_params",
    "map_experiments",
    "merge_registry",
    "rewrite",
    "shortened",
    "units_of",
]
