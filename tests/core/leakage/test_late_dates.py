"""Dates later than the decision: told for every column somebody looks at."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from scorewright.core.contracts import Column, ColumnType, Contract, Use
from scorewright.core.leakage import LeakageLimits, screen


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (Use.MODEL, [("LEAK-007", "error")]),
        (Use.MONITORING, [("LEAK-007", "warning")]),
        (Use.PROHIBITED, []),
    ],
)
def test_a_late_date_is_told_by_what_the_column_is_used_for(
    use: Use, expected: list[tuple[str, str]]
) -> None:
    # Given a date a year after the decision, in one row of forty
    rows = 40
    closed = [date(2023, 1, 1)] * rows
    closed[7] = date(2025, 6, 1)
    frame = pl.DataFrame({"decided": [date(2024, 6, 1)] * rows, "closed": closed})
    columns = (
        Column("decided", ColumnType.DATE, use=Use.MONITORING),
        Column("closed", ColumnType.DATE, use=use),
    )
    contract = Contract("loans", columns, as_of="decided")
    y, fold = (np.arange(rows) % 2).astype(np.int8), np.arange(rows) % 5
    # When
    found = screen(frame, contract, y, fold, LeakageLimits())
    # Then
    late = [(f.code, f.severity) for f in found if f.subject == "closed"]
    assert late == expected
