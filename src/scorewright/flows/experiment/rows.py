"""Rows shared by all cells: read, checked and built once, and what each strategy sees of them."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.core.features import FeatureLibrary, FeatureSet
from scorewright.core.leakage import Settled
from scorewright.core.matrix import FeatureSpace
from scorewright.core.project import Settings
from scorewright.core.tables import frame_digest
from scorewright.core.validation import FoldPlan
from scorewright.flows.experiment.declare import Cell, Matrix, Strategy
from scorewright.flows.features.attach import RowsBelow
from scorewright.flows.fitting import PlainBench, open_bench
from scorewright.flows.ports import SamplerCatalogue, TableSource
from scorewright.flows.train import Prepared, TrainTools, fit_task, prepare
from scorewright.flows.train.tools import Relational

__all__ = ["View", "at_bench", "cell_digest", "folds_digest", "in_cell", "shared_rows", "view_of"]


def shared_rows(
    settings: Settings, source: TableSource, matrix: Matrix, tools: TrainTools
) -> Prepared:
    """Read and check the applications, build every feature the matrix needs, plan the folds.

    Data and leakage checks look at all features of the matrix at once, with the project's own
    learner.

    Args:
        settings: The project.
        source: The application table and its contract.
        matrix: Says which feature sets are needed.
        tools: Ports.

    Raises:
        FindingsError: ``data-findings`` or ``leakage-findings``.
        UsageError: Anything wrong with files, settings or columns.
    """
    if tools.features is not None:
        # Without any set of its own the matrix takes the project's: what is withheld from a
        # model because features are made of it, stays withheld.
        sets = matrix.sets or (settings.features.set,)
        name, library = _all_of(tools.features.library, sets)
        chosen = settings.features.model_copy(update={"set": name})
        settings = settings.model_copy(update={"features": chosen})
        tools = replace(tools, features=replace(tools.features, library=library))
    prepared = prepare(settings, source, tools)
    # Nothing is ever fitted on all columns at once: what a bench holds for them is let go.
    task = fit_task(settings, prepared.x, prepared.y, prepared.space, prepared.params)
    return replace(prepared, bench=PlainBench(prepared.learner, task))


def _all_of(library: FeatureLibrary, sets: tuple[str, ...]) -> tuple[str, FeatureLibrary]:
    """Return a set that holds exactly these sets, and a library that has it.

    A declared one is taken where there is one: its build may be there already.
    """
    wanted = {feature for name in sets for feature in library.resolve(name)}
    for found in library.sets:
        if set(library.resolve(found.name)) == wanted:
            return found.name, library
    union = FeatureSet(" + ".join(sets), (), extends=sets, about="All strategies of the matrix.")
    return union.name, replace(library, sets=(*library.sets, union))


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What one strategy sees of the shared rows.

    Attributes:
        strategy: Which.
        contract: Of its columns.
        frame: Its columns, shape (n, columns).
        space: Its model inputs.
        columns: Their positions in the shared matrix.
        digest: Of the content of its frame.
        relational: Its features.
        leakage: What was said of its columns.
    """

    strategy: Strategy
    contract: Contract
    frame: pl.DataFrame
    space: FeatureSpace
    columns: tuple[int, ...]
    digest: str
    relational: Relational | None
    leakage: Settled


def view_of(shared: Prepared, strategy: Strategy) -> View:
    """Return what a strategy sees: the application's own columns and its features."""
    unseen: frozenset[str] = frozenset()
    relational = shared.relational
    if relational is not None:
        unseen = frozenset(relational.plan.names) - strategy.features
        plan, histories = relational.plan.restricted(strategy.features), relational.histories
        if isinstance(histories, RowsBelow):
            histories = replace(histories, plan=plan)
        relational = Relational(plan, histories, relational.digest)
    inputs = [(i, f) for i, f in enumerate(shared.space.features) if f.name not in unseen]
    columns = tuple(c for c in shared.contract.columns if c.name not in unseen)
    frame = shared.frame.drop(sorted(unseen))
    return View(
        strategy=strategy,
        contract=replace(shared.contract, columns=columns),
        frame=frame,
        space=FeatureSpace(tuple(f for _, f in inputs)),
        columns=tuple(i for i, _ in inputs),
        digest=frame_digest(frame),
        relational=relational,
        leakage=_said_of(shared.leakage, unseen),
    )


def _said_of(leakage: Settled, unseen: AbstractSet[str]) -> Settled:
    return replace(
        leakage,
        accepted=tuple(p for p in leakage.accepted if p[0].subject not in unseen),
        notes=tuple(note for note in leakage.notes if note.subject not in unseen),
    )


def at_bench(shared: Prepared, view: View, cell: Cell) -> Prepared:
    """Return a strategy's rows with the bench of a cell's learner; every sampling shares it."""
    x = shared.x
    if len(view.columns) < x.shape[1]:
        x = np.ascontiguousarray(x[:, list(view.columns)])
    settings = _settings(shared.settings, cell)
    learner, params = cell.choice.learner, cell.choice.params
    name = shared.data_version.partition("@")[0]
    return replace(
        shared,
        settings=settings,
        contract=view.contract,
        frame=view.frame,
        space=view.space,
        x=x,
        data_version=f"{name}@{view.digest[:12]}",
        data_digest=view.digest,
        learner=learner,
        params=params,
        leakage=view.leakage,
        bench=open_bench(learner, fit_task(settings, x, shared.y, view.space, params)),
        strategy=view.strategy.name,
        relational=view.relational,
    )


def in_cell(prepared: Prepared, cell: Cell, samplers: SamplerCatalogue) -> Prepared:
    """Return the rows at the bench with the sampling of one cell."""
    settings = _settings(prepared.settings, cell)
    return replace(prepared, settings=settings, sampler=samplers.get(cell.sampling))


def _settings(settings: Settings, cell: Cell) -> Settings:
    """Return the settings under which a cell is an ordinary training."""
    choice = cell.choice
    learner = settings.learner.model_copy(
        update={
            "name": choice.learner.name,
            "params": dict(choice.params),
            "monotone": dict(cell.monotone),
            "sampling": cell.sampling,
        }
    )
    return settings.model_copy(update={"learner": learner})


def folds_digest(plan: FoldPlan) -> str:
    """Return the digest of every row's folds."""
    parts = [plan.fold, *plan.others, plan.is_oot.astype(np.int64)]
    folds = [sha256_hex(np.ascontiguousarray(part, dtype="<i8").tobytes()) for part in parts]
    return sha256_hex(canonical_json({"scheme": plan.scheme, "folds": folds}))


def cell_digest(cell: Cell, view: View, folds: str) -> str:
    """Return the identity of a cell: everything that decides its figures.

    That is what was declared (see `Cell.digest`), the content of the rows it sees, the plan of
    its features, its columns in their order with the categories of each, and every row's folds.
    A finished cell of the same identity is not done again.

    Args:
        cell: As it is declared.
        view: The rows it sees.
        folds: From `folds_digest`.
    """
    plan = view.relational.plan if view.relational is not None else None
    document = {
        "declared": cell.digest,
        "data": view.digest,
        "features": plan.digest if plan is not None and plan.features else None,
        "columns": [[f.name, list(f.categories)] for f in view.space.features],
        "folds": folds,
    }
    return sha256_hex(canonical_json(document))
