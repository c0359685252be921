"""Plans that change one store: from findings, and from a wished structure."""

from scorewright.core.rationalise.balance import balance_of, freed
from scorewright.core.rationalise.evidence import Evidence
from scorewright.core.rationalise.facts import RunFacts, facts_of
from scorewright.core.rationalise.fixes import ASKED, FILE_CODES, MENDABLE, fixes
from scorewright.core.rationalise.guard import guard
from scorewright.core.rationalise.ideas import Idea, Proposal, SetRow, Task, needs_of, steps_of
from scorewright.core.rationalise.rawrows import Need, RawRows, TableShape
from scorewright.core.rationalise.reach import Held, Reach, held_by, reach_of
from scorewright.core.rationalise.restructure import restructured
from scorewright.core.rationalise.unmendable import INSTEAD, RERUN_CODES
from scorewright.core.rationalise.wish import Wish, Wished, resolved

__all__ = [
    "ASKED",
    "FILE_CODES",
    "INSTEAD",
    "MENDABLE",
    "RERUN_CODES",
    "Evidence",
    "Held",
    "Idea",
    "Need",
    "Proposal",
    "RawRows",
    "Reach",
    "RunFacts",
    "SetRow",
    "TableShape",
    "Task",
    "Wish",
    "Wished",
    "balance_of",
    "facts_of",
    "fixes",
    "freed",
    "guard",
    "held_by",
    "needs_of",
    "reach_of",
    "resolved",
    "restructured",
    "steps_of",
]
