"""Backfills of real stores: what is added, what is left alone, what only a training can give."""

from __future__ import annotations

import io
import json
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from tests.fakes.audited_stores import conventions, rule_book
from tests.fakes.machine import NoCharts
from tests.fakes.training import MakeWorld, settings
from tests.flows.store.backfilled import NOW, Bench, of_training
from tests.stores.story import LOGGED_AUC, Story, build_story, predictions

from scorewright.adapters.artifact_files import LocalArtifacts
from scorewright.adapters.charts import VegaRenderer
from scorewright.adapters.file_contents import LocalContents
from scorewright.adapters.file_stores import FileStore
from scorewright.adapters.learners import Learners
from scorewright.adapters.mlflow_store import load_conventions
from scorewright.core.audit import AuditInput, audit
from scorewright.core.errors import UsageError
from scorewright.core.plans import FileChange, RowChange, StoreRef, unbalanced
from scorewright.core.project import Settings
from scorewright.flows.events import ignore
from scorewright.flows.store.backfill_ports import BackfillTools
from scorewright.flows.store.plan_backfill import PlannedBackfill, plan_backfill

RUN = "b" * 32
BARE = "c" * 32
TABLES = ("metrics", "latest_metrics", "params", "tags", "runs", "experiments", "inputs")
PARAMS = {"n_estimators": "200", "num_leaves": "15", "learning_rate": "0.05", "random_state": "7"}


def _liar(bench: Bench, tmp_path: Path, **fields: object) -> None:
    """Add the run whose logged ROC AUC its predictions contradict."""
    predictions(tmp_path / "p.parquet")
    told = {
        "params": PARAMS,
        "tags": {"project": "demo"},
        "metrics": {"roc_auc": [(1, LOGGED_AUC, 0)]},
        **fields,
    }
    content = (tmp_path / "p.parquet").read_bytes()
    bench.add(RUN, {"predictions.parquet": content}, **told)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench.new(tmp_path / "store")
    _liar(bench, tmp_path)
    bench.add(BARE, {}, name="exp02_cv_domain_none", params={**PARAMS, "max_bins": "3"})
    return bench


def _last(bench: Bench, run: str) -> dict[str, float]:
    rows = bench.read().metrics.filter(pl.col("run_id") == run)
    return dict(rows.select("key", "value").iter_rows())


def _texts(bench: Bench, table: str, run: str) -> dict[str, str]:
    rows = getattr(bench.read(), table).filter(pl.col("run_id") == run)
    return dict(rows.select("key", "value").iter_rows())


def test_figures_come_from_the_predictions_and_what_was_logged_stays(bench: Bench) -> None:
    made = bench.plan()
    bench.apply(made.draft.plan)

    figures = _last(bench, RUN)
    assert figures["roc_auc"] == LOGGED_AUC
    assert figures["gini"] == pytest.approx(2 * 0.784 - 1, abs=1e-12)
    rules = conventions().metrics
    for group in ("ranking", "calibration", "threshold", "business"):
        assert set(rules.groups()[group]) <= figures.keys()
    assert figures["business_cost"] == (
        10 * figures["false_negatives"] + figures["false_positives"]
    )
    assert {"mean_gini", "std_brier", "fold_ks"} <= figures.keys()
    history = bench.read().metrics.filter(pl.col("run_id") == RUN, pl.col("key") == "fold_ks")
    assert history["points"].to_list() == [5]
    assert history["step"].to_list() == [4]
    note = next(note for note in made.draft.plan.notes if RUN in note)
    assert "roc_auc 0.812 is left, though its predictions give 0.784" in note
    assert "it does not name both costs: 10 and 1 are taken" in note


def test_what_is_added_is_marked(bench: Bench) -> None:
    bench.apply(bench.plan().draft.plan)

    tags = _texts(bench, "tags", RUN)
    assert tags["scorewright.backfilled"] == "2026-03-04"
    assert tags["scorewright.backfilled_from"].startswith("predictions.parquet sha256:")
    assert tags["validation"] == "5-fold CV"
    document = json.loads((bench.artifacts(RUN) / "backfill.json").read_text())
    assert document["at"] == NOW.isoformat()
    assert "gini" in document["metrics"]
    assert "roc_auc" not in document["metrics"]
    assert document["from"].keys() == {"predictions.parquet"}
    analysis = json.loads((bench.artifacts(RUN) / "threshold_analysis.json").read_text())
    assert len(analysis["points"]) == 99
    assert analysis["chosen"] == analysis["exact_optimum"]["threshold"]
    assert analysis["backfilled"]["from"] == document["from"]
    params = _texts(bench, "params", RUN)
    assert (params["cost_fn"], params["cost_fp"]) == ("10.0", "1.0")
    assert (params["n_rows"], params["cv_folds"]) == ("550", "5")
    assert params["num_leaves"] == "15"


