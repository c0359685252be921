"""Checks of rows against the folds: one applicant, or one and the same row, on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.findings import Finding
from scorewright.core.leakage.limits import answer

__all__ = ["identical_rows", "split_applicants"]

Labels = npt.NDArray[np.integer[Any]]
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


def identical_rows(
    frame: pl.DataFrame, contract: Contract, y: Labels, fold: Folds
) -> Iterator[Finding]:
    """Yield LEAK-006 where rows equal in every feature lie in several folds."""
    features = [c.name for c in contract.features if c.name in frame.columns]
    if not features:
        return
    # A 64-bit hash stands for the row: grouping by many wide columns costs far more memory.
    rows = pl.DataFrame({"row": frame.select(features).hash_rows(), "fold": fold, "y": y})
    twins = (
        rows.group_by("row")
        .agg(
            rows=pl.len(),
            folds=pl.col("fold").n_unique(),
            agree=pl.col("y").n_unique() == 1,
        )
        .filter(pl.col("folds") > 1)
    )
    if twins.is_empty():
        return
    count, agree = int(twins["rows"].sum()), int(twins["agree"].sum())
    share = count / frame.height
    yield Finding(
        code="LEAK-006",
        severity="warning",
        subject=contract.table,
        message=f"{count} rows ({share:.1%}) equal another row in every feature and lie in "
        f"another fold; in {agree} of {twins.height} such sets the outcome agrees too.",
        remedy="Remove rows entered twice, or name the applicant's column as key under [data] so "
        "that they stay in one fold. Few or coarse features explain it as well.",
        evidence={
            "rows": count,
            "share": round(share, 6),
            "sets": twins.height,
            "sets_with_one_outcome": agree,
        },
    )
