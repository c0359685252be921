"""Which findings can be accepted, and under which names."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from scorewright.core.contracts import Contract
from scorewright.core.errors import UsageError
from scorewright.core.leakage.controls import SHUFFLE

__all__ = ["refuse_unknown"]

#: Those that stop the work. Of a control, of the whole table, and of columns.
_CONTROL, _TABLE = "LEAK-005", "LEAK-006"
_OF_COLUMNS = ("LEAK-001", "LEAK-002", "LEAK-003", "LEAK-004", "LEAK-007", "LEAK-010")
_CODES = tuple(sorted((*_OF_COLUMNS, _CONTROL, _TABLE)))


def refuse_unknown(code: str, subject: str, contracts: Sequence[Contract]) -> None:
    """Refuse to accept what no finding could be: `settle` would never match it.

    Args:
        code: Of the finding.
        subject: What it is about.
        contracts: Of the application table, alone and with each set of features.

    Raises:
        UsageError: ``accept-unknown``: no such code stops the work, or it is never about that.
    """
    if code not in _CODES:
        raise UsageError(
            f"'{code}' is no finding that stops the work and can be accepted.",
            remedy=f"Give one of {', '.join(_CODES)}, as 'scorewright data check' says it.",
            code="accept-unknown",
            details={"known": list(_CODES)},
        )
    known = _subjects(code, contracts)
    if subject in known:
        return
    near = get_close_matches(subject, known, n=3, cutoff=0.5) or known[:10]
    raise UsageError(
        f"{code} is never about '{subject}': nothing here has that name.",
        remedy=f"Give the name as 'scorewright data check' says it, such as {', '.join(near)}.",
        code="accept-unknown",
        details={"near": near},
    )


def _subjects(code: str, contracts: Sequence[Contract]) -> list[str]:
    if code == _CONTROL:
        return [SHUFFLE]
    columns = [column.name for contract in contracts for column in contract.columns]
    tables = [contract.table for contract in contracts] if code == _TABLE else []
    return list(dict.fromkeys([*columns, *tables]))