def test_nothing_that_is_there_is_changed_and_undo_leads_back(bench: Bench) -> None:
    rows = {table: bench.rows(table) for table in TABLES}
    files = bench.files()
    made = bench.plan()
    for step in made.draft.plan.steps:
        for change in step.changes:
            assert isinstance(change, RowChange | FileChange)
            assert change.before is None

    receipt = bench.apply(made.draft.plan)

    for table in TABLES:
        assert rows[table] <= bench.rows(table)
    assert files.items() <= bench.files().items()
    bench.undo(receipt)
    assert {table: bench.rows(table) for table in TABLES} == rows
    assert bench.files() == files


def test_a_second_backfill_finds_nothing_to_do(bench: Bench) -> None:
    first = bench.plan()
    assert bench.plan() == first
    assert first.draft.plan.id == bench.plan().draft.plan.id
    assert not unbalanced(first.draft.plan.balance)
    bench.apply(first.draft.plan)

    second = bench.plan()

    assert second.draft.plan.steps == ()
    assert second.draft.contents == {}
    assert not unbalanced(second.draft.plan.balance)


def test_what_only_a_training_can_give_is_named_with_the_command(bench: Bench) -> None:
    made = bench.plan()
    note = next(note for note in made.draft.plan.notes if BARE in note)
    assert "It has no predictions and no model." in note
    for name in ("roc_auc", "train_pr_auc", "training_seconds", "predictions.parquet", "a model"):
        assert name in note
    text = made.reruns[BARE]
    assert text.command == f"scorewright --config {text.file} train"
    assert text.command in note
    assert "no parameters of the learner lgbm: max_bins" in note
    found = tomllib.loads(text.settings)
    assert found["project"] == {"seed": 7}
    assert found["learner"] == {
        "name": "lgbm",
        "params": {"n_estimators": 200, "num_leaves": 15, "learning_rate": 0.05},
    }
    whole = {
        **found,
        "project": {"name": "demo", **found["project"]},
        "tables": {"loans": {"files": "loans.csv"}},
        "data": {"table": "loans", "target": "bad"},
    }
    assert Settings.model_validate(whole).learner.params["num_leaves"] == 15
    liar = made.reruns[RUN]
    assert "roc_auc_gap" in next(note for note in made.draft.plan.notes if RUN in note)
    assert liar.file != text.file


KEPT = frozenset({"predictions.parquet"})


def test_figures_of_a_training_come_back_bit_for_bit(world: MakeWorld, tmp_path: Path) -> None:
    place = world()
    place.train(settings())
    bench = Bench.new(tmp_path)
    rules = load_conventions().metrics
    groups = rules.groups()
    gone = {n for g in ("ranking", "calibration", "threshold", "business") for n in groups[g]}
    figures = [f for group in rules.cross_validated.groups for f in groups[group]]
    gone |= {f"{form}_{f}" for f in figures for form in ("mean", "std", "fold")}
    lost = {
        "n_features",
        "n_rows",
        "cv_folds",
        "num_leaves",
        "learning_rate",
        "monotone_constraints",
    }
    run = of_training(place, bench, without=frozenset(gone | lost), files=KEPT)

    made = bench.plan()
    bench.apply(made.draft.plan)

    after = _last(bench, run)
    for name in gone & place.run.metrics.keys():
        assert after[name] == place.run.metrics[name], name
    with closing(sqlite3.connect(bench.database)) as connection:
        for name, values in place.run.histories.items():
            found = connection.execute(
                "SELECT value FROM metrics WHERE key = ? AND run_uuid = ? ORDER BY step",
                (name, run),
            ).fetchall()
            assert [value for (value,) in found] == values, name
    params = _texts(bench, "params", run)
    for name in lost:
        assert params[name] == str(place.run.params[name]), name
    _same_documents(bench, place.run.files, run)
    assert not made.reruns
    assert bench.plan().draft.plan.steps == ()


def _same_documents(bench: Bench, original: dict[str, bytes], run: str) -> None:
    def old(name: str) -> dict[str, object]:
        return dict(json.loads(original[name]))

    def new(name: str) -> dict[str, object]:
        return dict(json.loads((bench.artifacts(run) / name).read_bytes()))

    analysis, found = old("threshold_analysis.json"), new("threshold_analysis.json")
    # The draws of a bootstrap are not stored anywhere.
    analysis.pop("bootstrap")
    assert {k: found[k] for k in analysis} == analysis
    matrix = old("confusion_matrix.json")
    assert {k: v for k, v in new("confusion_matrix.json").items() if k in matrix} == matrix
    assert old("hyperparameters.json").items() <= new("hyperparameters.json").items()
    metadata = new("model_metadata.json")
    for name in ("learner", "model_type", "features", "validation", "data_version"):
        assert metadata[name] == old("model_metadata.json")[name]
    table = pl.read_csv(original["feature_importance.csv"])
    again = pl.read_csv(io.BytesIO((bench.artifacts(run) / "feature_importance.csv").read_bytes()))
    # The text of a model has six digits of a gain.
    assert again["feature"].to_list() == table["feature"].to_list()
    assert again["importance"].to_list() == pytest.approx(table["importance"].to_list(), rel=1e-5)


