"""One frame of applications: what it must hold, which rows are scored, and what is written."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.bundles import Bundle
from scorewright.core.contracts import ColumnType, Contract
from scorewright.core.decision import Policy
from scorewright.core.matrix import to_matrix
from scorewright.core.tables import TableReport
from scorewright.flows.verify_bundle import Deployment

__all__ = ["Rows", "numbers_of", "rejected_rows", "scored_rows", "scoring_contract", "split_rows"]

ROW = "row"
_NUMBERS = (ColumnType.INTEGER, ColumnType.NUMBER)
Rows = npt.NDArray[np.int64]


def scoring_contract(bundle: Bundle, columns: Collection[str]) -> Contract:
    """Return what the file must hold: what the model and its features read of applications.

    Args:
        bundle: Whose features they are.
        columns: Of the file; its key is held to the contract where it has one.
    """
    contract, plan = bundle.contract, bundle.features
    if plan is None:
        return contract.for_scoring(with_key=contract.key in columns)
    entity = plan.relations.entity
    wanted = {*bundle.space.names, entity.key, *plan.columns_of(entity.table)}
    read = tuple(c for c in entity.columns if c.name in wanted)
    return Contract(table=entity.table, columns=read, key=entity.key, version=entity.version)


def numbers_of(contract: Contract) -> frozenset[str]:
    """Return the columns a contract takes as numbers: they may be read as such at once."""
    return frozenset(c.name for c in contract.columns if c.type in _NUMBERS)


def split_rows(report: TableReport) -> tuple[Rows, Rows]:
    """Return the positions of the rows that break the contract, and of those that keep it."""
    bad = np.array(report.bad_rows, dtype=np.int64) - 1
    return bad, np.setdiff1d(np.arange(report.rows), bad)


def scored_rows(
    frame: pl.DataFrame, rows: Rows, scoring: Contract, deployment: Deployment
) -> pl.DataFrame:
    """Return key (or row number), PD, decision and what decided.

    Args:
        frame: Typed rows that keep the contract, with every input of the model.
        rows: Their positions in the file, from 0.
        scoring: Names the key, where the file has one.
        deployment: Model and policy.
    """
    pd = deployment.scorer.score_matrix(to_matrix(frame, deployment.scorer.space))
    policy = deployment.policy
    decision, threshold = policy.decide_all(pd, _segments(policy, frame))
    first = frame[scoring.key] if scoring.key else pl.Series(ROW, rows + 1)
    return pl.DataFrame(
        {
            first.name: first,
            "pd": pd,
            "decision": decision,
            "threshold": threshold,
            "policy": f"{policy.id}@{policy.version}",
            "bundle": deployment.loaded.manifest.digest,
        }
    )


def rejected_rows(raw: pl.DataFrame, report: TableReport, before: int) -> pl.DataFrame:
    """Return the bad rows as they came, with row number and reasons.

    Args:
        raw: As it was read.
        report: Of these rows.
        before: Rows of the file that came before.
    """
    rows = [row - 1 for row in report.bad_rows]
    reasons = ["; ".join(report.reasons(row + 1)) for row in rows]
    return (
        raw[rows]
        .insert_column(0, pl.Series("reasons", reasons))
        .insert_column(0, pl.Series(ROW, [row + 1 + before for row in rows]))
    )


def _segments(policy: Policy, frame: pl.DataFrame) -> list[Any] | None:
    """Return the values the policy tells applications apart by, where it does."""
    if not policy.segments or policy.segment_column is None:
        return None
    return frame[policy.segment_column].to_list()
