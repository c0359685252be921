"""All checks of a learning table that need no model."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.findings import Finding
from scorewright.core.leakage.columns import late_dates, names, strengths
from scorewright.core.leakage.encodings import encodings
from scorewright.core.leakage.limits import LeakageLimits
from scorewright.core.leakage.rows import split_applicants
from scorewright.core.leakage.twins import twins

__all__ = ["screen"]


def screen(
    frame: pl.DataFrame,
    contract: Contract,
    y: npt.NDArray[np.integer[Any]],
    fold: npt.NDArray[np.integer[Any]],
    limits: LeakageLimits,
) -> list[Finding]:
    """Look for columns and rows that know the outcome.

    Only columns a model may see are judged. What one category or value knows is measured on
    other rows than those it was learned from, so many rare categories raise no alarm.

    Args:
        frame: Typed rows of shape (n, columns): numbers, booleans, text, dates.
        contract: Which column is what.
        y: Labels of shape (n,), 1 is bad; both classes must occur.
        fold: Fold of each row, shape (n,); -1 is out of time.
        limits: What counts as too good.

    Returns:
        Findings LEAK-001 to -004, -006, -007, -009 and -010, sorted by code and subject.

    Raises:
        UsageError: ``one-class``.
        ValueError: ``frame``, ``y`` and ``fold`` differ in length.
    """
    if not frame.height == len(y) == len(fold):
        raise ValueError(f"rows, labels and folds differ: {frame.height}, {len(y)}, {len(fold)}")
    strong = list(strengths(frame, contract, y, limits))
    certain = {finding.subject for finding in strong if finding.code == "LEAK-001"}
    findings = [
        *strong,
        *names(contract, limits),
        *split_applicants(frame, contract, fold),
        *twins(frame, contract, y, fold),
        *late_dates(frame, contract),
        *encodings(frame, contract, y, certain),
    ]
    return sorted(findings, key=lambda finding: (finding.code, finding.subject))
