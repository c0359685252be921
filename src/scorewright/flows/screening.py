"""Look for leaks: rows ready to learn from, and every check of them before training."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.errors import UsageError
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
from scorewright.core.validation import FoldPlan, Maturity, label_maturity, plan_folds
from scorewright.flows.events import Note, Notify
from scorewright.flows.ports import FitTask, Learner

__all__ = ["LearningTable", "counted_rows", "find_leaks", "finding_dict", "learning_table"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
Rows = npt.NDArray[np.int64]

#: Rows of the shuffled-label and adversarial controls: enough for a standard error of 0.01.
CONTROL_ROWS = 5_000
CONTROL_FOLDS = 3
CONTROL_SHUFFLES = 3
#: A column that ranks so well that one has to ask when it was known.
STRONG_COLUMN = "LEAK-002"
_SCREENED = (
    "It is made of rows whose dates were proved and of columns that are screened themselves, so "
    "nothing is stopped."
)


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


def counted_rows(
    settings: Settings, frame: pl.DataFrame, contract: Contract, notify: Notify
) -> tuple[pl.DataFrame, Maturity | None]:
    """Leave out applications that are too young, then those without an outcome.

    The age decides first, so that a bad known early enters no sooner than goods of its age.

    Args:
        settings: The project; ``[validation]`` gives the performance window.
        frame: Typed rows that keep the contract.
        contract: The contract.
        notify: Hears how many rows are left out, and from which date on.

    Returns:
        The rows that count, and how their age was judged; None without a performance window.

    Raises:
        UsageError: ``decision-date-missing``, ``validation-scheme``, ``labels-immature``.
    """
    chosen = settings.validation
    if chosen.performance_months is None:
        if chosen.as_of is not None:
            notify(Note("validation.as_of leaves nothing out without performance_months"))
        return _with_outcome(frame, contract, notify), None
    dates = frame[contract.as_of] if contract.as_of in frame.columns else None
    maturity = label_maturity(dates, chosen.performance_months, chosen.as_of)
    notify(Note(maturity.sentence()))
    old = _with_outcome(frame.filter(pl.Series(maturity.is_mature)), contract, notify)
    if maturity.young:
        _require_both_classes(old, contract, maturity)
    return old, maturity


def _with_outcome(frame: pl.DataFrame, contract: Contract, notify: Notify) -> pl.DataFrame:
    """Leave out applications whose outcome is not known yet, where the contract allows that."""
    column = contract.column(contract.target or "")
    if column is None or not column.nullable:
        return frame
    known = frame.filter(pl.col(column.name).is_not_null())
    if known.height and known.height < frame.height:
        left = frame.height - known.height
        notify(Note(f"{left:,} of {frame.height:,} rows have no outcome yet: left out"))
    return known if known.height else frame


def _require_both_classes(old: pl.DataFrame, contract: Contract, maturity: Maturity) -> None:
    try:
        labels(old, contract)
    except UsageError as error:
        if error.code not in {"one-class", "target-values"}:
            raise
        raise UsageError(
            f"Of the {old.height:,} loans that are old enough (decided {maturity.months} months "
            f"before {maturity.as_of} or earlier) all have the same outcome.",
            remedy="Lower performance_months under [validation], set as_of to the day on which "
            "the outcomes were read, or bring older loans.",
            code="labels-immature",
            details={"rows": old.height, "as_of": str(maturity.as_of)},
        ) from error


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
        repeats=settings.validation.repeats,
    )


def find_leaks(
    settings: Settings,
    table: LearningTable,
    learner: Learner,
    params: Mapping[str, Any],
    *,
    derived: Collection[str] = (),
) -> Settled:
    """Run every check of leakage and hold the findings against what was accepted.

    Args:
        settings: Limits and accepted findings.
        table: The rows.
        learner: Fitted on shuffled labels as a control.
        params: Its parameters.
        derived: Features that a plan makes of rows whose dates were proved and of columns that
            are screened themselves: a high information value does not ask again when they were
            known. Features of a history without dates are not among them.

    Returns:
        Open errors, accepted ones, and notes.
    """
    limits = LeakageLimits(
        max_auc=settings.leakage.max_auc,
        max_iv=settings.leakage.max_iv,
        denied_names=tuple(settings.leakage.denied_names),
    )
    findings: list[Finding] = [
        replace(finding, severity="info", message=f"{finding.message} {_SCREENED}")
        if finding.code == STRONG_COLUMN and finding.subject in derived
        else finding
        for finding in screen(table.frame, table.contract, table.y, table.plan.fold, limits)
    ]
    rng = np.random.default_rng(settings.project.seed)
    if settings.leakage.shuffle_control:
        control = _shuffled_control(settings, table, (learner, params), rng)
        findings += [control] if control else []
    if table.plan.is_oot.any():
        findings.append(_adversarial(settings, table, (learner, params), rng))
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


Splits = list[tuple[Rows, Rows]]


def _shuffled_control(
    settings: Settings,
    table: LearningTable,
    learner: tuple[Learner, Mapping[str, Any]],
    rng: np.random.Generator,
) -> Finding | None:
    """Run the folds of this very training on outcomes shuffled inside each fold.

    A leak shows at every shuffle, chance does not: an alarm counts when all shuffles raise it.
    """
    development = np.flatnonzero(~table.plan.is_oot)
    size = min(CONTROL_ROWS, len(development))
    rows = np.sort(rng.choice(development, size=size, replace=False))
    fold = table.plan.fold[rows]
    splits = [(rows[fold != k], rows[fold == k]) for k in np.unique(fold)]
    finding = None
    for _ in range(CONTROL_SHUFFLES):
        y = table.y.copy()
        for _, valid in splits:
            y[valid] = rng.permutation(y[valid])
        auc, bad, good = _mean_fold_auc(settings, table, y, splits[:CONTROL_FOLDS], learner)
        finding = shuffled_label_finding(auc, bad, good) if bad and good else None
        if finding is None:
            return None
    return finding


def _adversarial(
    settings: Settings,
    table: LearningTable,
    learner: tuple[Learner, Mapping[str, Any]],
    rng: np.random.Generator,
) -> Finding:
    """See how well the learner tells out-of-time rows from development rows."""
    y = table.plan.is_oot.astype(np.int8)
    rows = np.sort(rng.choice(len(y), size=min(CONTROL_ROWS, len(y)), replace=False))
    plan = plan_folds(y[rows], scheme="stratified", folds=2, seed=settings.project.seed)
    splits = [(rows[train], rows[valid]) for _, train, valid in plan.splits()]
    return adversarial_finding(_mean_fold_auc(settings, table, y, splits, learner)[0])


def _mean_fold_auc(
    settings: Settings,
    table: LearningTable,
    y: Labels,
    splits: Splits,
    learner: tuple[Learner, Mapping[str, Any]],
) -> tuple[float, int, int]:
    """Return the mean of the folds' AUCs, and how many bads and goods they were made from.

    Folds are not pooled: models of different folds differ in level, which widens a pooled AUC
    beyond its formula.
    """
    aucs, bad, good = [], 0, 0
    for train, valid in splits:
        if min(y[train].sum(), (1 - y[train]).sum(), y[valid].sum(), (1 - y[valid]).sum()) == 0:
            continue
        task = FitTask(
            x=table.x[train],
            y=y[train],
            space=table.space,
            params=learner[1],
            monotone={},
            seed=settings.project.seed,
            threads=settings.project.threads,
        )
        aucs.append(roc_auc(y[valid], learner[0].fit(task).predict(table.x[valid])))
        bad, good = bad + int(y[valid].sum()), good + int((1 - y[valid]).sum())
    return (float(np.mean(aucs)) if aucs else 0.5), bad, good
