"""What the histories add: the same learner with the applications alone, with each table, with all.

Every figure is of rows the model never saw, on the same folds, so that the differences are
paired. Scores of different folds' models are compared within one AUC after each fold's scores
were turned into ranks: folds differ in level, and a pooled AUC would charge the tables for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from scorewright.core.errors import UsageError
from scorewright.core.features import FeaturePlan, PlannedFeature
from scorewright.core.matrix import FeatureSpace
from scorewright.core.statistics import delong_interval, delong_test, holm
from scorewright.core.validation import plan_folds
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone
from scorewright.flows.ports import FitTask
from scorewright.flows.train.tools import Prepared

__all__ = ["Lift", "LiftRow", "histories_lift"]

STAGE = "lift"
FOLDS = 3
ALONE = "application alone"
ALL = "all tables"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LiftRow:
    """One choice of tables.

    Attributes:
        tables: For people: ``application alone``, a table beside it, ``all tables``.
        features: Model inputs.
        auc, low, high: Area under the ROC curve with its 95 % interval (DeLong).
        added: Difference to the applications alone; 0 for those themselves.
        p_value: Of that difference (paired DeLong, Holm over all choices); 1 for the
            applications themselves.
    """

    tables: str
    features: int
    auc: float
    low: float
    high: float
    added: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Lift:
    """The comparison.

    Attributes:
        rows: Applications alone, each table, all of them.
        applications: Rows they were compared on.
        folds: Folds of the validation.
    """

    rows: tuple[LiftRow, ...]
    applications: int
    folds: int

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright features lift --json``."""
        return {
            "schema_version": 1,
            "applications": self.applications,
            "folds": self.folds,
            "rows": [
                {
                    "tables": row.tables,
                    "features": row.features,
                    "roc_auc": row.auc,
                    "roc_auc_low": row.low,
                    "roc_auc_high": row.high,
                    "added": row.added,
                    "p_value": row.p_value,
                }
                for row in self.rows
            ],
        }

    def table(self) -> list[tuple[str, ...]]:
        """Return the rows for people."""
        return [
            (
                row.tables,
                f"{row.features}",
                f"{row.auc:.4f}",
                f"{row.low:.3f} to {row.high:.3f}",
                "" if row.tables == ALONE else f"{row.added:+.4f}",
                "" if row.tables == ALONE else _p(row.p_value),
            )
            for row in self.rows
        ]


def _p(value: float) -> str:
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"  # noqa: PLR2004 - four digits


def histories_lift(prepared: Prepared, notify: Notify) -> Lift:
    """Compare what the learner makes of the applications alone and of their histories.

    Args:
        prepared: Rows, labels and features of a project with histories. Rows held out of time
            are left out.
        notify: Hears the progress.

    Returns:
        One row per choice of tables.

    Raises:
        UsageError: ``features-none``: the project declares no features.
    """
    if prepared.relational is None:
        raise UsageError(
            "The project declares no features, so there is nothing to compare.",
            remedy="Name feature files under [features] of scorewright.toml.",
            code="features-none",
        )
    choices = _choices(prepared.relational.plan, prepared.space)
    notify(StageStarted(STAGE, len(choices)))
    rows = np.flatnonzero(prepared.development)
    y = prepared.y[rows]
    plan = plan_folds(y, scheme="stratified", folds=FOLDS, seed=prepared.settings.project.seed)
    splits = [(rows[train], rows[valid], valid) for _, train, valid in plan.splits()]
    scores: dict[str, Floats] = {}
    for done, (name, columns) in enumerate(choices.items(), start=1):
        scores[name] = _scores(prepared, columns, splits, len(rows))
        notify(StepDone(STAGE, done, name))
    found = _adjusted([_row(name, len(choices[name]), y, scores) for name in choices])
    last = found[-1]
    notify(StageDone(STAGE, f"AUC {found[0].auc:.4f} alone, {last.auc:.4f} with all tables"))
    return Lift(found, len(rows), FOLDS)


def _choices(plan: FeaturePlan, space: FeatureSpace) -> dict[str, list[int]]:
    """Return the matrix columns of each choice of tables."""
    below = {feature.name: _read(plan, feature) for feature in plan.features}
    positions = list(enumerate(space.names))
    alone = [i for i, name in positions if not below.get(name)]
    choices = {ALONE: alone}
    for table in plan.tables:
        choices[table] = [i for i, name in positions if below.get(name, frozenset()) <= {table}]
    choices[ALL] = [i for i, _ in positions]
    return choices


def _read(plan: FeaturePlan, feature: PlannedFeature) -> frozenset[str]:
    """Return the tables a feature is made of, without those that only lead to them."""
    tables = plan.tables_of(feature)
    above = {step.name for table in tables for step in plan.relations.path(table)[1:]}
    read = {table for table, _ in feature.sources}
    return frozenset(table for table in tables if table in read or table not in above)


def _scores(
    prepared: Prepared,
    columns: Sequence[int],
    splits: Sequence[tuple[Any, Any, Any]],
    size: int,
) -> Floats:
    """Return out-of-fold scores as ranks within their fold, shape (size,)."""
    space = replace(prepared.space, features=tuple(prepared.space.features[i] for i in columns))
    settings = prepared.settings
    out = np.empty(size)
    signs: Mapping[str, int] = {
        name: sign for name, sign in settings.learner.monotone.items() if name in space.names
    }
    for train, valid, position in splits:
        task = FitTask(
            x=prepared.x[np.ix_(train, columns)],
            y=prepared.y[train],
            space=space,
            params=prepared.params,
            monotone=signs,
            seed=settings.project.seed,
            threads=settings.project.threads,
        )
        score = prepared.learner.fit(task).predict(prepared.x[np.ix_(valid, columns)])
        out[position] = rankdata(score) / len(score)
    return out


def _adjusted(rows: Sequence[LiftRow]) -> tuple[LiftRow, ...]:
    """Hold the p-values to their number (Holm): of several tables one is soon lucky."""
    alone, *others = rows
    adjusted = holm([row.p_value for row in others])
    return (
        alone,
        *(replace(r, p_value=float(p)) for r, p in zip(others, adjusted, strict=True)),
    )


def _row(
    name: str, features: int, y: npt.NDArray[np.int8], scores: Mapping[str, Floats]
) -> LiftRow:
    interval = delong_interval(y, scores[name])
    if name == ALONE:
        return LiftRow(name, features, interval.estimate, interval.low, interval.high, 0.0, 1.0)
    test = delong_test(y, scores[name], scores[ALONE])
    return LiftRow(
        name,
        features,
        interval.estimate,
        interval.low,
        interval.high,
        test.difference,
        test.p_value,
    )
