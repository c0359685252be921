"""Training: repeatable, honest, complete, and nothing left behind when it fails."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from tests.fakes.bundles import OtherBundlesProver, RefusingProver
from tests.fakes.learners import FailingFit, Memoriser, OnlyLearner
from tests.fakes.machine import BrokenCharts
from tests.fakes.run_log import MemoryRunLog
from tests.fakes.tables import MemoryReader
from tests.fakes.training import SMALL_TREES, MakeWorld, World, loans, settings

from scorewright.adapters.learners import Learners
from scorewright.core.conventions import missing
from scorewright.core.errors import FindingsError, ScorewrightError, UsageError
from scorewright.flows.events import StageDone, StageStarted, StepDone
from scorewright.flows.ports import FitTask
from scorewright.flows.train import TrainResult

STAGES = [
    "data", "folds", "leakage", "validate", "calibrate", "threshold", "refit", "log", "bundle",
]  # fmt: skip


def predictions(world: World) -> pl.DataFrame:
    """Read the out-of-fold predictions back from the run."""
    return pl.read_parquet(io.BytesIO(world.run.files["predictions.parquet"]))


def repeatable(result: TrainResult) -> dict[str, float]:
    """Return every figure but the time it took."""
    return {k: v for k, v in result.metrics.items() if k != "training_seconds"}


@pytest.mark.parametrize("learner", ["lgbm", "logistic"])
def test_the_same_data_settings_and_seed_give_the_same_figures_and_bytes(
    world: MakeWorld, learner: str
) -> None:
    # Given two trainings that share nothing but their inputs
    params = SMALL_TREES if learner == "lgbm" else {}
    chosen = settings(learner={"name": learner, "params": params})
    first, second = world(), world()
    # When
    one, two = first.train(chosen), second.train(chosen)
    # Then
    assert repeatable(one) == repeatable(two)
    assert one.bundle.scoring_files() == two.bundle.scoring_files()
    assert one.bundle.model_digest == two.bundle.model_digest
    assert first.run.histories == second.run.histories
    assert first.run.files == second.run.files


def test_another_seed_gives_other_folds(world: MakeWorld) -> None:
    one, two = world(), world()
    first = one.train(settings())
    second = two.train(settings(project={"seed": 7}))
    assert repeatable(first) != repeatable(second)
    assert not predictions(one)["fold"].equals(predictions(two)["fold"])


def test_the_number_of_threads_changes_no_byte(world: MakeWorld) -> None:
    # Given more cells than are fitted with one thread anyway
    frame = loans(9_000)
    quick = {"n_estimators": 5, "num_leaves": 7}
    digests, figures = [], []
    # When
    for threads in (1, 2):
        result = world(frame).train(
            settings(
                project={"threads": threads},
                learner={"params": quick},
                leakage={"shuffle_control": False},
            )
        )
        digests.append(result.bundle.model_files)
        figures.append(repeatable(result))
    # Then
    assert digests[0] == digests[1]
    assert figures[0] == figures[1]


def test_a_learner_that_knows_its_rows_by_heart_is_worth_nothing_out_of_fold(
    world: MakeWorld,
) -> None:
    # Given a learner that is perfect on rows it has seen and ignorant of others
    learner = Memoriser()
    here = world(learners=OnlyLearner(learner))
    # When
    result = here.train(settings(leakage={"shuffle_control": False}))
    # Then no row was scored by a model that had seen it
    rows = predictions(here)
    assert rows["p_raw"].unique().to_list() == [0.5]
    assert here.run.histories["fold_roc_auc"] == [0.5] * 5
    assert result.metrics["mean_roc_auc"] == 0.5
    assert result.metrics["roc_auc"] <= 0.5
    # And its perfection is seen where it belongs: on the rows it was fitted on
    assert result.metrics["train_roc_auc"] == 1.0
    assert result.metrics["roc_auc_gap"] == 0.5
    # And every row was validated exactly once, the deployed model fitted on all
    assert rows["row_key"].n_unique() == rows.height == here.frame.height
    assert learner.fits == [400] * 5 + [500]


def test_threshold_and_calibration_never_see_training_rows(world: MakeWorld) -> None:
    # Given the same learner: on training rows its threshold would cost nothing
    here = world(learners=OnlyLearner(Memoriser()))
    # When
    m = here.train(settings(leakage={"shuffle_control": False})).metrics
    # Then the threshold can do no better than one answer for all
    trivial = min(m["cost_accept_all"], m["cost_reject_all"])
    assert m["business_cost"] == pytest.approx(trivial, rel=0.1)
    # And calibration makes of its ignorance the base rate, not certainty
    assert predictions(here)["p"].to_numpy() == pytest.approx(m["base_rate"], abs=0.02)


def repeated() -> pl.DataFrame:
    """Return applicants with two rows each, equal in everything the model reads."""
    frame = loans(250)
    return pl.concat([frame.with_columns(sex=pl.lit(sex)) for sex in ("f", "m")])


def test_applicants_with_several_rows_stay_in_one_fold(world: MakeWorld) -> None:
    # Given applicants who come twice, and a learner that would know them again
    here = world(repeated(), learners=OnlyLearner(Memoriser()))
    # When
    result = here.train(settings(leakage={"shuffle_control": False}))
    # Then
    assert result.validated.prepared.plan.scheme == "grouped"
    folds = predictions(here).group_by("row_key").agg(pl.col("fold").n_unique())
    assert folds["fold"].unique().to_list() == [1]
    assert result.metrics["mean_roc_auc"] == 0.5


def test_folds_that_split_applicants_are_refused(world: MakeWorld) -> None:
    here = world(repeated())
    with pytest.raises(FindingsError, match="LEAK-004"):
        here.train(settings(validation={"scheme": "stratified", "bootstrap": 20}))
    assert here.run_log.runs == []


def dated(rows: int = 900) -> pl.DataFrame:
    """Return applications of eighteen months, in no order."""
    rng = np.random.default_rng(11)
    days = rng.integers(0, 540, rows)
    return loans(rows).with_columns(
        decided=pl.Series([date(2024, 1, 1) + timedelta(days=int(d)) for d in days])
    )


def test_a_decision_date_keeps_the_newest_rows_out_of_time(world: MakeWorld) -> None:
    # Given decision dates, and folds that are all development
    here = world(dated())
    # When
    result = here.train(settings(data={"decision_date": "decided"}))
    # Then the newest rows are in no fold, and are newer than all others
    prepared = result.validated.prepared
    decided, held_out = prepared.frame["decided"].to_numpy(), prepared.plan.is_oot
    assert decided[held_out].min() > decided[~held_out].max()
    assert 0.1 < held_out.mean() < 0.3
    assert predictions(here).height == int((~held_out).sum())
    keys = set(predictions(here)["row_key"].to_list())
    assert keys.isdisjoint(here.frame["id"].to_numpy()[held_out].tolist())
    # And their figures are logged beside the others, by a model of the development rows alone
    assert here.run.start.tags["validation"] == "out of time"
    y = here.frame["bad"].to_numpy()
    twin = prepared.learner.fit(_task(result))
    raw = twin.predict(prepared.x[held_out])
    auc = roc_auc_score(y[held_out], raw)
    assert here.run.metrics["oot_roc_auc"] == pytest.approx(auc, abs=1e-12)
    wanted = {f"oot_{f}" for f in ("brier", "ks", "cox_slope", "business_cost", "approval_rate")}
    assert wanted <= set(here.run.metrics)


def _task(result: TrainResult) -> FitTask:
    prepared = result.validated.prepared
    rows = ~prepared.plan.is_oot
    return FitTask(prepared.x[rows], prepared.y[rows], prepared.space, prepared.params)


def test_class_weights_are_taken_back_out_of_the_probabilities(world: MakeWorld) -> None:
    # Given weights that bend the scores far from the base rate
    params = {**SMALL_TREES, "class_weight": "balanced"}
    here = world(loans(1_200))
    # When
    m = here.train(settings(learner={"params": params})).metrics
    # Then the PDs mean what they say again
    assert m["mean_pd_before"] > m["base_rate"] + 0.1
    assert m["mean_pd"] == pytest.approx(m["base_rate"], abs=0.01)
    assert m["brier_before"] > m["brier"]
    assert abs(m["cox_intercept"]) < abs(m["cox_intercept_before"])
    assert here.run.start.tags["sampling_strategy"] == "balanced"
    # And what is deployed corrects in the same way
    mean = here.scores().mean()
    assert mean == pytest.approx(m["base_rate"], abs=0.03)


def test_the_deployed_correction_is_that_of_the_model_fitted_on_all_rows(world: MakeWorld) -> None:
    # Given weights, and newer loans that default far more often than the older ones
    frame = loans(2_400)
    order = frame["bad"].to_numpy() == 1
    rank = np.argsort(np.argsort(order + np.random.default_rng(1).random(len(order)) * 1.6))
    days = [date(2024, 1, 1) + timedelta(days=int(r) // 6) for r in rank]
    dated = frame.with_columns(pl.Series("decided", days))
    chosen = settings(
        data={"decision_date": "decided"},
        learner={"name": "logistic", "params": {"class_weight": "balanced"}},
        leakage={"shuffle_control": False},
    )
    here = world(dated)
    # When
    m = here.train(chosen).metrics
    # Then the deployed PDs mean what happened over all rows, not over the older ones
    overall = float(frame["bad"].to_numpy().mean())
    assert m["base_rate"] < 0.6 * overall
    assert here.scores().mean() == pytest.approx(overall, rel=0.25)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"learners": OnlyLearner(FailingFit(good_fits=3))}, "refused"),
        ({"learners": OnlyLearner(FailingFit(good_fits=5))}, "refused"),
        ({"charts": BrokenCharts()}, "no"),
        ({"prover": RefusingProver()}, "died"),
        ({"run_log": None}, "full"),
    ],
    ids=["a fold", "the refit", "a chart", "the proof", "the model"],
)
def test_a_failure_ends_the_run_and_deploys_nothing(
    world: MakeWorld, broken: dict[str, Any], message: str
) -> None:
    # Given a project with a deployed bundle
    here = world()
    before = here.train(settings(leakage={"shuffle_control": False}))
    deployed = here.bundles.active
    # When the next training fails inside a stage
    log = MemoryRunLog(here.journal, refuses_models=message == "full")
    with pytest.raises(ScorewrightError, match=message):
        here.train(settings(leakage={"shuffle_control": False}), **(broken | {"run_log": log}))
    # Then its run says so, and the deployed bundle stays
    (run,) = log.runs
    assert (run.status, run.reason) == ("FAILED", message)
    assert here.bundles.active is deployed
    assert deployed is not None
    assert deployed.bundle == before.bundle_digest
    # And no policy was signed for a model that is nowhere
    assert here.policies == [before.policy]


def test_a_store_that_cannot_be_used_is_found_out_before_anything_is_read(
    world: MakeWorld,
) -> None:
    # Given a key that is not trusted
    here = world()
    here.bundles.trouble = ScorewrightError("revoked", remedy="r", code="key-untrusted")
    # When training is tried, on a table that is not there either
    with pytest.raises(ScorewrightError, match="revoked"):
        here.train(settings(), reader=MemoryReader({}))
    # Then no stage and no run began
    assert here.events == []
    assert here.journal == []


def test_a_bundle_that_was_exchanged_before_its_proof_is_not_deployed(world: MakeWorld) -> None:
    here = world()
    with pytest.raises(ScorewrightError) as caught:
        here.train(settings(leakage={"shuffle_control": False}), prover=OtherBundlesProver())
    assert caught.value.code == "bundle-digest"
    assert here.bundles.active is None
    assert here.policies == []


def test_a_leak_stops_before_a_run_is_started(world: MakeWorld) -> None:
    # Given a column known only after the outcome
    here = world(loans().with_columns(recoveries=pl.col("bad") * 120.0))
    # When
    with pytest.raises(FindingsError) as caught:
        here.train(settings())
    # Then
    assert caught.value.code == "leakage-findings"
    assert "recoveries" in caught.value.message
    assert here.run_log.runs == []
    assert here.journal == []


def test_rows_that_break_the_contract_stop_before_a_run_is_started(world: MakeWorld) -> None:
    here = world()
    here.train(settings(leakage={"shuffle_control": False}))
    here.frame = here.frame.with_columns(job=pl.lit(None, dtype=pl.String))
    again = World(here.frame, here.conventions)
    with pytest.raises(FindingsError) as caught:
        again.train(settings(), contracts=here.tools.contracts)
    assert caught.value.code == "data-findings"
    assert again.run_log.runs == []


def test_wrong_signs_are_refused_before_the_data_are_learned(world: MakeWorld) -> None:
    here = world()
    with pytest.raises(UsageError) as caught:
        here.train(settings(learner={"monotone": {"incom": -1}}))
    assert caught.value.code == "monotone-unknown"
    assert here.run_log.runs == []


def test_an_accepted_leak_is_told_with_its_reason(world: MakeWorld) -> None:
    # Given an honest column that is too good, and somebody who answers for it
    rng = np.random.default_rng(1)
    strong = loans().with_columns(score=pl.col("bad") * 1.8 + rng.normal(size=500))
    reason = "the bureau's own score, known at the decision"
    accept = [{"code": "LEAK-002", "column": "score", "reason": reason}]
    here = world(strong)
    # When
    here.train(settings(leakage={"accept": accept, "shuffle_control": False}))
    # Then the run names it
    assert reason in here.run.start.description
    metadata = json.loads(here.run.files["model_metadata.json"])
    assert metadata["accepted_findings"] == accept


def test_a_run_lacks_nothing_of_the_conventions(world: MakeWorld) -> None:
    here = world()
    here.train(settings())
    assert missing(here.run.record(), here.conventions) == []
    assert here.run.status == "FINISHED"
    (data,) = here.run.inputs
    assert (data.role, len(data.digest)) == ("training", 64)


#: Learners made of others say of which.
COMPOSED = {
    "ensemble": {"members": ["logistic", "woe"]},
    "selected": {"learner": "logistic", "method": "correlation"},
}


@pytest.mark.parametrize("name", Learners().names())
def test_every_learner_makes_a_complete_run(world: MakeWorld, name: str) -> None:
    here = world()
    here.train(settings(learner={"name": name, "params": COMPOSED.get(name, {})}))
    assert missing(here.run.record(), here.conventions) == []


def test_stages_begin_and_end_in_order(world: MakeWorld) -> None:
    # Given, when
    here = world()
    here.train(settings())
    # Then each stage ends before the next begins, and the folds are counted
    said = [e for e in here.events if isinstance(e, StageStarted | StageDone)]
    assert [e.stage for e in said if isinstance(e, StageStarted)] == STAGES
    assert [(type(e), e.stage) for e in said] == [
        (kind, stage) for stage in STAGES for kind in (StageStarted, StageDone)
    ]
    steps = [e.done for e in here.events if isinstance(e, StepDone) and e.stage == "validate"]
    assert steps == [1, 2, 3, 4, 5]


def test_the_bundle_is_proved_before_it_becomes_current_and_that_comes_last(
    world: MakeWorld,
) -> None:
    here = world()
    here.train(settings())
    assert here.journal == [
        "run started", "bundle published", "bundle verified", "bundle proved",
        "model logged", "policy published", "activated", "run FINISHED",
    ]  # fmt: skip
