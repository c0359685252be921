"""The matrix is run: complete runs, none twice, whatever failed or was interrupted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from tests.fakes.experiments import FewLearners, FragileLearner, Lab, matrix_settings
from tests.fakes.machine import NoCharts
from tests.fakes.training import MakeWorld, loans

from scorewright.core.conventions import missing
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.matrix import FeatureSpace
from scorewright.core.report import ReportContent
from scorewright.flows.events import StageDone, StageStarted, StepDone
from scorewright.flows.experiment import COLUMNS, list_experiment, matrix_of, run_experiment
from scorewright.flows.experiment.rows import cell_digest, shared_rows, view_of
from scorewright.flows.experiment_report import COLUMNS as REPORTED
from scorewright.flows.experiment_report import ReportTools, experiment_report
from scorewright.flows.train import train

FOUR = {
    "strategies": ["baseline", "domain"],
    "sampling": ["none", "undersample"],
    "learners": ["logistic"],
}


class Blank:
    """A `ReportRenderer` for tests that do not look at the page."""

    def render(self, content: ReportContent) -> str:
        return content.title


@pytest.fixture
def lab(world: MakeWorld) -> Lab:
    return Lab(world(loans(400)))


def fragile_lab(world: MakeWorld, learner: FragileLearner) -> Lab:
    """A laboratory whose learner fails on matrices of some width."""
    return Lab(world(loans(400), learners=FewLearners({"fragile": learner})))


def test_every_cell_is_one_complete_run_below_one_parent(lab: Lab) -> None:
    result = lab.run(matrix_settings(FOUR))

    assert result.exit_code == 0
    (parent,) = lab.parents
    assert (parent.start.name, parent.status) == ("matrix_cv_4cells", "FINISHED")
    assert [run.start.name for run in lab.cells] == [
        "exp01_cv_baseline_none",
        "exp02_cv_baseline_undersample",
        "exp03_cv_domain_none",
        "exp04_cv_domain_undersample",
    ]
    for run in lab.cells:
        assert run.status == "FINISHED"
        assert run.start.parent == parent.run_id
        assert run.start.experiment == "demo_feature_engineering_cv"
        assert missing(run.record(), lab.train.conventions) == []
    tags = [
        (r.start.tags["feature_strategy"], r.start.tags["sampling_strategy"]) for r in lab.cells
    ]
    assert tags == [
        ("baseline", "none"),
        ("baseline", "undersample"),
        ("domain", "none"),
        ("domain", "undersample"),
    ]
    assert parent.metrics["cells_finished"] == 4
    assert parent.metrics["best_roc_auc"] == max(r.metrics["roc_auc"] for r in lab.cells)


def test_a_cell_holds_its_own_features_and_no_others(lab: Lab) -> None:
    lab.run(matrix_settings({**FOUR, "strategies": ["baseline", "domain", "polynomial"]}))

    inputs = {r.start.tags["feature_strategy"]: r.params["n_features"] for r in lab.cells}
    assert inputs == {"baseline": 3, "domain": 5, "polynomial": 6}
    for manifest, files in lab.scratch_bundles.files.values():
        names = {f["name"] for f in json.loads(files["features.json"])["features"]}
        contract = {c["name"] for c in json.loads(files["contract.json"])["columns"]}
        assert names <= contract
        assert ("poly_debt_x_debt" in contract) == ("poly_debt_x_debt" in names)
        assert ("feature_plan.json" in files) == (len(names) > 3)
        assert manifest.learner == "logistic"


def test_a_cell_is_the_training_with_the_same_settings(lab: Lab) -> None:
    # Given a cell
    lab.run(matrix_settings({"strategies": ["domain"], "sampling": ["undersample"],
                             "learners": ["logistic"]}))  # fmt: skip
    (cell,) = lab.cells
    # When the same is trained by itself
    alone = matrix_settings({}, learner={"name": "logistic", "sampling": "undersample"})
    tools = replace(lab.train, bundles=lab.scratch_bundles)
    result = train(alone, lab.source, tools)
    # Then
    run = next(r for r in lab.world.run_log.runs if r.run_id == result.run_id)
    same = {k: v for k, v in cell.metrics.items() if k != "training_seconds"}
    assert {k: v for k, v in run.metrics.items() if k != "training_seconds"} == same
    assert run.start.tags["data_version"] == cell.start.tags["data_version"]
    assert run.files["predictions.parquet"] == cell.files["predictions.parquet"]


def test_what_is_done_is_not_done_again(lab: Lab) -> None:
    first = lab.run(matrix_settings(FOUR))
    before = list(lab.world.journal)

    again = lab.run(matrix_settings(FOUR))

    assert len(lab.cells) == 4
    assert len(lab.parents) == 1
    assert lab.parents[0].status == "FINISHED"
    assert [c.run_id for c in again.cells] == [c.run_id for c in first.cells]
    assert [c.is_new for c in first.cells] == [True] * 4
    assert [c.is_new for c in again.cells] == [False] * 4
    assert "bundle published" not in lab.world.journal[len(before) :]


def test_cells_of_an_earlier_matrix_are_taken_over_and_told_of(lab: Lab) -> None:
    lab.run(matrix_settings(FOUR))
    wider = {**FOUR, "strategies": ["baseline", "domain", "polynomial"]}

    result = lab.run(matrix_settings(wider))

    assert len(lab.cells) == 6
    small, large = lab.parents
    assert [c.is_new for c in result.cells] == [False] * 4 + [True] * 2
    assert {r.start.parent for r in lab.cells[:4]} == {small.run_id}
    assert {r.start.parent for r in lab.cells[4:]} == {large.run_id}
    listed = json.loads(large.files["cells.json"])["cells"]
    assert [c["run_id"] for c in listed] == [r.run_id for r in lab.cells]
    assert [c["reused"] for c in listed] == [True] * 4 + [False] * 2
    assert pl.read_csv(large.files["cells.csv"]).height == 6


def test_other_settings_make_other_cells(lab: Lab) -> None:
    lab.run(matrix_settings(FOUR))
    lab.run(matrix_settings(FOUR, costs={"false_negative": 5.0}))

    assert len(lab.cells) == 8
    assert len(lab.parents) == 2


def test_what_an_interruption_left_behind_is_cleared_away_and_done_anew(lab: Lab) -> None:
    # Given a process that died in its third cell
    first = lab.run(matrix_settings(FOUR))
    lab.parents[0].status = "RUNNING"
    dead = lab.cells[2]
    dead.status = "RUNNING"
    # When
    again = lab.run(matrix_settings(FOUR))
    # Then
    assert [r.status for r in lab.cells] == ["FINISHED"] * 4
    assert [(r.run_id, r.status) for r in lab.world.run_log.bin] == [(dead.run_id, "KILLED")]
    assert [c.is_new for c in again.cells] == [False, False, True, False]
    assert again.cells[2].figures["roc_auc"] == first.cells[2].figures["roc_auc"]
    assert [r.status for r in lab.parents] == ["FINISHED"]
    assert again.run_id == first.run_id


def test_a_cell_that_fails_stops_none_of_the_others(world: MakeWorld) -> None:
    # Given a learner that fails on five columns, those of domain
    learner = FragileLearner(
        columns=5, error=UsageError("too wide", remedy="narrow it", code="learner-params")
    )
    lab = fragile_lab(world, learner)
    chosen = matrix_settings({**FOUR, "learners": ["fragile"], "sampling": ["none"],
                              "strategies": ["domain", "baseline"]})  # fmt: skip
    # When
    result = lab.run(chosen)
    # Then
    assert result.exit_code == 3
    assert [c.name for c in result.cells] == ["exp02_cv_baseline_none"]
    (failure,) = result.failures
    assert (failure.name, failure.error.code) == ("exp01_cv_domain_none", "learner-params")
    assert [(r.start.name, r.status) for r in lab.cells] == [
        ("exp01_cv_domain_none", "FAILED"),
        ("exp02_cv_baseline_none", "FINISHED"),
    ]
    assert lab.parents[0].status == "FAILED"
    assert "exp01_cv_domain_none" in lab.parents[0].reason
    assert json.loads(json.dumps(result.to_dict()))["failures"][0]["error"]["code"]
    # When it is mended
    learner.error = None
    again = lab.run(chosen)
    # Then only that cell was repeated
    assert again.exit_code == 0
    assert [c.is_new for c in again.cells] == [True, False]
    assert sorted(r.start.name for r in lab.cells) == [
        "exp01_cv_domain_none",
        "exp02_cv_baseline_none",
    ]
    assert lab.parents[0].status == "FINISHED"


def test_an_interrupt_ends_cell_and_parent_as_killed(world: MakeWorld) -> None:
    learner = FragileLearner(columns=5, error=KeyboardInterrupt())
    lab = fragile_lab(world, learner)
    chosen = matrix_settings({**FOUR, "learners": ["fragile"]})

    with pytest.raises(KeyboardInterrupt):
        lab.run(chosen)

    assert [r.status for r in lab.cells] == ["FINISHED", "FINISHED", "KILLED"]
    assert lab.parents[0].status == "KILLED"
    assert lab.locks.taken == set()
    learner.error = None
    assert [c.is_new for c in lab.run(chosen).cells] == [False, False, True, True]


def test_a_store_that_fails_ends_the_matrix(world: MakeWorld) -> None:
    learner = FragileLearner(
        columns=5, error=ScorewrightError("full", remedy="r", code="store-write-failed")
    )
    lab = fragile_lab(world, learner)

    with pytest.raises(ScorewrightError) as caught:
        lab.run(matrix_settings({**FOUR, "learners": ["fragile"]}))

    assert caught.value.code == "store-write-failed"
    assert [r.status for r in lab.cells] == ["FINISHED", "FINISHED", "FAILED"]


def test_a_second_process_is_refused(lab: Lab) -> None:
    lab.locks.taken.add("demo_feature_engineering_cv")

    with pytest.raises(ScorewrightError) as caught:
        lab.run(matrix_settings(FOUR))

    assert caught.value.code == "experiment-busy"
    assert lab.world.run_log.runs == []


def test_keys_are_looked_at_before_any_work(lab: Lab) -> None:
    lab.world.bundles.trouble = ScorewrightError("no key", remedy="r", code="key-invalid")

    with pytest.raises(ScorewrightError, match="no key"):
        lab.run(matrix_settings(FOUR))

    assert lab.world.events == []


def test_a_purpose_nobody_knows_is_refused_before_any_work(lab: Lab) -> None:
    with pytest.raises(UsageError) as caught:
        lab.run(matrix_settings({**FOUR, "purpose": "playing_about"}))

    assert caught.value.code == "experiment-purpose"
    assert "feature_engineering_cv" in caught.value.remedy
    assert lab.world.events == []


def test_the_projects_own_bundles_are_left_alone(lab: Lab) -> None:
    lab.run(matrix_settings(FOUR))

    assert lab.world.bundles.files == {}
    assert lab.world.bundles.active is None
    assert lab.world.journal.count("scratch gone") == 4


def test_what_a_run_in_the_store_lacks_is_found(lab: Lab) -> None:
    # Given a finished cell that somebody took a picture from
    chosen = matrix_settings(FOUR)
    lab.run(chosen)
    del lab.cells[1].files["roc_curve.png"]
    del lab.cells[1].histories["fold_ks"]
    # When
    result = lab.run(chosen)
    # Then
    assert result.exit_code == 1
    assert {(f.code, f.subject) for f in result.findings} == {
        ("CONV-006", "exp02_cv_baseline_undersample"),
        ("CONV-010", "exp02_cv_baseline_undersample"),
    }
    assert lab.parents[0].metrics["findings"] == 2


def test_progress_names_the_cells_and_the_time_left(lab: Lab) -> None:
    chosen = matrix_settings({**FOUR, "sampling": ["none"]})
    lab.run(chosen)
    lab.world.events.clear()

    lab.run(matrix_settings(FOUR))

    events = [e for e in lab.world.events if getattr(e, "stage", "") == "experiment"]
    assert events[0] == StageStarted("experiment", 4)
    told = [e for e in events if isinstance(e, StepDone)]
    steps = [s for s in told if ", fold " not in s.detail]
    assert [s.done for s in steps] == [1, 2, 3, 4]
    assert [s.detail.partition(",")[0] for s in steps] == [
        "exp01_cv_baseline_none",
        "exp03_cv_domain_none",
        "exp02_cv_baseline_undersample",
        "exp04_cv_domain_undersample",
    ]
    assert steps[2].detail.endswith("left")
    assert steps[3].detail == "exp04_cv_domain_undersample"
    assert events[-1] == StageDone("experiment", "2 cells done, 2 were done before")


def test_progress_is_told_inside_a_cell(lab: Lab) -> None:
    lab.run(matrix_settings({**FOUR, "strategies": ["baseline"]}))

    told = [e for e in lab.world.events if isinstance(e, StepDone) and e.stage == "experiment"]
    first = "exp01_cv_baseline_none"
    assert [(s.done, s.detail) for s in told[:3]] == [
        (0, f"{first}, fold 1 of 3"),
        (0, f"{first}, fold 2 of 3"),
        (0, f"{first}, fold 3 of 3"),
    ]
    assert (told[3].done, told[3].detail.partition(",")[0]) == (1, first)
    assert told[4].done == 1
    assert told[4].detail.startswith("exp02_cv_baseline_undersample, fold 1 of 3, ")
    assert told[4].detail.endswith("left")


def test_another_version_or_other_categories_make_the_cell_anew(lab: Lab) -> None:
    chosen = matrix_settings({**FOUR, "strategies": ["baseline"], "sampling": ["none"]})
    (first,) = lab.run(chosen).cells
    # Given another version of the engine
    newer = {**lab.train.library_versions, "scorewright": "99.0"}
    updated = replace(lab.tools, train=replace(lab.train, library_versions=newer))
    assert list_experiment(chosen, updated).finished == 0
    (second,) = run_experiment(chosen, lab.source, updated).cells
    # Then the cell is done again, and once
    assert second.is_new
    assert second.digest != first.digest
    (third,) = run_experiment(chosen, lab.source, updated).cells
    assert (third.is_new, third.run_id) == (False, second.run_id)


def test_the_identity_of_a_cell_holds_the_categories(lab: Lab) -> None:
    # Given what a strategy sees, and the same rows with one more level of a category
    chosen = matrix_settings({**FOUR, "strategies": ["baseline"], "sampling": ["none"]})
    matrix = matrix_of(chosen, lab.tools)
    shared = shared_rows(chosen, lab.source, matrix, lab.train)
    view = view_of(shared, matrix.strategies[0])
    *before, job = sorted(view.space.features, key=lambda f: len(f.categories))
    assert job.categories == ("fixed", "freelance", "none")
    wider = replace(job, categories=(*job.categories, "retired"))
    turned = replace(job, categories=job.categories[::-1])
    # Then each is another cell
    digests = {
        cell_digest(matrix.cells[0], replace(view, space=FeatureSpace((*before, one))), "folds")
        for one in (job, wider, turned)
    }
    assert len(digests) == 3


def test_the_figures_are_those_of_the_report(lab: Lab) -> None:
    chosen = matrix_settings(FOUR, validation={"folds": 3, "repeats": 2})
    result = lab.run(chosen)
    # When the matrix is reported
    tools = ReportTools(
        lab.world.run_log, lab.world.run_log, NoCharts(), Blank(), lab.world.events.append
    )
    report = experiment_report(chosen, tools)
    # Then both show the same AUC and the same cost of every cell
    shown = {
        row[0].partition(" ")[2]: (row[COLUMNS.index("AUC")], row[COLUMNS.index("cost")])
        for row in result.table()
    }
    assert len(shown) == 4
    assert shown == {
        row[1]: (row[REPORTED.index("AUC")], row[REPORTED.index("cost")]) for row in report.table()
    }
    told = {c["name"]: c for c in report.to_dict()["cells"]}
    for cell in result.cells:
        for name in ("auc_within_folds", "auc_within_folds_low", "cost_per_application"):
            assert cell.figures[name] == pytest.approx(told[cell.name][name], abs=1e-12)


def test_features_that_were_dropped_are_not_counted(lab: Lab) -> None:
    # Given a selection that drops one of two columns that say the same
    chosen = matrix_settings(
        {
            "strategies": ["domain", "chosen"],
            "learners": ["logistic"],
            "selections": {"chosen": {"of": "domain", "method": "correlation",
                                      "params": {"limit": 0.3}}},
        }
    )  # fmt: skip
    lab.run(chosen)
    plain, selected = lab.cells
    kept = selected.metrics["n_features_kept"]
    assert "n_features_kept" not in plain.metrics
    assert 1 <= kept < selected.params["n_features"] == plain.params["n_features"]
    # Then the report counts what was kept, and tells what was offered
    tools = ReportTools(
        lab.world.run_log, lab.world.run_log, NoCharts(), Blank(), lab.world.events.append
    )
    told = {c["strategy"]: c for c in experiment_report(chosen, tools).to_dict()["cells"]}
    assert (told["chosen"]["features"], told["domain"]["features"]) == (kept, 5)
    assert {c["features_offered"] for c in told.values()} == {5}


def test_the_listing_tells_what_is_done(lab: Lab) -> None:
    lab.run(matrix_settings({**FOUR, "sampling": ["none"]}))

    listing = list_experiment(matrix_settings(FOUR), lab.tools)

    assert listing.finished == 2
    assert [c.status for c in listing.cells] == ["FINISHED", "open", "FINISHED", "open"]
    assert listing.cells[2].run_name == "exp02_cv_domain_none"
    assert listing.to_dict()["declared"] == 4
    other: Any = matrix_settings(FOUR, costs={"false_negative": 5.0})
    assert list_experiment(other, lab.tools).finished == 0


def test_a_project_without_feature_files_has_a_matrix_too(world: MakeWorld) -> None:
    lab = Lab(world(loans(400)), library=None)
    chosen = matrix_settings(
        {"strategies": ["baseline"], "sampling": ["none", "balanced"], "learners": ["logistic"]},
        features={},
    )

    result = lab.run(chosen)

    assert result.exit_code == 0
    assert [c.name for c in result.cells] == [
        "exp01_cv_baseline_none",
        "exp02_cv_baseline_balanced",
    ]
