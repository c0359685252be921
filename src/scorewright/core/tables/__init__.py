"""Whole tables: typed, checked against their contract, digested and labelled."""

from scorewright.core.tables.checking import check_frame
from scorewright.core.tables.coercion import Coerced, coerce
from scorewright.core.tables.digesting import frame_digest
from scorewright.core.tables.failures import CellProblem, ColumnProblem, Failure
from scorewright.core.tables.inference import infer_contract
from scorewright.core.tables.labelling import labels
from scorewright.core.tables.parsing import clean_text, plain_text
from scorewright.core.tables.regional import holds_comma_numbers, looks_like_dates
from scorewright.core.tables.report import TableReport, joined
from scorewright.core.tables.roles import Roles, guess_roles
from scorewright.core.tables.withholding import withheld_because

__all__ = [
    "CellProblem",
    "Coerced",
    "ColumnProblem",
    "Failure",
    "Roles",
    "TableReport",
    "check_frame",
    "clean_text",
    "coerce",
    "frame_digest",
    "guess_roles",
    "holds_comma_numbers",
    "infer_contract",
    "joined",
    "labels",
    "looks_like_dates",
    "plain_text",
    "withheld_because",
]
