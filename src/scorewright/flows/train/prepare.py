"""The first stages: read, enforce the contract, plan the folds, look for leaks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.errors import FindingsError, UsageError
from scorewright.core.features import AsOfProof, FeaturePlan
from scorewright.core.leakage import Settled
from scorewright.core.matrix import FeatureSpace
from scorewright.core.project import Settings
from scorewright.core.tables import TableReport, frame_digest
from scorewright.flows.check_data import check_data
from scorewright.flows.events import Note, StageDone, StageStarted
from scorewright.flows.features.attach import enrich
from scorewright.flows.features.findings import table_findings
from scorewright.flows.fitting import find_learner, open_bench
from scorewright.flows.ports import FitTask, Learner, TableSource
from scorewright.flows.screening import (
    LearningTable,
    counted_rows,
    find_leaks,
    finding_dict,
    learning_table,
)
from scorewright.flows.train.tools import Prepared, Relational, TrainTools

__all__ = ["BASELINE", "fit_task", "prepare"]

#: Strategy of a model that takes the columns of the application as they are.
BASELINE = "baseline"


def prepare(settings: Settings, source: TableSource, tools: TrainTools) -> Prepared:
    """Read and check the application table, and stop where training would not be honest.

    Args:
        settings: The project.
        source: The application table and its contract.
        tools: Ports.

    Returns:
        Rows, labels, folds and the learner with its parameters.

    Raises:
        FindingsError: ``data-findings`` or ``leakage-findings``.
        UsageError: Anything wrong with files, settings or columns.
    """
    chosen = settings.learner
    learner = find_learner(tools.learners, chosen.name, chosen.params)
    params = learner.parameters(settings.learner.params, settings.project.seed)
    sampler = tools.samplers.get(settings.learner.sampling)
    report, contract = _checked_table(settings, source, tools)
    frame, maturity = counted_rows(settings, report.frame, contract, tools.notify)
    relational = None
    if tools.features is not None:
        enriched = enrich(settings, frame, contract, tools.features)
        frame, contract = enriched.frame, enriched.contract
        built = enriched.built.build
        relational = Relational(enriched.plan, enriched.histories, built.digest)
        _tell_undated(relational.plan, built.proofs, tools)
    tools.notify(StageStarted("folds"))
    table = learning_table(settings, frame, contract)
    _check_signs(settings, learner, table.space)
    tools.notify(StageDone("folds", f"{table.plan.label}, {space_summary(table.space)}"))
    digest = frame_digest(frame)
    derived = () if relational is None else _proved(relational.plan)
    leakage = _stop_at_leaks(settings, table, (learner, params), tools, derived)
    key = frame[contract.key].cast(pl.String) if contract.key else _row_numbers(frame)
    return Prepared(
        settings=settings,
        contract=contract,
        frame=frame,
        space=table.space,
        x=table.x,
        y=table.y,
        keys=key,
        plan=table.plan,
        data_version=f"{source.file.name}@{digest[:12]}",
        data_digest=digest,
        source=source.file.shown or source.file.name,
        learner=learner,
        params=params,
        leakage=leakage,
        sampler=sampler,
        bench=open_bench(learner, fit_task(settings, table.x, table.y, table.space, params)),
        strategy=BASELINE if relational is None else settings.features.set,
        relational=relational,
        maturity=maturity,
    )


def fit_task(
    settings: Settings,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.int8],
    space: FeatureSpace,
    params: Mapping[str, Any],
) -> FitTask:
    """Return what a learner of this project fits on a matrix."""
    return FitTask(
        x=x,
        y=y,
        space=space,
        params=params,
        monotone={n: s for n, s in settings.learner.monotone.items() if n in space.names},
        seed=settings.project.seed,
        threads=settings.project.threads,
    )


def _proved(plan: FeaturePlan) -> tuple[str, ...]:
    """Return the features whose rows were all proved to be known before their decision."""
    undated = {h.name for h in plan.relations.histories if h.as_of is None}
    return tuple(f.name for f in plan.features if undated.isdisjoint(plan.tables_of(f)))


def _tell_undated(plan: FeaturePlan, proofs: Collection[AsOfProof], tools: TrainTools) -> None:
    """Say of which histories nothing could be proved; faults that were proved stop the build."""
    for proof in proofs:
        for found in table_findings(plan, proof, proof.rows, 0):
            tools.notify(Note(f"{found.code} {found.subject}: {found.message}"))


def space_summary(space: FeatureSpace) -> str:
    """Say how many features there are, and how many are categories."""
    return f"{len(space.features)} features ({len(space.categorical_indices)} categorical)"


def _row_numbers(frame: pl.DataFrame) -> pl.Series:
    return pl.Series("row", range(1, frame.height + 1)).cast(pl.String)


def _checked_table(
    settings: Settings, source: TableSource, tools: TrainTools
) -> tuple[TableReport, Contract]:
    """Enforce the contract; errors stop the work."""
    check = check_data(settings, [source], tools.reader, tools.contracts, tools.notify)
    contract = check.contracts[source.file.name]
    report = check.reports[0]
    errors = [problem for problem in report.errors if problem.severity == "error"]
    if errors:
        first = errors[0]
        rows = ", ".join(str(r) for r in first.first_rows) or "-"
        raise FindingsError(
            f"The table '{source.file.name}' breaks its contract in {len(errors)} ways; the first: "
            f"column '{first.column}', {first.code}, {first.count} rows (row {rows}), "
            f"expected {first.expected}.",
            remedy=f"Run 'scorewright data check' for the whole list, then mend the data or "
            f"{source.contract_path.name}.",
            code="data-findings",
            details={"table": source.file.name, "report": report.to_dict()},
        )
    return report, contract


def _check_signs(settings: Settings, learner: Learner, space: FeatureSpace) -> None:
    """Refuse monotone constraints nobody can keep, before the work starts."""
    if not settings.learner.monotone:
        return
    unknown = sorted(set(settings.learner.monotone) - set(space.names))
    if unknown:
        raise UsageError(
            f"learner.monotone names '{unknown[0]}', which is not a model feature.",
            remedy=f"Name one of: {', '.join(space.names)}.",
            code="monotone-unknown",
        )
    categories = {f.name for f in space.features if f.is_categorical}
    ordered = sorted(categories & set(settings.learner.monotone))
    if ordered:
        raise UsageError(
            f"learner.monotone names '{ordered[0]}', a category, which has no order to keep.",
            remedy="Remove it from [learner.monotone], or make it a number in its contract.",
            code="monotone-categorical",
        )
    if not learner.supports_monotone:
        raise UsageError(
            f"The learner '{learner.name}' cannot keep monotone constraints.",
            remedy="Remove [learner.monotone], or use the learner 'lgbm'.",
            code="monotone-unsupported",
        )


def _stop_at_leaks(
    settings: Settings,
    table: LearningTable,
    learner: tuple[Learner, Mapping[str, Any]],
    tools: TrainTools,
    derived: Collection[str],
) -> Settled:
    """Look for leaks; an error nobody accepted stops the work."""
    tools.notify(StageStarted("leakage"))
    settled = find_leaks(settings, table, *learner, derived=derived)
    if settled.open:
        first = settled.open[0]
        raise FindingsError(
            f"{len(settled.open)} leakage findings stop the training; the first: "
            f"{first.code} {first.subject}: {first.message}",
            remedy=first.remedy,
            code="leakage-findings",
            details={"findings": [finding_dict(f) for f in settled.open]},
        )
    for note in settled.notes:
        tools.notify(Note(f"{note.code} {note.subject}: {note.message}"))
    if settled.unused:
        stale = ", ".join(f"{entry.code} {entry.column}" for entry in settled.unused)
        tools.notify(Note(f"accepted but not found: {stale}"))
    accepted = f", {len(settled.accepted)} accepted" if settled.accepted else ""
    tools.notify(StageDone("leakage", f"none open{accepted}"))
    return settled
