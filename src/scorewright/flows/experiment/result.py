"""What an experiment left behind: a run per cell, and what is wrong with any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from scorewright.core.errors import FindingsError, ScorewrightError
from scorewright.core.findings import Finding
from scorewright.flows.experiment.figures import auc_text, cost_text, label
from scorewright.flows.screening import finding_dict

__all__ = ["COLUMNS", "FIGURES", "CellFailure", "CellResult", "ExperimentResult"]

#: Stand beside each other for every cell: ranking, overfitting, calibration, cost.
FIGURES = (
    "auc_within_folds", "auc_within_folds_low", "auc_within_folds_high", "cost_per_application",
    "roc_auc", "roc_auc_low", "roc_auc_high", "roc_auc_gap", "pr_auc", "ks", "brier", "log_loss",
    "cox_slope", "mean_pd", "base_rate", "business_cost", "approval_rate", "training_seconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CellResult:
    """A finished cell, as it lies in the store.

    Attributes:
        name, run_id: Its run.
        strategy, sampling, learner: What was combined.
        digest: Identity of the cell.
        is_new: Whether this command did it; otherwise it was finished before.
        figures: `FIGURES`, as far as the run has them. The AUC within folds and the cost per
            application are those of the report; ``roc_auc`` is that of all rows in one pool.
    """

    name: str
    run_id: str
    strategy: str
    sampling: str
    learner: str
    digest: str
    is_new: bool
    figures: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready data."""
        return {
            "name": self.name,
            "run_id": self.run_id,
            "strategy": self.strategy,
            "sampling": self.sampling,
            "learner": self.learner,
            "cell": self.digest,
            "reused": not self.is_new,
            "metrics": dict(self.figures),
        }


@dataclass(frozen=True, slots=True)
class CellFailure:
    """A cell that could not be done; the others were."""

    name: str
    error: ScorewrightError

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready data."""
        return {"name": self.name, **self.error.to_dict()}


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """The matrix, done.

    Attributes:
        experiment, tracking: Where the runs are found.
        run_id, run_name: The parent run.
        declared: Number of cells of the matrix.
        cells: The finished ones in their order.
        failures: Cells that could not be done.
        findings: What the runs in the store lack.
    """

    experiment: str
    tracking: str
    run_id: str
    run_name: str
    declared: int
    cells: Sequence[CellResult]
    failures: Sequence[CellFailure] = ()
    findings: Sequence[Finding] = ()

    @property
    def exit_code(self) -> int:
        """0 where every cell is there and complete, 1 with findings, 3 with failed cells."""
        if self.failures:
            return ScorewrightError.exit_code
        return FindingsError.exit_code if self.findings else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright experiment run --json``."""
        return {
            "schema_version": 1,
            "experiment": self.experiment,
            "tracking_uri": self.tracking,
            "run_id": self.run_id,
            "run_name": self.run_name,
            "declared": self.declared,
            "finished": len(self.cells),
            "cells": [cell.to_dict() for cell in self.cells],
            "failures": [failure.to_dict() for failure in self.failures],
            "findings": [finding_dict(finding) for finding in self.findings],
        }

    def csv(self) -> str:
        """Return one line per finished cell."""
        rows = [
            {
                "name": c.name,
                "strategy": c.strategy,
                "sampling": c.sampling,
                "learner": c.learner,
                **{name: c.figures.get(name) for name in FIGURES},
                "run_id": c.run_id,
            }
            for c in self.cells
        ]
        return pl.DataFrame(rows, infer_schema_length=None).write_csv()

    @property
    def base_rate(self) -> float | None:
        """Share of bads among the rows all cells were validated on."""
        return next((c.figures["base_rate"] for c in self.cells if "base_rate" in c.figures), None)

    def table(self) -> list[tuple[str, ...]]:
        """Return the cells for people: one row per cell, in the order of `COLUMNS`."""
        several = len({cell.learner for cell in self.cells}) > 1
        return [(_label(cell, is_named=several), *_figures(cell.figures)) for cell in self.cells]


COLUMNS = ("cell", "AUC", "gap", "Brier", "slope", "mean PD", "cost")
_AUC = ("auc_within_folds", "auc_within_folds_low", "auc_within_folds_high")
_COST = "cost_per_application"


def _label(cell: CellResult, *, is_named: bool) -> str:
    number = cell.name.partition("_")[0].removeprefix("exp")
    return f"{number} {label(cell.strategy, cell.sampling, cell.learner, is_named=is_named)}"


def _figures(f: Mapping[str, float]) -> tuple[str, ...]:
    return (
        auc_text(*(f[name] for name in _AUC)) if f.keys() >= set(_AUC) else "-",
        _number(f, "roc_auc_gap", "+.3f"),
        _number(f, "brier", ".4f"),
        _number(f, "cox_slope", ".2f"),
        _number(f, "mean_pd", ".2%"),
        cost_text(f[_COST]) if _COST in f else "-",
    )


def _number(figures: Mapping[str, float], name: str, form: str) -> str:
    return format(figures[name], form) if name in figures else "-"
