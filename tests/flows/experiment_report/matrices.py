"""A matrix as it lies in a store: made up, but with figures like those of real cells."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from tests.fakes.run_log import MemoryRun

from scorewright.core.decision import CostMatrix, cost_curve
from scorewright.core.errors import UsageError
from scorewright.core.evaluation import fold_figures, threshold_figures, validation_figures
from scorewright.core.statistics import cox
from scorewright.core.validation import plan_folds
from scorewright.flows.ports import RunStart, RunView

Floats = npt.NDArray[np.float64]

STRATEGIES = {"baseline": 0.0, "domain": 0.22, "polynomial": 0.03, "combined": 0.24}
SAMPLINGS = {"none": 0.0, "balanced": -0.01, "smote": -0.12, "undersample": -0.07}
FEATURES = {"baseline": 23, "domain": 41, "polynomial": 78, "combined": 96}
PARENT = "f" * 32


@dataclass
class MemoryIndex:
    """A `RunIndex` over runs and artifacts in memory."""

    runs: dict[str, RunView] = field(default_factory=dict)
    experiments: dict[str, str] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    folds: dict[str, dict[str, Sequence[float]]] = field(default_factory=dict)

    def add(self, experiment: str, view: RunView, files: Mapping[str, bytes]) -> None:
        self.runs[view.run_id] = view
        self.experiments[view.run_id] = experiment
        self.files[view.run_id] = dict(files)

    def find(self, experiment: str, tags: Mapping[str, str]) -> Sequence[RunView]:
        views = (v for k, v in self.runs.items() if self.experiments[k] == experiment)
        return sorted((v for v in views if tags.items() <= v.tags.items()), key=lambda v: v.started)

    def get(self, run_id: str) -> RunView:
        if run_id not in self.runs:
            raise UsageError("no such run", remedy="r", code="run-missing")
        return self.runs[run_id]

    def histories(self, run_id: str, names: Sequence[str]) -> Mapping[str, Sequence[float]]:
        return {n: v for n, v in self.folds.get(run_id, {}).items() if n in names}

    def artifacts(self, run_id: str) -> frozenset[str]:
        return frozenset(self.files[run_id])

    def artifact(self, run_id: str, path: str) -> bytes:
        if path not in self.files[run_id]:
            raise UsageError("no such file", remedy="r", code="artifact-missing")
        return self.files[run_id][path]

    def discard(self, run_id: str, reason: str) -> None:
        del self.runs[run_id]

    def change(self, run_id: str, **changes: Any) -> None:
        """Alter a run as somebody else might have."""
        self.runs[run_id] = replace(self.runs[run_id], **changes)


@dataclass
class ContinuedRuns:
    """A `RunLog` that opens runs of a `MemoryIndex` again, and remembers how."""

    index: MemoryIndex
    starts: list[RunStart] = field(default_factory=list)

    def start(self, start: RunStart) -> MemoryRun:
        assert start.continues is not None
        self.starts.append(start)
        run = MemoryRun(start, start.continues, [])
        run.files = self.index.files[start.continues]
        return run

    def location(self) -> str:
        return "memory"


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def made_up_matrix(
    rows: int = 4000,
    seed: int = 3,
    learners: Sequence[str] = ("lgbm",),
    out_of_time: bool = False,
    experiment: str = "demo_feature_engineering_cv",
) -> MemoryIndex:
    """Return a finished matrix of four strategies, four samplings and some learners."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=rows)
    y = (rng.random(rows) < 1 / (1 + np.exp(2.3 - 1.1 * truth))).astype(np.int8)
    fold = plan_folds(y, scheme="stratified", folds=5, seed=seed).fold
    shared = rng.normal(size=rows)
    domain = rng.normal(size=rows)
    index, entries = MemoryIndex(), []
    for number, (learner, strategy, sampling) in enumerate(
        product(learners, STRATEGIES, SAMPLINGS), start=1
    ):
        knowledge = STRATEGIES[strategy] + SAMPLINGS[sampling]
        noise = 1.15 * shared + 0.25 * rng.normal(size=rows)
        seen = truth + noise + knowledge * 2.6 * (truth + 0.3 * domain)
        seen += 0.05 * np.array([rng.normal() for _ in range(5)])[fold]
        raw = 1 / (1 + np.exp(2.5 - 0.5 * seen))
        line = cox(y, raw)
        stretch = 1.25 if sampling == "smote" else 1.0
        logit = line.intercept + line.slope * np.log(raw / (1 - raw))
        p = 1 / (1 + np.exp(-(logit.mean() + stretch * (logit - logit.mean()))))
        name = f"exp{number:02d}_cv_{strategy}_{sampling}"
        run_id = f"{number:032x}"
        view = _cell_view(name, run_id, (strategy, sampling, learner), y, p, fold)
        if out_of_time:
            oot = view.metrics["roc_auc"] - 0.02 - 0.002 * rng.random()
            view = replace(view, metrics={**view.metrics, "oot_roc_auc": oot})
        keys = [f"A{i:06d}" for i in range(rows)]
        frame = pl.DataFrame({"row_key": keys, "y": y, "p": p, "p_raw": raw, "fold": fold})
        index.add(experiment, view, {"predictions.parquet": parquet(frame)})
        index.folds[run_id] = {
            "fold_roc_auc": [fold_figures(y[fold == k], p[fold == k])["roc_auc"] for k in range(5)]
        }
        entry = {"strategy": strategy, "sampling": sampling, "learner": learner}
        entries.append({"name": name, "run_id": run_id, **entry})
    document = {"schema_version": 1, "declared": len(entries), "cells": entries}
    parent = RunView(
        run_id=PARENT,
        name=f"matrix_cv_{len(entries)}cells",
        status="FINISHED",
        tags={
            "project": "demo",
            "scorewright.kind": "matrix",
            "data_version": "loans@3f2a9c11d0ab",
            "validation": "5-fold CV",
            "mlflow.note.content": "A matrix.",
        },
        params={},
        metrics={},
        started=1,
        ended=2,
    )
    index.add(experiment, parent, {"cells.json": json.dumps(document).encode()})
    return index


def _cell_view(
    name: str,
    run_id: str,
    what: tuple[str, str, str],
    y: npt.NDArray[np.int8],
    p: Floats,
    fold: npt.NDArray[np.int64],
) -> RunView:
    strategy, sampling, learner = what
    best = cost_curve(y, p, CostMatrix(10.0, 1.0)).best().threshold
    folds = [fold_figures(y[fold == k], p[fold == k])["roc_auc"] for k in range(5)]
    metrics = {
        **validation_figures(y, p),
        **threshold_figures(y, p, best, CostMatrix(10.0, 1.0)),
        "mean_roc_auc": float(np.mean(folds)),
        "train_roc_auc": float(np.mean(folds)) + 0.04,
        "roc_auc_gap": 0.04,
        "training_seconds": 12.5,
    }
    tags = {
        "scorewright.kind": "cell",
        "feature_strategy": strategy,
        "sampling_strategy": sampling,
        "model_type": learner,
        "data_version": "loans@3f2a9c11d0ab",
        "mlflow.parentRunId": PARENT,
    }
    params = {"n_features": str(FEATURES[strategy]), "cost_fn": "10.0", "cost_fp": "1.0"}
    return RunView(run_id, name, "FINISHED", tags, params, metrics, 0, 1)
