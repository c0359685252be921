"""Every rule: a store that breaks it, and what it says. Perfect stores break none."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib import resources

import pytest
from tests.fakes.audited_stores import BEGIN, ROOT, StoreDraft, findings, rule_book

from scorewright.core.audit import ProjectFacts
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
    draft.file(RUN, "run.log", size=0)
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
    ("RUN-007", two_experiments_in_production, "all claim to be the production experiment"),
    ("RUN-008", not_a_number, "ks = NaN, gini = NaN, brier = -infinity, log_loss = infinity"),
    ("RUN-009", production_without_model, "stage = production"),
    ("RUN-009", champion_without_model, "alias champion of credit_scoring_lgbm"),
    ("RUN-013", both_roles, "data set 3f2a9c is both test and training"),
    ("RUN-014", several_optima, "thresholds 0.48, 0.5"),
    ("FILE-001", nobodys_files, "1/x/artifacts: 2 files, 10 bytes"),
    ("FILE-002", equal_files, "data.bin: 2 times the same bytes, 9,000 bytes could be freed"),
    ("FILE-002", equal_folders, "folders with the same files: model_a, model_b, 20 bytes"),
    ("FILE-002", perhaps_equal_files, "the same name and size, contents not compared"),
    ("FILE-004", empty_file, "run.log"),
    ("FILE-005", pickle, "model/model.PKL and 1 more"),
    ("MODEL-001", version_of_a_missing_run, "its run ffffffff is missing"),
    ("MODEL-001", version_of_a_deleted_run, "its run 00000000 is deleted"),
    ("MODEL-002", version_without_files, f"{MODEL}/1: no "),
    ("MODEL-003", staged, "stage Staging"),
    ("MODEL-004", broken_model, "No module named 'old'"),
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


@pytest.mark.parametrize(
    ("code", "spare"),
    [
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


def test_small_and_unproved_copies_are_notes() -> None:
    for spoil in (perhaps_equal_files, _small):
        draft = StoreDraft.perfect(2)
        spoil(draft)
        assert findings(draft)["FILE-002"].severity == "info"


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
