"""Checks of rows against the folds: one applicant on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.findings import Finding
from scorewright.core.leakage.limits import answer

__all__ = ["split_applicants"]

Folds = npt.NDArray[np.integer[Any]]


def split_applicants(frame: pl.DataFrame, contract: Contract, fold: Folds) -> Iterator[Finding]:
    """Yield LEAK-004 where an applicant's rows lie in several folds.

    Between folds it is an error. Between development and out of time (fold -1) it is a warning:
    returning applicants are real, and the figures of the newest rows flatter the model a little.
    """
    if contract.key is None or contract.key not in frame.columns:
        return
    placed = pl.DataFrame({"key": frame[contract.key], "fold": fold}).drop_nulls("key")
    inside = pl.col("fold").filter(pl.col("fold") >= 0)
    spread = placed.group_by("key").agg(
        folds=inside.n_unique(), returns=(pl.col("fold") < 0).any() & (pl.col("fold") >= 0).any()
    )
    several = spread.filter(pl.col("folds") > 1).height
    if several:
        yield Finding(
            code="LEAK-004",
            severity="error",
            subject=contract.key,
            message=f"{several} applicants have rows in several folds: the model would be "
            "validated on people it has learned.",
            remedy=answer(
                "LEAK-004", contract.key, 'Set scheme = "grouped" (or "auto") under [validation]'
            ),
            evidence={"applicants": several, "of": spread.height},
        )
    returning = int(spread["returns"].sum())
    if returning:
        yield Finding(
            code="LEAK-004",
            severity="warning",
            subject=contract.key,
            message=f"{returning} applicants have rows both in development and out of time.",
            remedy="Read the out-of-time figures with that in mind.",
            evidence={"applicants": returning, "of": spread.height},
        )
