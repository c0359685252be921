"""Look for leaks: rows ready to learn from, and every check of them before training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.findings import Finding
from scorewright.core.leakage import (
    LeakageLimits,
    Settled,
    adversarial_finding,
    screen,
    settle,
    shuffled_label_finding,
)
from scorewright.core.matrix import FeatureSpace, feature_space, to_matrix
from scorewright.core.project import Settings
from scorewright.core.statistics import roc_auc
from scorewright.core.tables import labels
from scorewright.core.validation import FoldPlan, plan_folds
from scorewright.flows.ports import FitTask, Learner

__all__ = ["LearningTable", "find_leaks", "finding_dict", "learning_table"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

#: Rows of the shuffled-label and adversarial controls: enough for a standard error of 0.01.
CONTROL_ROWS = 5_000
CONTROL_FOLDS = 3


@dataclass(frozen=True, slots=True)
class LearningTable:
    """Checked rows as a learner needs them.

    Attributes:
        frame: Typed rows, shape (n, columns).
        contract: The contract they keep.
        space: Order and coding of the features.
        x: Matrix of shape (n, p).
        y: Labels of shape (n,), 1 is bad.
        plan: Which rows are validated where.
    """

    frame: pl.DataFrame
    contract: Contract
    space: FeatureSpace
    x: Floats
    y: Labels
    plan: FoldPlan


def learning_table(settings: Settings, frame: pl.DataFrame, contract: Contract) -> LearningTable:
    """Encode checked rows and plan their validation.

    Args:
        settings: The project.
        frame: Typed rows that keep the contract.
        contract: The contract.

    Raises:
        UsageError: ``one-class``, ``target-values``, ``feature-type``, ``too-few-bads``.
    """
    y = labels(frame, contract)
    space = feature_space(contract)
    plan = _plan(settings, contract, frame, y)
    return LearningTable(frame, contract, space, to_matrix(frame, space), y, plan)


def _plan(settings: Settings, contract: Contract, frame: pl.DataFrame, y: Labels) -> FoldPlan:
    """Plan the folds from key and decision date."""
    return plan_folds(
        y,
        scheme=settings.validation.scheme,
        folds=settings.validation.folds,
        seed=settings.project.seed,
        groups=frame[contract.key].to_numpy() if contract.key else None,
        dates=frame[contract.as_of].to_numpy() if contract.as_of else None,
        oot_share=settings.validation.oot_share,
    )


def find_leaks(
    settings: Settings, table: LearningTable, learner: Learner, params: Mapping[str, Any]
) -> Settled:
    """Run every check of leakage and hold the findings against what was accepted.

    Args:
        settings: Limits and accepted findings.
        table: The rows.
        learner: Fitted on shuffled labels as a control.
        params: Its parameters.

    Returns:
        Open errors, accepted ones, and notes.
    """
    limits = LeakageLimits(
        max_auc=settings.leakage.max_auc,
        max_iv=settings.leakage.max_iv,
        denied_names=tuple(settings.leakage.denied_names),
    )
    findings: list[Finding] = list(
        screen(table.frame, table.contract, table.y, table.plan.fold, limits)
    )
    rng = np.random.default_rng(settings.project.seed)
    if settings.leakage.shuffle_control:
        shuffled = rng.permutation(table.y)
        auc, bad, good = _control_auc(settings, table, shuffled, (learner, params), rng)
        control = shuffled_label_finding(auc, bad, good)
        findings += [control] if control else []
    if table.plan.is_oot.any():
        held_out = table.plan.is_oot.astype(np.int8)
        auc, _, _ = _control_auc(settings, table, held_out, (learner, params), rng)
        findings.append(adversarial_finding(auc))
    return settle(findings, settings.leakage.accept)


def finding_dict(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON-ready data."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "subject": finding.subject,
        "message": finding.message,
        "remedy": finding.remedy,
        "evidence": dict(finding.evidence),
    }


def _control_auc(
    settings: Settings,
    table: LearningTable,
    y: Labels,
    learner: tuple[Learner, Mapping[str, Any]],
    rng: np.random.Generator,
) -> tuple[float, int, int]:
    """Cross-validate a learner on a sample with other labels; return AUC, bads and goods."""
    rows = np.sort(rng.choice(len(y), size=min(CONTROL_ROWS, len(y)), replace=False))
    folds = min(CONTROL_FOLDS, int(y[rows].sum()), int((1 - y[rows]).sum()))
    plan = plan_folds(y[rows], scheme="stratified", folds=max(folds, 2), seed=settings.project.seed)
    score = np.empty(len(rows))
    for _, train, valid in plan.splits():
        task = FitTask(
            table.x[rows[train]],
            y[rows[train]],
            table.space,
            learner[1],
            {},
            settings.project.seed,
            settings.project.threads,
        )
        score[valid] = learner[0].fit(task).predict(table.x[rows[valid]])
    return roc_auc(y[rows], score), int(y[rows].sum()), int((1 - y[rows]).sum())