def test_the_audit_believes_what_was_added_and_goes_on_doubting(bench: Bench) -> None:
    truth = {"RUN-010", "RUN-011", "RUN-012"}

    def doubted() -> set[str]:
        return {f.code for f in audit(bench.given(), rule_book()).findings} & truth

    assert doubted() == {"RUN-010"}
    bench.apply(bench.plan().draft.plan)
    assert doubted() == {"RUN-010"}


def test_charts_are_drawn(bench: Bench) -> None:
    made = bench.plan(VegaRenderer())
    pictures = [data for name, data in made.draft.contents.items() if name.endswith(".png")]
    assert len(pictures) == 5
    assert all(data.startswith(b"\x89PNG\r\n") for data in pictures)
    assert all(change.size > 5000 for step in made.draft.plan.steps for change in step.changes
               if isinstance(change, FileChange) and change.path.endswith(".png"))  # fmt: skip


def test_the_run_s_own_threshold_and_costs_are_used(tmp_path: Path) -> None:
    bench = Bench.new(tmp_path / "store")
    _liar(
        bench,
        tmp_path,
        params={"cost_fn": "5", "cost_fp": "2"},
        metrics={"optimal_threshold": [(1, 0.9, 0)]},
    )
    made = bench.plan()
    bench.apply(made.draft.plan)

    figures = _last(bench, RUN)
    cost = 5 * figures["false_negatives"] + 2 * figures["false_positives"]
    assert (figures["optimal_threshold"], figures["business_cost"]) == (0.9, cost)
    (note,) = made.draft.plan.notes
    assert "at its threshold 0.9 the mistakes cost" in note
    analysis = json.loads((bench.artifacts(RUN) / "threshold_analysis.json").read_text())
    assert (analysis["chosen"], analysis["logged_threshold"]) == (None, 0.9)


def test_pickles_are_never_loaded(bench: Bench) -> None:
    place = bench.artifacts(BARE) / "model" / "model.pkl"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"cos\nsystem\n(S'touch /tmp/never'\ntR.")
    made = bench.plan()
    note = next(note for note in made.draft.plan.notes if BARE in note)
    assert "model/model.pkl is a pickle, and none is ever loaded" in note
    assert not any("feature_importance" in name for name in made.draft.contents)


def test_runs_that_never_ended_and_deleted_ones_are_left(bench: Bench, tmp_path: Path) -> None:
    before = bench.plan()
    predictions(tmp_path / "p.parquet")
    content = {"predictions.parquet": (tmp_path / "p.parquet").read_bytes()}
    bench.add("d" * 32, content, status="RUNNING")
    bench.add("e" * 32, content, lifecycle="deleted")
    after = bench.plan()
    assert after.draft.plan.steps == before.draft.plan.steps
    assert "1 runs that have not finished, or hold others, are left." in after.draft.plan.notes


def test_artifacts_elsewhere_get_figures_but_no_files(bench: Bench) -> None:
    with closing(sqlite3.connect(bench.database)) as connection, connection:
        connection.execute(
            "UPDATE runs SET artifact_uri = 's3://bucket/1/x' WHERE run_uuid = ?", (BARE,)
        )
    made = bench.plan()
    assert not any(name.startswith(BARE) for name in made.draft.contents)
    note = next(note for note in made.draft.plan.notes if BARE in note)
    assert "its artifacts cannot be reached: no file is added" in note


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return build_story(tmp_path_factory.mktemp("story"))


def _of_story(given: AuditInput) -> PlannedBackfill:
    tools = BackfillTools(LocalContents(), NoCharts(), Learners())
    return plan_backfill(given, StoreRef("story", "x"), tools, "ana")


def test_the_root_of_the_story(story: Story) -> None:
    bench = Bench(story.database)
    made = _of_story(bench.given())
    # Their parameters are in a file already; figures there is nothing to make of.
    assert made.draft.plan.steps == ()
    finished = len(story.root_runs) - len(story.root_running)
    assert made.draft.plan.balance[0].found == finished
    assert set(made.reruns) == {*story.root_runs.values()} - {*story.root_running}
    for note in made.draft.plan.notes[:finished]:
        assert "scorewright --config rerun_" in note
        assert "model.txt is no model that can be read" in note


def test_a_tree_has_to_come_into_a_database_first(story: Story) -> None:
    snapshot = FileStore(story.notebooks).read(ignore)
    files = LocalArtifacts(story.notebooks).inventory(snapshot, ignore).files
    with pytest.raises(UsageError) as caught:
        _of_story(AuditInput(snapshot, conventions(), NOW, files=files))
    assert caught.value.code == "plan-not-a-database"
    assert "store consolidate" in caught.value.remedy
