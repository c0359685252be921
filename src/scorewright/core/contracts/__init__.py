"""What a table must look like, and whether one application looks like it."""

from scorewright.core.contracts.document import Column, ColumnType, Contract, UnknownPolicy, Use
from scorewright.core.contracts.rows import FieldProblem, RowCheck, RowChecker, check_row
from scorewright.core.contracts.rules import MAX_INTEGER, MAX_TEXT, codes, expectation

__all__ = [
    "MAX_INTEGER",
    "MAX_TEXT",
    "Column",
    "ColumnType",
    "Contract",
    "FieldProblem",
    "RowCheck",
    "RowChecker",
    "UnknownPolicy",
    "Use",
    "check_row",
    "codes",
    "expectation",
]
