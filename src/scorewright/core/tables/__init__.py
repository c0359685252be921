"""Whole tables: typed, checked against their contract, digested and labelled."""

from scorewright.core.tables.checking import check_frame
from scorewright.core.tables.coercion import Coerced, coerce
from scorewright.core.tables.digesting import frame_digest
from scorewright.core.tables.failures import CellProblem, ColumnProblem, Failure
from scorewright.core.tables.inference import infer_contract
from scorewright.core.tables.labelling import labels
from scorewright.core.tables.report import TableReport
from scorewright.core.tables.roles import Roles, guess_roles

__all__ = [
    "CellProblem",
    "Coerced",
    "ColumnProblem",
    "Failure",
    "Roles",
    "TableReport",
    "check_frame",
    "coerce",
    "frame_digest",
    "guess_roles",
    "infer_contract",
    "labels",
]
