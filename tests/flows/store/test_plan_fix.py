"""Plans from findings, on real databases: made, carried out, made again, taken back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.audited_stores import conventions
from tests.flows.store.messy import build_messy, run_id
from tests.flows.store.planning import MOMENT, Planned
from tests.stores.archives import unpack
from tests.stores.story import NOW, Story, build_story

from scorewright.adapters.artifact_files import LocalArtifacts
from scorewright.adapters.file_stores import FileStore
from scorewright.core.errors import UsageError
from scorewright.core.plans import Plan, RowChange, read_plan, unbalanced
from scorewright.flows.events import ignore
from scorewright.flows.store.plan_fix import plan_fix
from scorewright.flows.store.plan_making import look
from scorewright.flows.store.ports import OpenedStore

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures/stores"


@pytest.fixture(scope="module")
def messy_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_messy(tmp_path_factory.mktemp("messy")).parent


@pytest.fixture
def messy(messy_template: Path, tmp_path: Path) -> Planned:
    shutil.copytree(messy_template, tmp_path / "mlruns")
    return Planned(tmp_path / "mlruns/mlflow.db")


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return build_story(tmp_path)


def done(store: Planned, *codes: str) -> Plan:
    plan = store.fix(*codes).plan
    assert not unbalanced(plan.balance)
    assert read_plan(plan.to_json(), "it") == plan
    store.apply(plan)
    return plan


def test_the_story_is_mended_once_and_taken_back(story: Story) -> None:
    # given
    store = Planned(story.database)
    begin = store.fingerprint()

    assert list(story.dangling[1].rglob("*.txt"))

    # when
    plan = store.fix("all").plan
    receipt = store.apply(plan)

    # then: no duplicate, nothing of nobody, nothing still running
    assert not {"RUN-001", "FILE-001"} & store.codes()
    one, two = (
        story.database.parent / "1" / story.root_runs[f"{name}_cv_domain_none"] / "artifacts"
        for name in ("exp09", "exp11")
    )
    assert (one / "model/model.txt").samefile(two / "model_final/model.txt")
    assert list(story.dangling[1].rglob("*.txt")) == []
    assert plan.frees > 12_000
    # what cannot be mended is said
    for code in ("CONV-003", "CONV-004", "MODEL-001"):
        assert any(note.startswith(f"{code}: no plan can mend") for note in plan.notes)
    assert any("git_commit" in note and "rerun" in note for note in plan.notes)
    # and a second plan has nothing to do
    assert store.fix("all").plan.steps == ()

    store.undo(receipt)
    assert store.fingerprint() == begin


def test_the_same_store_gives_the_same_plan(messy: Planned) -> None:
    begin = messy.fingerprint()
    assert messy.fix("all").plan.id == messy.fix("ALL", "conv-001").plan.id
    assert messy.fingerprint() == begin


def test_a_mess_is_mended_once_and_every_row_comes_back(messy: Planned) -> None:
    begin = messy.fingerprint()
    receipt = messy.apply(messy.fix("all").plan)
    assert messy.fix("all").plan.steps == ()
    messy.take_back(receipt)
    assert messy.fingerprint() == begin


def test_every_before_is_what_the_database_holds(messy: Planned) -> None:
    changes = [
        (change, change.before)
        for step in messy.fix("all").plan.steps
        for change in step.changes
        if isinstance(change, RowChange) and change.before is not None
    ]
    assert len(changes) > 20
    for change, before in changes:
        where = " AND ".join(f'"{name}" = ?' for name in change.key)
        columns = ", ".join(f'"{name}"' for name in before)
        sql = f'SELECT {columns} FROM "{change.table}" WHERE {where}'  # noqa: S608
        assert messy.ask(sql, *change.key.values()) == [tuple(before.values())]


def test_trials_are_numbered_by_their_start(messy: Planned) -> None:
    done(messy, "CONV-001")
    rows = messy.ask(
        "SELECT r.name, t.value FROM runs r JOIN tags t ON t.run_uuid = r.run_uuid AND "
        "t.key = 'mlflow.runName' WHERE experiment_id = 3 ORDER BY start_time"
    )
    names = [f"tune_trial_{number:04d}" for number in range(1, 22)]
    assert rows == [(name, name) for name in names]
    assert messy.ask("SELECT name FROM runs WHERE experiment_id = 1 ORDER BY start_time") == [
        (f"exp{number:02d}_cv_domain_smote",) for number in range(1, 6)
    ]
    assert messy.ask("SELECT name FROM runs WHERE experiment_id = 5") == [
        ("production_lgbm_189features",)
    ]
    assert "CONV-001" not in messy.codes()


def test_numbers_go_on_after_those_that_are_taken(messy: Planned) -> None:
    messy.change("UPDATE runs SET name = 'exp07_cv_domain_smote' WHERE run_uuid = ?", run_id(1, 2))
    done(messy, "CONV-001")
    names = [name for (name,) in messy.ask("SELECT name FROM runs WHERE experiment_id = 1")]
    assert len(set(names)) == 5
    assert {int(name[3:5]) for name in names} == {7, 8, 9, 10, 11}


def test_tags_are_derived_and_never_made_up(messy: Planned) -> None:
    plan = done(messy, "CONV-005")
    tags = messy.tags(run_id(1, 0))
    assert {key: tags[key] for key in tags if not key.startswith("mlflow.")} == {
        "project": "credit_scoring",
        "stage": "development",
        "status": "active",
        "feature_strategy": "domain",
        "sampling_strategy": "smote",
        "model_type": "lgbm",
        "validation": "5-fold CV",
        "git_commit": "8d1c8f30d1c5a8ed0123456789abcdef01234567",
    }
    assert messy.tags(run_id(4, 0))["data_version"] == "loans@3f2a9c01"
    # two data sets: which one is the version is not told
    assert "data_version" not in messy.tags(run_id(5, 0))
    assert "model_type" not in messy.tags(run_id(6, 0))
    assert sum("follows from nothing" in note for note in plan.notes) == 7


def test_the_project_of_the_settings_is_the_last_resort(messy: Planned) -> None:
    messy.project = "credit_scoring"
    done(messy, "CONV-005")
    assert messy.tags(run_id(6, 0))["project"] == "credit_scoring"


def test_descriptions_say_what_was_logged(messy: Planned) -> None:
    done(messy, "CONV-009")
    note = messy.tags(run_id(3, 0))["mlflow.note.content"]
    assert note.startswith("LightGBM in credit_scoring_optimization_fbeta, begun 2024-05-02")
    assert "num_leaves 15" in note
    assert "fbeta_score 0.3" in note
    assert "no parameter and no metric" in messy.tags(run_id(6, 0))["mlflow.note.content"]


def test_stale_runs_end_at_their_last_sign_of_life(messy: Planned) -> None:
    done(messy, "RUN-001", "RUN-002")
    sql = "SELECT status, end_time - start_time FROM runs WHERE run_uuid = ?"
    assert messy.ask(sql, run_id(1, 1)) == [("KILLED", 7_000)]
    assert "without a sign of life" in messy.tags(run_id(1, 1))["failure"]
    assert messy.tags(run_id(1, 2))["failure"].startswith("not recorded: FAILED, after 10.0 min")
    assert not {"RUN-001", "RUN-002"} & messy.codes()


def test_a_parent_that_is_gone_is_remembered_elsewhere(messy: Planned) -> None:
    done(messy, "RUN-006")
    tags = messy.tags(run_id(1, 3))
    assert "mlflow.parentRunId" not in tags
    assert tags["scorewright.former_parent"] == "f" * 32
    assert messy.tags(run_id(1, 4))["mlflow.parentRunId"] == run_id(1, 0)


@pytest.mark.parametrize("served", [4, 5])
def test_the_served_run_stays_in_production(messy: Planned, served: int) -> None:
    messy.change("UPDATE model_versions SET run_id = ?", run_id(served, 0))
    messy.change("INSERT INTO registered_model_aliases (name, alias, version) VALUES "
                 "('credit_scoring_lgbm', 'champion', 2)")  # fmt: skip
    done(messy, "RUN-007")
    stages = {number: messy.tags(run_id(number, 0))["stage"] for number in (4, 5)}
    assert stages == {served: "production", 9 - served: "archived"}
    assert "RUN-007" not in messy.codes()


def test_without_an_alias_the_run_with_a_model_stays(messy: Planned) -> None:
    # the other one is newer, but has no model
    done(messy, "RUN-007")
    assert messy.tags(run_id(5, 0))["stage"] == "archived"


def test_stages_get_aliases_and_aliases_of_nothing_go(messy: Planned) -> None:
    done(messy, "MODEL-003", "MODEL-005")
    sql = "SELECT alias, version, workspace FROM registered_model_aliases ORDER BY alias"
    assert messy.ask(sql) == [("challenger", 3, "default"), ("champion", 2, "default")]
    assert messy.ask("SELECT current_stage FROM model_versions WHERE version = 2") == [
        ("Production",)
    ]


def test_a_model_without_versions_goes_only_where_it_is_named(messy: Planned) -> None:
    # Given one that never had a version, and one whose version was deleted
    for name in ("credit_scoring_xgboost", "credit_scoring_scorecard"):
        messy.change("INSERT INTO registered_models (name, workspace) VALUES (?, 'default')", name)
    messy.change("INSERT INTO registered_model_tags (name, key, value, workspace) VALUES "
                 "('credit_scoring_xgboost', 'team', 'risk', 'default')")  # fmt: skip
    messy.change("INSERT INTO model_versions (name, version, current_stage, workspace) VALUES "
                 "('credit_scoring_scorecard', 1, 'Deleted_Internal', 'default')")  # fmt: skip
    plan = messy.fix("all").plan
    assert not [step for step in plan.steps if step.operation == "drop_model"]
    assert any("--fix MODEL-006" in note for note in plan.notes)
    plan = done(messy, "MODEL-006")
    assert [step.subject for step in plan.steps] == ["model credit_scoring_xgboost"]
    assert any("credit_scoring_scorecard stays" in note for note in plan.notes)
    names = {name for (name,) in messy.ask("SELECT name FROM registered_models")}
    assert "credit_scoring_xgboost" not in names
    assert "credit_scoring_scorecard" in names


def test_an_alias_that_is_taken_stays_where_it_is(messy: Planned) -> None:
    messy.change("INSERT INTO registered_model_aliases (name, alias, version) VALUES "
                 "('credit_scoring_lgbm', 'champion', 1)")  # fmt: skip
    plan = done(messy, "MODEL-003")
    assert any("champion means version 1" in note for note in plan.notes)
    sql = "SELECT version FROM registered_model_aliases WHERE alias = 'champion'"
    assert messy.ask(sql) == [(1,)]


def test_addresses_follow_the_files(messy: Planned) -> None:
    done(messy, "STORE-002")
    root = messy.database.parent.as_uri()
    for sql in (
        "SELECT artifact_location FROM experiments",
        "SELECT artifact_uri FROM runs",
        "SELECT artifact_location FROM logged_models",
        "SELECT source FROM model_versions",
        "SELECT storage_location FROM model_versions",
        "SELECT value FROM trace_tags WHERE key = 'mlflow.artifactLocation'",
    ):
        assert all(uri.startswith(f"{root}/") for (uri,) in messy.ask(sql)), sql
    assert "STORE-002" not in messy.codes()
    assert messy.fix("STORE-002").plan.steps == ()


def test_what_no_plan_can_mend_is_told(messy: Planned) -> None:
    plan = messy.fix("CONV-007", "STORE-027").plan
    assert plan.steps == ()
    mended = "rerun: train the run again with its own parameters; a model cannot be made up."
    assert plan.notes == (
        f"CONV-007: no plan can mend 26 runs (no model): {mended}",
        "STORE-027: there is no such finding.",
    )


def test_an_unknown_code_is_refused_with_near_misses(messy: Planned) -> None:
    with pytest.raises(UsageError, match="CONV-0O1") as caught:
        messy.fix("CONV-0O1")
    assert caught.value.code == "fix-unknown"
    assert "CONV-001" in caught.value.remedy


def test_files_without_digests_are_not_touched(messy: Planned) -> None:
    evidence = messy.evidence()
    bare = evidence.files.with_columns(sha256=None)

    evidence = replace(evidence, files=bare.cast(evidence.files.schema))
    with pytest.raises(UsageError) as caught:
        plan_fix(evidence, messy.report(evidence), ["FILE-002"], messy.tools())
    assert caught.value.code == "plan-needs-digests"


def test_a_tree_of_files_is_to_be_consolidated(story: Story) -> None:
    folder = story.notebooks
    opened = OpenedStore(str(folder), FileStore(folder), LocalArtifacts(folder), folder)
    with pytest.raises(UsageError, match="no SQLite or PostgreSQL") as caught:
        look(opened, conventions(), MOMENT, notify=ignore)
    assert caught.value.code == "plan-not-a-database"
    assert f"scorewright store consolidate {folder} --into sqlite" in caught.value.remedy


@pytest.mark.parametrize("version", ["1.8.0", "1.30.1", "2.0.1", "2.22.2", "3.0.1", "3.17.2"])
def test_stores_of_every_mlflow_are_mended_in_their_own_schema(
    version: str, tmp_path: Path
) -> None:
    unpack(FIXTURES / f"mlflow-{version}-sqlite.tar.xz", tmp_path / "mlruns")
    store = Planned(tmp_path / "mlruns/mlflow.db")
    # a run that never ended, in every schema
    store.change(
        "UPDATE runs SET status = 'RUNNING', start_time = ? WHERE run_uuid = "
        "(SELECT MIN(run_uuid) FROM runs WHERE lifecycle_stage = 'active')",
        NOW - 10**10,
    )
    begin = store.rows()
    plan = store.fix("all").plan
    assert {"CONV-005", "CONV-009", "RUN-001"} <= {step.finding for step in plan.steps}
    receipt = store.apply(plan)
    # files of the run that has ended now may share their bytes from now on
    again = store.fix("all").plan
    assert {step.finding for step in again.steps} <= {"FILE-002"}
    store.take_back(receipt)
    assert store.rows() == begin
