"""Models and the data a run names: what nobody stored is computed, or said why not."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.adapters.model_prober.models import (
    NAMES,
    catboost_model,
    lightgbm_model,
    table,
    xgboost_model,
)
from tests.fakes.audited_stores import rule_book
from tests.fakes.machine import NoCharts
from tests.flows.store.backfilled import Bench

from scorewright.adapters.file_contents import LocalContents
from scorewright.adapters.learners import Learners
from scorewright.adapters.model_prober import ChildScorer
from scorewright.adapters.store_editing import reference_of
from scorewright.core.audit import audit
from scorewright.core.plans import RowChange
from scorewright.core.statistics import pr_auc, roc_auc
from scorewright.flows.store.backfill_ports import BackfillTools
from scorewright.flows.store.plan_backfill import PlannedBackfill, plan_backfill

LGBM, CAT, XGB, BLIND, CSV = (letter * 32 for letter in "12345")
SIGNATURE = "signature:\n  inputs: '[{}]'\n".format(
    ", ".join(f'{{"type": "double", "name": "{name}"}}' for name in NAMES)
)


def planned(bench: Bench) -> PlannedBackfill:
    with ChildScorer() as scorer:
        tools = BackfillTools(LocalContents(), NoCharts(), Learners(), scorer=scorer)
        made = plan_backfill(bench.given(), reference_of(str(bench.database)), tools, "ana")
    return replace(made, draft=bench._written(made.draft)) if made.draft.contents else made


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Five runs without predictions.parquet; `table(300)` is what the models were fitted on."""
    bench = Bench.new(tmp_path / "store")
    folder = bench.database.parent
    train, test = table(300), table(120, seed=2)
    train.write_csv(folder / "train.csv")
    test.write_parquet(folder / "test.parquet")
    bench.add(
        LGBM,
        {"model/model.txt": lightgbm_model()},
        params={"test_path": "test.parquet"},
        metrics={"pr_auc": [(1, 0.99, 0)], "optimal_threshold": [(1, 0.9, 0)]},
    )
    bench.add(CAT, {"model/model.cbm": catboost_model()}, params={"n_rows": "300"})
    digest = LocalContents().sha256(folder / "train.csv") or ""
    bench.add_input(CAT, "loans", digest[:12], "evaluation", "{}", source={"path": "train.csv"})
    holdout = test.write_csv().encode()
    files = {"model/model.ubj": xgboost_model(), "model/MLmodel": SIGNATURE.encode()}
    bench.add(XGB, {**files, "data/holdout.csv": holdout})
    bench.add(BLIND, {"model/model.txt": lightgbm_model()}, params={"data_path": "loans.csv"})
    train.write_csv(folder / "loans.csv")
    oof = test.select("id", target="default", proba=pl.lit(0.1) + pl.col("age").rank() / 200)
    content = oof.with_columns(fold=pl.int_range(pl.len()) % 3).write_csv().encode()
    bench.add(CSV, {"oof.csv": content})
    return bench


def _metrics(made: PlannedBackfill, run: str) -> dict[str, float]:
    step = next(step for step in made.draft.plan.steps if run in step.subject)
    rows = [
        change.after
        for change in step.changes
        if isinstance(change, RowChange) and change.table == "latest_metrics"
    ]
    return {str(row["key"]): float(str(row["value"])) for row in rows if row is not None}


def _table(made: PlannedBackfill, name: str) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(made.draft.contents[name]))


def test_what_the_evidence_gives_and_what_it_does_not(bench: Bench) -> None:
    made = planned(bench)
    notes = {run: next(n for n in made.draft.plan.notes if run in n)
             for run in (LGBM, CAT, XGB, BLIND)}  # fmt: skip
    _unseen_rows(made, notes)
    _training_rows(made, notes[CAT])
    _rows_nobody_knows(made, notes[BLIND])
    _a_csv(made)
    # Once more there is nothing left to do.
    bench.apply(made.draft.plan)
    again = planned(bench)
    assert again.draft.plan.steps == ()
    # What it added contradicts nothing.
    told = audit(bench.given(), rule_book())
    assert not {f.code for f in told.findings} & {"RUN-010", "RUN-011", "RUN-012", "RUN-013"}


def _unseen_rows(made: PlannedBackfill, notes: dict[str, str]) -> None:
    for run in (LGBM, XGB):
        stored, figures = _table(made, f"{run}/predictions.parquet"), _metrics(made, run)
        y, p = stored["y"].to_numpy(), stored["p"].to_numpy()
        assert set(stored["role"]) == {"test"}
        assert stored["row_key"].to_list() == list(range(1000, 1120))
        assert figures["roc_auc"] == roc_auc(y, p)
        assert {"business_cost", "approval_rate", "brier"} <= figures.keys()
        assert "train_roc_auc" not in figures
        analysis = json.loads(made.draft.contents[f"{run}/threshold_analysis.json"])
        assert analysis["data_role"] == "test"
        assert len(analysis["backfilled"]["from"]) == 2
        assert f"{run}/feature_importance.csv" in made.draft.contents
        assert f"{run}/confusion_matrix.png" in made.draft.contents
    assert "known by its name in test_path alone" in notes[LGBM]
    assert "its own optimal_threshold, pr_auc may be about other rows" in notes[LGBM]
    assert "known by its name among the artifacts" in notes[XGB]


def _training_rows(made: PlannedBackfill, note: str) -> None:
    """A data set called an evaluation, of as many rows as were fitted: no threshold of it."""
    stored, figures = _table(made, f"{CAT}/training_predictions.parquet"), _metrics(made, CAT)
    assert set(stored["role"]) == {"training"}
    y, p = stored["y"].to_numpy(), stored["p"].to_numpy()
    assert figures == {"train_roc_auc": roc_auc(y, p), "train_pr_auc": pr_auc(y, p)}
    assert f"{CAT}/predictions.parquet" not in made.draft.contents
    assert f"{CAT}/threshold_analysis.json" not in made.draft.contents
    assert "it is taken as its training rows" in note
    assert "no threshold, cost or validated figure is made of them" in note
    rows = made.draft.contents[f"{CAT}/feature_importance.csv"].decode().splitlines()
    assert rows[0] == "feature,importance"
    assert {row.split(",")[0] for row in rows[1:]} == set(NAMES)


def _rows_nobody_knows(made: PlannedBackfill, note: str) -> None:
    assert not any(name.startswith(BLIND) and "predictions" in name
                   for name in made.draft.contents)  # fmt: skip
    assert "nothing says which rows loans.csv holds" in note
    assert "scorewright --config rerun_" in note


def _a_csv(made: PlannedBackfill) -> None:
    stored = _table(made, f"{CSV}/predictions.parquet")
    assert stored.columns == ["row_key", "y", "p", "fold"]
    assert np.unique(stored["fold"].to_numpy()).tolist() == [0, 1, 2]


def test_data_that_have_changed_are_not_scored(bench: Bench) -> None:
    (bench.database.parent / "train.csv").write_text("id,default\n1,0\n")
    made = planned(bench)
    note = next(n for n in made.draft.plan.notes if CAT in n)
    assert "train.csv is not the data set loans it read: it has another digest" in note
    assert f"{CAT}/training_predictions.parquet" not in made.draft.contents


def test_a_damaged_model_is_told(bench: Bench) -> None:
    file = bench.artifacts(CAT) / "model" / "model.cbm"
    file.write_bytes(file.read_bytes()[:200])
    note = next(n for n in planned(bench).draft.plan.notes if CAT in n)
    assert "model/model.cbm does not load: CatBoost cannot read model.cbm" in note
