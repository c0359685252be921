"""Every rule: a store that breaks it, and what it says. Perfect stores break none."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib import resources

import pytest
from tests.fakes.audited_stores import BEGIN, ROOT, StoreDraft, findings, rule_book

from scorewright.core.audit import ModelState, ProjectFacts, TriedModel
from scorewright.core.audit.rules import CHECKS
from scorewright.core.findings import Finding
from scorewright.core.rationalise import MENDABLE
from scorewright.core.snapshot import RootRule, Source, SourceKind

RUN, OTHER = f"{0:032x}", f"{1:032x}"
MODEL = "credit_scoring_lgbm"
DAY = 86_400_000


def running(draft: StoreDraft) -> None:
    draft.change(RUN, status="RUNNING", start_time=BEGIN - 10 * DAY)


def failed(draft: StoreDraft) -> None:
    draft.change(RUN, status="FAILED")
    draft.tag(RUN, "mlflow.note.content", " ")


def lost_folder(draft: StoreDraft) -> None:
    draft.without_files(RUN)
    draft.absent("run", RUN)
    draft.tag(RUN, "mlflow.log-model.history", "[]")


def nothing_logged(draft: StoreDraft) -> None:
    draft.without_files(RUN)
    draft.absent("run", RUN)


def copied(draft: StoreDraft) -> None:
    for table in ("metrics", "params", "tags"):
        draft.rows[table] = [r for r in draft.rows[table] if r["run_id"] != OTHER]
        draft.rows[table] += [r | {"run_id": OTHER} for r in draft.rows[table]]
    draft.tag(OTHER, "mlflow.runName", "exp01_cv_domain_balanced")
    draft.metric(OTHER, "training_seconds", 99.0)


def parent_deleted(draft: StoreDraft) -> None:
    draft.tag(RUN, "mlflow.parentRunId", OTHER)
    draft.change(OTHER, lifecycle_stage="deleted")


def parent_missing(draft: StoreDraft) -> None:
    draft.tag(RUN, "mlflow.parentRunId", "f" * 32)


def two_runs_in_production(draft: StoreDraft) -> None:
    draft.tag(RUN, "stage", "production")
    draft.tag(OTHER, "status", "deployed")
    draft.drop("tags", OTHER, "project")


def shouting(draft: StoreDraft) -> None:
    draft.tag(RUN, "stage", "Production")
    draft.tag(OTHER, "status", " Deployed")


def two_versions_in_production(draft: StoreDraft) -> None:
    registered(draft)
    draft.version(MODEL, 2, OTHER, "Production")
    draft.alias(MODEL, "backup", 2)
    draft.alias(MODEL, "champion", 1)


def two_experiments_in_production(draft: StoreDraft) -> None:
    draft.experiment("2", "credit_scoring_final_delivery")
    draft.rows["experiment_tags"] += [
        {"experiment_id": number, "key": "stage", "value": "production"} for number in "12"
    ]


def not_a_number(draft: StoreDraft) -> None:
    draft.metric(RUN, "ks", 0.0)
    draft.rows["metrics"][-1]["is_nan"] = True
    draft.metric(RUN, "gini", float("nan"))
    draft.metric(RUN, "brier", -float("inf"))
    draft.metric(RUN, "log_loss", 1.7976931348623157e308)
    draft.metric(RUN, "cost", None)


def production_without_model(draft: StoreDraft) -> None:
    draft.tag(RUN, "stage", "production")
    draft.files = [f for f in draft.files if not f["path"].startswith("model/")]


def champion_without_model(draft: StoreDraft) -> None:
    registered(draft)
    draft.alias(MODEL, "champion", 1)
    draft.files = [f for f in draft.files if not f["path"].startswith("model/")]


def registered(draft: StoreDraft) -> None:
    draft.model(MODEL)
    draft.version(MODEL, 1, RUN)


def version_of_a_missing_run(draft: StoreDraft) -> None:
    draft.model(MODEL)
    draft.version(MODEL, 1, "f" * 32)


def version_of_a_deleted_run(draft: StoreDraft) -> None:
    registered(draft)
    draft.change(RUN, lifecycle_stage="deleted")


def version_without_files(draft: StoreDraft) -> None:
    registered(draft)
    draft.absent("version", f"{MODEL}/1")


def staged(draft: StoreDraft) -> None:
    draft.model(MODEL)
    draft.version(MODEL, 1, RUN, "Staging")


def broken_model(draft: StoreDraft) -> None:
    draft.more["broken_models"] = {f"{MODEL}/1": "No module named 'old'."}


def cut_model(draft: StoreDraft) -> None:
    tell(draft, "run", RUN, ModelState.BROKEN, "model.txt is cut short")


def pickled_model(draft: StoreDraft) -> None:
    tell(draft, "version", f"{MODEL}/1", ModelState.NOT_TRIED, "a pickle")


def tell(draft: StoreDraft, owner: str, number: str, state: ModelState, reason: str) -> None:
    draft.more["tried_models"] = (TriedModel(owner, number, "model", state, reason, "lightgbm"),)


def alias_to_nothing(draft: StoreDraft) -> None:
    registered(draft)
    draft.version(MODEL, 2, RUN, "Deleted_Internal")
    draft.alias(MODEL, "old", 2)


def empty_model(draft: StoreDraft) -> None:
    draft.model(MODEL)
    draft.model("a_prompt")
    draft.rows["registered_model_tags"].append(
        {"name": "a_prompt", "key": "mlflow.prompt.is_prompt", "value": "true"}
    )


def odd_model_name(draft: StoreDraft) -> None:
    draft.model("best_model")
    draft.version("best_model", 1, RUN)


def nobodys_files(draft: StoreDraft) -> None:
    for path in ("a", "b"):
        draft.file("x", path, owner="", folder="/srv/credit/mlruns/1/x/artifacts", size=5)


def equal_files(draft: StoreDraft) -> None:
    for run in (RUN, OTHER):
        draft.file(run, "data.bin", size=9000, sha256="e" * 64)


def equal_folders(draft: StoreDraft) -> None:
    for run, top in ((RUN, "model_a"), (OTHER, "model_b")):
        for name in ("x", "y"):
            draft.file(run, f"{top}/{name}", size=10, sha256=name * 64)


def perhaps_equal_files(draft: StoreDraft) -> None:
    for run in (RUN, OTHER):
        draft.file(run, "data.bin", size=9000, sha256=None)


def empty_file(draft: StoreDraft) -> None:
    draft.file(RUN, "run.csv", size=0)
    draft.file(RUN, "code/__init__.py", size=0)


def pickle(draft: StoreDraft) -> None:
    draft.file(RUN, "model/model.PKL")
    draft.file(RUN, "pipeline.joblib")


def second_store(draft: StoreDraft) -> None:
    draft.more["facts"] = ProjectFacts("/srv/credit", ("notebooks/mlruns",))


def store_elsewhere(draft: StoreDraft) -> None:
    draft.more["facts"] = ProjectFacts("/srv")


def tree(draft: StoreDraft) -> None:
    draft.source = Source(ROOT, SourceKind.FILES, ROOT, layout="tree of MLflow 2")


def windows(draft: StoreDraft) -> None:
    draft.change(RUN, artifact_uri=f"file:///C:/Users/x/mlruns/1/{RUN}/artifacts")


def moved(draft: StoreDraft) -> None:
    draft.change(RUN, artifact_uri=f"/home/x/mlruns/1/{RUN}/artifacts")
    draft.more["roots"] = (RootRule("/home/x/mlruns", ROOT, 1),)


def relative(draft: StoreDraft) -> None:
    draft.change(RUN, artifact_uri=f"./mlruns/1/{RUN}/artifacts")


def outside(draft: StoreDraft) -> None:
    draft.change(RUN, artifact_uri=f"/data/else/1/{RUN}/artifacts")


def odd_experiment(draft: StoreDraft) -> None:
    draft.rows["experiments"][0]["name"] = "Test"
    draft.experiment("2", "exp1")
    draft.experiment("0", "Default")


def several_optima(draft: StoreDraft) -> None:
    copied(draft)
    draft.metric(OTHER, "optimal_threshold", 0.48)


def several_optima_apart(draft: StoreDraft) -> None:
    several_optima(draft)
    draft.experiment("2", "credit_scoring_final_delivery")
    draft.change(OTHER, experiment_id="2")


def archived(draft: StoreDraft) -> None:
    draft.experiment("2", "archive_exp1")


def both_roles(draft: StoreDraft) -> None:
    draft.rows["inputs"].append({"run_id": RUN, "dataset_id": f"d{RUN}", "context": "test"})


def without(table: str, key: str) -> Callable[[StoreDraft], None]:
    return lambda draft: draft.drop(table, RUN, key)


def no_model(draft: StoreDraft) -> None:
    draft.files = [f for f in draft.files if not f["path"].startswith("model/")]


def no_chart(draft: StoreDraft) -> None:
    draft.files = [f for f in draft.files if f["path"] != "roc_curve.png"]


def no_input(draft: StoreDraft) -> None:
    draft.rows["inputs"] = []


def one_point(draft: StoreDraft) -> None:
    draft.metric(RUN, "fold_ks", 0.3)


def odd_names(draft: StoreDraft) -> None:
    draft.change(RUN, name="spiffy-loon-749")
    draft.change(OTHER, name="LightGBM")


CASES: list[tuple[str, Callable[[StoreDraft], None], str]] = [
    ("STORE-001", second_store, "store: there is also notebooks/mlruns"),
    ("STORE-002", windows, "of another machine, and no rule says where it lies now: file:///C:"),
    ("STORE-002", moved, f"moved from /home/x/mlruns/1 to {ROOT}/1"),
    ("STORE-002", relative, "relative, it depends on where a program was started: ./mlruns/1"),
    ("STORE-002", outside, "outside the store's folder: /data/else/1"),
    ("STORE-003", tree, "MLflow refuses trees of files since 3.13"),
    ("STORE-004", store_elsewhere, f"it lies in {ROOT}, the project in /srv"),
    ("CONV-001", odd_names, "LightGBM (00000000): not of the form"),
    ("CONV-002", odd_experiment, "2 experiments, 2 runs: Test (1)"),
    ("CONV-002", archived, "archive_exp1"),
    ("CONV-003", without("metrics", "ks"), "lacks ks"),
    ("CONV-004", without("params", "cost_fn"), "lacks cost_fn"),
    ("CONV-005", without("tags", "status"), "lacks status"),
    ("CONV-006", no_chart, "lacks roc_curve.png"),
    ("CONV-007", no_model, "2 runs: exp00"),
    ("CONV-008", no_input, "2 runs: exp00"),
    ("CONV-009", without("tags", "mlflow.note.content"), "1 run: exp00"),
    ("CONV-010", one_point, "lacks fold_ks"),
    ("RUN-001", running, "RUNNING, begun 13 days ago"),
    ("RUN-002", failed, "FAILED"),
    ("RUN-003", lost_folder, f"no {ROOT}/1/{RUN}/artifacts"),
    ("RUN-004", nothing_logged, "1 run: exp00"),
    ("RUN-005", copied, "exp01_cv_domain_balanced (00000000): as exp00"),
    ("RUN-006", parent_deleted, "its parent 00000000 is deleted"),
    ("RUN-006", parent_missing, "its parent ffffffff is missing"),
    ("RUN-007", two_runs_in_production, "all claim to be the production run of project credit"),
    ("RUN-007", two_versions_in_production, "version 2 by stage Production; version 1 by alias"),
    ("RUN-007", shouting, "all claim to be the production run of project credit"),
    ("RUN-007", two_experiments_in_production, "all claim to be the production experiment"),
    ("RUN-008", not_a_number, "ks = NaN, gini = NaN, brier = -infinity, log_loss = infinity"),
    ("RUN-009", production_without_model, "stage = production"),
    ("RUN-009", champion_without_model, "alias champion of credit_scoring_lgbm"),
    ("RUN-013", both_roles, "data set 3f2a9c is both test and training"),
    ("RUN-014", several_optima, "thresholds 0.48, 0.5"),
    ("RUN-014", several_optima_apart, "credit_scoring_final_delivery, thresholds 0.48, 0.5"),
    ("FILE-001", nobodys_files, "1/x/artifacts: 2 files, 10 bytes"),
    ("FILE-002", equal_files, "data.bin: 2 times the same bytes, 9,000 bytes could be freed"),
    ("FILE-002", equal_folders, "folders with the same files: model_a, model_b, 20 bytes"),
    ("FILE-002", perhaps_equal_files, "the same name and size, contents not compared"),
    ("FILE-004", empty_file, "run.csv"),
    ("FILE-005", pickle, "model/model.PKL and 1 more"),
    ("MODEL-001", version_of_a_missing_run, "its run ffffffff is missing"),
    ("MODEL-001", version_of_a_deleted_run, "its run 00000000 is deleted"),
    ("MODEL-002", version_without_files, f"{MODEL}/1: no "),
    ("MODEL-003", staged, "stage Staging"),
    ("MODEL-004", broken_model, "No module named 'old'"),
    ("MODEL-004", cut_model, "exp00_cv_domain_balanced (00000000): model: model.txt is cut short"),
    ("MODEL-008", pickled_model, f"{MODEL}/1: model: a pickle"),
    ("MODEL-005", alias_to_nothing, "alias old means version 2, which is not there"),
    ("MODEL-006", empty_model, f"1 registered model: {MODEL}."),
    ("MODEL-007", odd_model_name, "best_model: not of the form {project}_{model_type}"),
]


@pytest.mark.parametrize(
    ("code", "spoil", "text"), CASES, ids=[f"{c}-{f.__name__}" for c, f, _ in CASES]
)
def test_a_fault_is_found(code: str, spoil: Callable[[StoreDraft], None], text: str) -> None:
    draft = StoreDraft.perfect(2)
    assert findings(draft) == {}
    spoil(draft)
    found = findings(draft)
    assert code in found, sorted(found)
    assert text in found[code].message


@pytest.mark.parametrize("code", [f"STORE-{n:03d}" for n in range(20, 31)])
def test_findings_of_readers_are_told(code: str) -> None:
    draft = StoreDraft.perfect(1)
    draft.more["findings"] = (Finding(code, "warning", "x/meta.yaml", "Something.", ""),)
    assert findings(draft)[code].message.endswith(": Something.")


def test_every_rule_has_a_check_and_every_check_a_rule() -> None:
    assert {rule.code for rule in rule_book()} == CHECKS.keys()
    tested = {code for code, _, _ in CASES}
    elsewhere = {"RUN-010", "RUN-011", "RUN-012", "STORE-099"}
    readers = {f"STORE-{n:03d}" for n in range(20, 31)}
    assert tested | elsewhere | readers == CHECKS.keys()


def test_every_remedy_is_a_command_or_honest() -> None:
    for rule in rule_book():
        command = f"scorewright store plan {{location}} --fix {rule.code}"
        honest = ("rerun: ", "restore", "decide: ", "scorewright store consolidate", "update ")
        filled = "scorewright store plan {location} --backfill"
        assert rule.remedy.startswith((command, filled, *honest, "see ")), rule.code
        # What the audit promises, the plan keeps.
        assert ("--fix" in rule.remedy) == (rule.code in MENDABLE), rule.code
    text = resources.files("scorewright.resources").joinpath("audit_rules.toml")
    assert tomllib.loads(text.read_text("utf-8"))["schema_version"] == 1


def ended_with_a_reason(draft: StoreDraft) -> None:
    failed(draft)
    draft.tag(RUN, "failure", "out of memory")


def just_begun(draft: StoreDraft) -> None:
    draft.change(RUN, status="RUNNING", start_time=1_767_300_000_000)


def linked_files(draft: StoreDraft) -> None:
    for run in (RUN, OTHER):
        draft.file(run, "data.bin", size=9000, sha256="e" * 64, inode="1:999")


def one_champion(draft: StoreDraft) -> None:
    registered(draft)
    draft.version(MODEL, 2, OTHER)
    draft.alias(MODEL, "champion", 2)
    draft.alias(MODEL, "challenger", 1)
    draft.tag(OTHER, "stage", "production")


def aliased_stage(draft: StoreDraft) -> None:
    draft.model(MODEL)
    draft.version(MODEL, 1, RUN, "Production")
    draft.alias(MODEL, "champion", 1)


def one_each(draft: StoreDraft) -> None:
    two_runs_in_production(draft)
    draft.tag(OTHER, "project", "cards")


def in_the_root(draft: StoreDraft) -> None:
    draft.more["facts"] = ProjectFacts("/srv/credit")


def remote(draft: StoreDraft) -> None:
    draft.change(RUN, artifact_uri=f"s3://bucket/1/{RUN}/artifacts")


def experiments_of_two_projects(draft: StoreDraft) -> None:
    two_experiments_in_production(draft)
    draft.rows["experiment_tags"].append({"experiment_id": "2", "key": "project", "value": "cards"})


def aliases_of_a_prompt(draft: StoreDraft) -> None:
    empty_model(draft)
    for number, alias in ((1, "champion"), (2, "production")):
        draft.version("a_prompt", number, RUN)
        draft.alias("a_prompt", alias, number)


def alias_of_a_deleted_version(draft: StoreDraft) -> None:
    registered(draft)
    draft.version(MODEL, 2, OTHER, "Deleted_Internal")
    draft.alias(MODEL, "champion", 1)
    draft.alias(MODEL, "production", 2)


def study_of_others(draft: StoreDraft) -> None:
    """A parent that has logged nothing itself: its trials have."""
    draft.rows["metrics"] = [r for r in draft.rows["metrics"] if r["run_id"] != RUN]
    draft.rows["params"] = [r for r in draft.rows["params"] if r["run_id"] != RUN]
    draft.without_files(RUN)
    draft.absent("run", RUN)
    draft.tag(OTHER, "mlflow.parentRunId", RUN)


def same_papers(draft: StoreDraft) -> None:
    """Two models from the same features describe them with the same bytes."""
    for run in (RUN, OTHER):
        draft.file(run, "model/bundle/feature_plan.json", size=90_000, sha256="e" * 64)


def loaded_model(draft: StoreDraft) -> None:
    tell(draft, "run", RUN, ModelState.LOADED, "")


def larger_test(draft: StoreDraft) -> None:
    draft.rows["inputs"].append({"run_id": RUN, "dataset_id": f"d{OTHER}", "context": "test"})
    draft.rows["datasets"][1]["digest"] = "another"


def odd_but_finite(draft: StoreDraft) -> None:
    draft.metric(RUN, "cost", 1.7e308)


def deleted_version(draft: StoreDraft) -> None:
    registered(draft)
    draft.version(MODEL, 2, "f" * 32, "Deleted_Internal")


def prompt_alone(draft: StoreDraft) -> None:
    empty_model(draft)
    draft.version(MODEL, 1, RUN)


def parent_alive(draft: StoreDraft) -> None:
    draft.tag(RUN, "mlflow.parentRunId", OTHER)


def another_cost(draft: StoreDraft) -> None:
    several_optima(draft)
    draft.param(OTHER, "cost_fn", "99")


def deleted_run_is_odd(draft: StoreDraft) -> None:
    odd_names(draft)
    running(draft)
    pickle(draft)
    for run in (RUN, OTHER):
        draft.change(run, lifecycle_stage="deleted")


def failed_early(draft: StoreDraft) -> None:
    """A run that failed never got as far as figures."""
    draft.change(RUN, status="FAILED")
    draft.tag(RUN, "failure", "out of memory")
    for table in ("metrics", "params"):
        draft.rows[table] = [r for r in draft.rows[table] if r["run_id"] != RUN]
    draft.rows["inputs"] = [r for r in draft.rows["inputs"] if r["run_id"] != RUN]
    draft.without_files(RUN)
    draft.absent("run", RUN)


def far_away(draft: StoreDraft) -> None:
    """What lies where nobody can look is not called missing."""
    remote(draft)
    draft.without_files(RUN)
    draft.missing.append({"owner": "run", "owner_id": RUN, "address": "s3://x", "reason": "remote"})


def seven_folds(draft: StoreDraft) -> None:
    draft.tag(RUN, "validation", "7-fold CV")
    draft.tag(RUN, "git_commit", "8d1c8f30d1c5a8ed dirty")


def short_note(draft: StoreDraft) -> None:
    draft.tag(RUN, "mlflow.note.content", " x ")


def trial_names(draft: StoreDraft) -> None:
    draft.change(RUN, name="tune_trial_0007")
    draft.change(OTHER, name="production_lightgbm_189features")


def fresh_store(draft: StoreDraft) -> None:
    """MLflow makes Default by itself; nothing has to be in it."""
    draft.experiment("0", "Default")


def two_folds(draft: StoreDraft) -> None:
    draft.metric(RUN, "fold_ks", 0.3, points=2)


def same_figures(draft: StoreDraft) -> None:
    """Equal figures of other parameters are no copy."""
    copied(draft)
    draft.param(OTHER, "num_leaves", "other")


def empty_marker(draft: StoreDraft) -> None:
    draft.file(RUN, "code/__init__.py", size=0)


def named_like_a_pickle(draft: StoreDraft) -> None:
    draft.file(RUN, "pickle.txt")
    draft.file(RUN, "plots/pkl/roc.png")


@pytest.mark.parametrize(
    ("code", "spare"),
    [
        *[(f"CONV-{n:03d}", failed_early) for n in (3, 4, 6, 7, 8, 10)],
        *[(code, far_away) for code in ("CONV-006", "CONV-007", "RUN-003", "RUN-004")],
        ("CONV-001", trial_names),
        ("CONV-002", fresh_store),
        ("CONV-005", seven_folds),
        ("CONV-009", short_note),
        ("CONV-010", two_folds),
        ("RUN-005", same_figures),
        ("FILE-004", empty_marker),
        ("FILE-005", named_like_a_pickle),
        ("STORE-001", in_the_root),
        ("STORE-003", in_the_root),
        ("RUN-007", experiments_of_two_projects),
        ("RUN-007", aliases_of_a_prompt),
        ("RUN-007", alias_of_a_deleted_version),
        *[(code, study_of_others) for code in ("RUN-004", "CONV-003", "CONV-004", "CONV-007")],
        ("MODEL-004", loaded_model),
        ("MODEL-008", loaded_model),
        ("MODEL-004", pickled_model),
        ("MODEL-008", cut_model),
        ("RUN-013", larger_test),
        ("RUN-008", odd_but_finite),
        ("MODEL-001", deleted_version),
        ("MODEL-002", deleted_version),
        ("MODEL-005", one_champion),
        ("MODEL-006", prompt_alone),
        ("MODEL-007", prompt_alone),
        ("RUN-006", parent_alive),
        ("RUN-014", another_cost),
        ("RUN-009", one_champion),
        ("FILE-001", equal_files),
        *[(c, deleted_run_is_odd) for c in ("CONV-001", "RUN-001", "FILE-005", "FILE-004")],
        ("RUN-002", ended_with_a_reason),
        ("RUN-001", just_begun),
        ("FILE-002", linked_files),
        ("RUN-007", one_champion),
        ("RUN-007", one_each),
        ("MODEL-003", aliased_stage),
        ("STORE-004", in_the_root),
        ("STORE-002", remote),
        ("RUN-005", several_optima),
        ("RUN-014", copied),
        ("RUN-003", nothing_logged),
        ("RUN-004", lost_folder),
    ],
)
def test_what_looks_like_a_fault_and_is_none(
    code: str, spare: Callable[[StoreDraft], None]
) -> None:
    draft = StoreDraft.perfect(2)
    spare(draft)
    assert code not in findings(draft)


def test_every_rule_has_a_near_miss() -> None:
    marks = test_what_looks_like_a_fault_and_is_none.pytestmark  # type: ignore[attr-defined]
    spared = {code for code, _ in marks[0].args[1]}
    # Figures are spared in `test_figures`, findings of readers by their own tests.
    elsewhere = {"RUN-010", "RUN-011", "RUN-012", "STORE-099"}
    readers = {f"STORE-{n:03d}" for n in range(20, 31)}
    assert spared | elsewhere | readers == CHECKS.keys()


def test_what_a_reader_found_is_told_once() -> None:
    draft = StoreDraft.perfect(1)
    draft.more["findings"] = (Finding("STORE-025", "warning", "x", "Something.", ""),)
    assert findings(draft).keys() == {"STORE-025"}
    draft.more["findings"] = (Finding("FILE-003", "warning", "x", "Something.", ""),)
    assert findings(draft).keys() == {"STORE-099"}


def test_small_and_unproved_copies_are_notes() -> None:
    for spoil in (perhaps_equal_files, _small):
        draft = StoreDraft.perfect(2)
        spoil(draft)
        assert findings(draft)["FILE-002"].severity == "info"


def test_papers_of_models_are_notes_and_models_are_not() -> None:
    draft = StoreDraft.perfect(2)
    same_papers(draft)
    assert findings(draft)["FILE-002"].severity == "info"
    for run in (RUN, OTHER):
        draft.file(run, "model/bundle/model.txt", size=90_000, sha256="d" * 64)
    assert findings(draft)["FILE-002"].severity == "warning"


def test_what_is_missing_here_is_no_damage() -> None:
    draft = StoreDraft.perfect(1)
    tell(draft, "model", "m-1", ModelState.LIBRARY, "it needs catboost")
    finding = findings(draft)["MODEL-004"]
    assert finding.severity == "warning"
    assert finding.subjects[0].kind == "logged_model"


def test_an_empty_log_is_a_note() -> None:
    draft = StoreDraft.perfect(1)
    draft.file(RUN, "train.log", size=0)
    assert findings(draft)["FILE-004"].severity == "info"


def _small(draft: StoreDraft) -> None:
    for run in (RUN, OTHER):
        draft.file(run, "conda.yaml", size=200, sha256="e" * 64)


def test_a_run_and_its_logged_model_may_hold_the_same() -> None:
    draft = StoreDraft.perfect(2)
    draft.rows["logged_models"].append({"model_id": "m-1", "source_run_id": RUN})
    draft.file(RUN, "bundle/model.txt", size=9000, sha256="e" * 64)
    draft.file("m-1", "bundle/model.txt", owner="model", size=9000, sha256="e" * 64)
    assert findings(draft)["FILE-002"].severity == "info"
    draft.file(RUN, "copy/model.txt", size=9000, sha256="e" * 64)
    assert findings(draft)["FILE-002"].severity == "warning"
