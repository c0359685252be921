"""The search: governed trials, resumed, pruned, constrained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.training import MakeWorld
from tests.fakes.tuning import Searching, table, tuning_settings

from scorewright.adapters.learners import Learners
from scorewright.core.conventions import missing
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.matrix import FeatureSpace
from scorewright.core.tuning import differences
from scorewright.flows.events import Note, StepDone
from scorewright.flows.ports import FitTask, FittedModel, Learner
from scorewright.flows.tuning.search import plan_search


@pytest.fixture
def searching(world: MakeWorld, tmp_path: Path) -> Searching:
    return Searching(world(table()), tmp_path)


@dataclass
class Troubled:
    """A logistic regression that does something else at its nth fit."""

    trouble: BaseException
    at: frozenset[int]
    fits: int = 0
    inner: Learner = field(default_factory=lambda: Learners().get("logistic"))
    name = "logistic"
    model_type = "logistic"
    supports_monotone = False

    def parameters(self, overrides: Mapping[str, Any], seed: int) -> dict[str, Any]:
        return self.inner.parameters(overrides, seed)

    def weight_ratio(self, params: Mapping[str, Any], y: Any) -> float:
        return self.inner.weight_ratio(params, y)

    def load(self, files: Mapping[str, bytes], space: Any) -> FittedModel:
        return self.inner.load(files, space)

    def fit(self, task: FitTask) -> FittedModel:
        self.fits += 1
        if self.fits in self.at:
            raise self.trouble
        return self.inner.fit(task)


@dataclass
class One:
    """A `LearnerCatalogue` of one."""

    learner: Learner

    def names(self) -> tuple[str, ...]:
        return (self.learner.name,)

    def get(self, name: str) -> Learner:
        return self.learner


def every(n: int) -> frozenset[int]:
    return frozenset(range(1, n))


def test_every_trial_is_a_complete_run_below_the_study(searching: Searching) -> None:
    result = searching.tune(tuning_settings(trials=3))
    # Then
    (parent,) = searching.runs("study")
    assert parent.start.name == "tune_tuning"
    assert parent.status == "FINISHED"
    assert {"study.json", "trials.csv", "tuning_history.png"} <= set(parent.files)
    trials = searching.runs()
    assert [run.start.name for run in trials] == [f"tune_trial_000{n}" for n in range(3)]
    for run in trials:
        assert missing(run.record(), searching.world.conventions) == []
        assert run.start.experiment == "demo_optimization_fbeta"
        assert run.start.parent == parent.run_id
        assert run.metrics["objective"] == run.metrics["roc_auc"]
        assert len(run.histories["fold_objective"]) == 3
    assert [t.run_id for t in result.trials] == [run.run_id for run in trials]
    assert result.is_whole
    best = max(trials, key=lambda run: run.metrics["roc_auc"])
    assert result.leaders.best is not None
    assert result.leaders.best.run_id == best.run_id
    assert result.params == {"C": best.params["C"]}
    said = [e for e in searching.world.events if isinstance(e, StepDone) and e.stage == "tune"]
    assert [e.done for e in said] == [0, 1, 2, 3]
    assert "best roc_auc" in said[-1].detail


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_search_in_two_parts_draws_what_one_in_whole_draws(
    world: MakeWorld, tmp_path: Path, sampler: str
) -> None:
    drawn = []
    for name, parts in (("whole", (4,)), ("parts", (2, 3, 4))):
        searching = Searching(world(table()), tmp_path / name)
        for trials in parts:
            result = searching.tune(tuning_settings(trials=trials, sampler=sampler))
        drawn.append([t.params for t in result.trials])
        assert len(searching.runs("study")) == 1
    assert drawn[0] == drawn[1]
    assert len({p["C"] for p in drawn[0]}) == 4


def test_finished_runs_are_not_computed_again(searching: Searching, tmp_path: Path) -> None:
    first = searching.tune(tuning_settings(trials=2, sampler="random"))
    # When the study is lost, and one run was only half written
    runs = searching.runs()
    runs[1].status = "RUNNING"
    (tmp_path / "study.log").unlink()
    second = searching.tune(tuning_settings(trials=2, sampler="random"))
    # Then the finished one is taken over and the other one is made anew
    assert [t.reused for t in second.trials] == [True, False]
    assert [t.value for t in second.trials] == [t.value for t in first.trials]
    assert second.trials[0].folds == first.trials[0].folds
    assert runs[1] in searching.world.run_log.bin
    assert len(searching.runs()) == 2
    assert {run.status for run in searching.runs()} == {"FINISHED"}


def test_the_same_parameters_make_one_run(searching: Searching) -> None:
    space = {"C": {"choices": [1.0]}}
    result = searching.tune(tuning_settings(trials=3, space=space))
    assert len(searching.runs()) == 1
    assert [t.reused for t in result.trials] == [False, True, True]
    assert len({t.run_id for t in result.trials}) == 1


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupted_search_goes_on(searching: Searching, ending: BaseException) -> None:
    # Given a search that is interrupted in its second trial (three folds and a refit each)
    learner = Troubled(ending, frozenset({6}))
    with pytest.raises(type(ending)):
        searching.tune(tuning_settings(trials=3), learners=One(learner))
    assert [run.status for run in searching.runs()] == ["FINISHED", "KILLED"]
    assert searching.runs("study")[0].status == "KILLED"
    # When it goes on
    result = searching.tune(tuning_settings(trials=3))
    # Then the parameters of the interrupted trial came first, and nothing was lost
    assert [t.state for t in result.trials] == ["complete", "failed", "complete", "complete"]
    assert result.trials[2].params == result.trials[1].params
    assert [run.status for run in searching.runs()] == ["FINISHED", "KILLED", *["FINISHED"] * 2]
    assert searching.runs("study")[0].status == "FINISHED"


def test_a_failed_trial_does_not_stop_the_search(searching: Searching) -> None:
    trouble = ScorewrightError("no luck", remedy="r", code="monotone-violated")
    result = searching.tune(
        tuning_settings(trials=2), learners=One(Troubled(trouble, frozenset({1})))
    )
    assert [t.state for t in result.trials] == ["failed", "complete", "complete"]
    assert result.trials[0].reason == "monotone-violated: no luck"
    assert searching.runs()[0].status == "FAILED"
    assert Note("trial 0 failed: monotone-violated: no luck") in searching.world.events


def test_a_locked_store_is_no_reason_to_lose_parameters(searching: Searching) -> None:
    trouble = ScorewrightError("locked", remedy="r", code="store-locked")
    result = searching.tune(
        tuning_settings(trials=2), learners=One(Troubled(trouble, frozenset({1})))
    )
    assert result.trials[0].params == result.trials[1].params
    assert [t.state for t in result.trials] == ["failed", "complete", "complete"]


def test_a_search_that_only_fails_gives_up(searching: Searching) -> None:
    trouble = ScorewrightError("no luck", remedy="r", code="monotone-violated")
    with pytest.raises(ScorewrightError, match="5 trials in a row failed") as failed:
        searching.tune(tuning_settings(), learners=One(Troubled(trouble, every(100))))
    assert failed.value.code == "tuning-failing"


def test_constraints_decide_what_is_best(searching: Searching) -> None:
    free = searching.tune(tuning_settings(trials=3, study="free"))
    values = sorted(run.metrics["brier"] for run in searching.runs())
    limit = (values[0] + values[1]) / 2
    text = f"brier <= {limit}"
    bound = searching.tune(tuning_settings(trials=3, study="bound", constraints=[text]))
    assert free.leaders.complete == bound.leaders.complete == 3
    assert bound.leaders.broken == {text: 2}
    assert bound.leaders.best is not None
    assert bound.leaders.best.is_feasible
    none = searching.tune(tuning_settings(trials=2, study="none", constraints=["ks >= 0.99"]))
    assert none.leaders.best is None
    assert none.params is None
    assert none.to_dict()["broken_constraints"] == {"ks >= 0.99": 2}


def test_a_protected_group_gives_an_impact_ratio(searching: Searching) -> None:
    group = {"column": "job", "value": "none"}
    searching.tune(tuning_settings(trials=1, protected=group, constraints=["air >= 0.01"]))
    assert 0.0 <= searching.runs()[0].metrics["air"] <= 1000.0
    for wrong in ({"column": "jop", "value": "none"}, {"column": "job", "value": "king"}):
        with pytest.raises(UsageError) as refused:
            searching.tune(tuning_settings(trials=1, study="wrong", protected=wrong))
        assert refused.value.code == "tuning-protected"


def test_sets_come_first_and_alone_where_nothing_is_drawn(searching: Searching) -> None:
    sets = [{"C": 0.5}, {"C": 2.0, "max_iter": 500}]
    mixed = searching.tune(tuning_settings(trials=3, sets=sets))
    assert [t.params.get("C") for t in mixed.trials][:2] == [0.5, 2.0]
    assert searching.runs()[1].params["max_iter"] == 500
    again = searching.tune(tuning_settings(trials=3, sets=sets))
    assert len(again.trials) == 3
    alone = searching.tune(tuning_settings(study="alone", sampler="manual", sets=sets, trials=50))
    assert [dict(t.params) for t in alone.trials] == sets
    assert alone.is_whole


def test_trials_that_are_behind_are_pruned_and_marked(world: MakeWorld, tmp_path: Path) -> None:
    # Given six trials that learn something and one that cannot
    searching = Searching(world(table(600)), tmp_path)
    good = [{"n_estimators": n} for n in range(20, 26)]
    sets = [*good, {"n_estimators": 1, "num_leaves": 2}]
    chosen = tuning_settings({"name": "lgbm"}, sampler="manual", sets=sets, space={})
    chosen = chosen.model_copy(
        update={"validation": chosen.validation.model_copy(update={"folds": 5})}
    )
    result = searching.tune(chosen)
    # Then it was given up after three folds, with what it had
    assert [t.state for t in result.trials] == [*["complete"] * 6, "pruned"]
    run = searching.runs()[6]
    assert run.status == "KILLED"
    assert run.tags["trial_state"] == "pruned"
    assert "Wilcoxon" in run.tags["prune_reason"]
    assert len(run.histories["fold_objective"]) == 3
    assert run.params["num_leaves"] == 2
    assert result.trials[6].folds.keys() == {0, 1, 2}
    # And where pruning is switched off it is not
    tuning = chosen.tuning.model_copy(update={"prune": False, "study": "whole"})
    whole = searching.tune(chosen.model_copy(update={"tuning": tuning}))
    assert [t.state for t in whole.trials] == ["complete"] * 7


def test_a_study_of_something_else_is_refused(searching: Searching) -> None:
    searching.tune(tuning_settings(trials=1))
    for other, part in (
        (tuning_settings(trials=2, objective="cost"), "objective"),
        (tuning_settings({"name": "logistic", "params": {"max_iter": 50}}), "learner.params"),
        (tuning_settings(trials=2, constraints=["ks >= 0.1"]), "constraints"),
    ):
        with pytest.raises(UsageError, match=part) as refused:
            searching.tune(other)
        assert refused.value.code == "tuning-other-study"
        assert refused.value.details == {"differences": [part]}


def written(result: Any, **tuning: Any) -> Any:
    """Return settings that hold the best parameters, as ``tune --write`` leaves them."""
    return tuning_settings({"name": "logistic", "params": dict(result.params)}, **tuning)


def test_a_study_goes_on_when_its_best_parameters_stand_in_the_settings(
    searching: Searching,
) -> None:
    base = {"name": "logistic", "params": {"C": 3.0, "max_iter": 700}}
    first = searching.tune(tuning_settings(base, trials=2))
    assert first.params is not None
    assert first.params["max_iter"] == 700
    # When they are written, and more trials are asked for
    second = searching.tune(written(first, trials=3))
    # Then nothing was done twice, and the trials are those of a search that was never written
    assert [t.run_id for t in second.trials][:2] == [t.run_id for t in first.trials]
    assert len(searching.runs()) == len(second.trials) == 3
    assert second.search.identity == first.search.identity
    # But what no trial sets is still a part of it
    other = {"name": "logistic", "params": {**first.params, "max_iter": 900}}
    with pytest.raises(UsageError, match=r"learner\.params"):
        searching.tune(tuning_settings(other, trials=4))


@pytest.mark.parametrize("sampler", ["manual", "tpe"])
def test_a_trial_remembers_what_it_took_from_the_settings(
    searching: Searching, sampler: str
) -> None:
    # Given a set that names a parameter the others take from the settings
    base = {"name": "logistic", "params": {"max_iter": 700}}
    sets = [{"C": 0.5}, {"C": 2.0, "max_iter": 500}]
    asked: dict[str, Any] = {"sampler": sampler, "sets": sets}
    first = searching.tune(tuning_settings(base, trials=2, **asked))
    assert [t.params for t in first.trials] == [{"C": 0.5, "max_iter": 700}, sets[1]]
    # When the settings say something else of it
    changed = {"name": "logistic", "params": {"max_iter": 600}}
    second = searching.tune(tuning_settings(changed, trials=2, **asked))
    # Then the trials still say what they were made with
    assert [t.params for t in second.trials] == [t.params for t in first.trials]
    assert second.leaders.best is not None
    assert second.params == second.leaders.best.params
    assert [run.params["max_iter"] for run in searching.runs()] == [700, 500]


def test_other_categories_and_other_libraries_make_another_study(
    searching: Searching, world: MakeWorld, tmp_path: Path
) -> None:
    first = searching.tune(tuning_settings(trials=1))
    versions = {**searching.world.tools.library_versions, "numpy": "0.1"}
    with pytest.raises(UsageError, match="versions") as refused:
        searching.tune(tuning_settings(trials=2), library_versions=versions)
    assert refused.value.details == {"differences": ["versions"]}
    # And the digest of each trial follows
    elsewhere = Searching(world(table()), tmp_path / "elsewhere")
    elsewhere.tune(tuning_settings(trials=1), library_versions=versions)
    cell = "scorewright.cell"
    assert elsewhere.runs()[0].start.tags[cell] != searching.runs()[0].start.tags[cell]
    # The same columns with another category
    prepared = first.search.prepared
    features = tuple(
        replace(f, categories=(*f.categories, "new")) if f.is_categorical else f
        for f in prepared.space.features
    )
    other = plan_search(
        prepared.settings,
        replace(prepared, space=FeatureSpace(features)),
        searching.world.tools.library_versions,
    )
    assert differences(first.search.identity, other.identity) == ["features"]


def test_a_purpose_the_conventions_do_not_know_is_refused_before_any_work(
    searching: Searching,
) -> None:
    with pytest.raises(UsageError, match="demo_my_search") as refused:
        searching.tune(tuning_settings(trials=1, purpose="my_search"))
    assert refused.value.code == "tuning-purpose"
    assert "purpose under [tuning]" in refused.value.remedy
    assert "optimization_fbeta" in refused.value.remedy
    assert searching.world.events == []
    assert searching.world.run_log.runs == []


@pytest.mark.parametrize(
    ("learner", "tuning", "code", "said", "section"),
    [
        ("lgbm", {"space": {"colsample_bytree": {"low": 0.2, "high": 1.5}}},
         "tuning-space", "colsample_bytree is a number above 0 to 1", "[tuning.space]"),
        ("lgbm", {"space": {"num_leaves": {"low": 1, "high": 31}}},
         "tuning-space", "num_leaves is a whole number from 2", "[tuning.space]"),
        ("lgbm", {"space": {"num_leafs": {"low": 2, "high": 31}}},
         "learner-params", "[tuning.space]: The learner 'lgbm' has no", "[tuning.space]"),
        ("lgbm", {"space": {}, "sets": [{"num_leafs": 3}]},
         "learner-params", "[[tuning.sets]]: The learner 'lgbm' has no", "[[tuning.sets]]"),
        ("woe", {"space": {"max_n_bins": {"low": 1, "high": 9}}},
         "learner-params", "[tuning.space]: max_n_bins cannot be 1", "In [tuning.space] it is"),
        ("logistic", {"constraints": ["air >= 0.8"]},
         "tuning-constraint", "needs a protected group", "[tuning.protected]"),
    ],
)  # fmt: skip
def test_what_no_trial_could_do_is_refused_before_the_data_are_read(
    searching: Searching, learner: str, tuning: dict[str, Any], code: str, said: str, section: str
) -> None:
    with pytest.raises(UsageError) as refused:
        searching.tune(tuning_settings({"name": learner, "params": {}}, **tuning))
    assert refused.value.code == code
    assert said in refused.value.message
    assert section in refused.value.remedy
    assert "[learner.params]" not in refused.value.remedy
    assert searching.world.events == []


def test_time_that_is_up_leaves_a_study_to_go_on_with(searching: Searching) -> None:
    # The clock of this world moves a second at every look.
    result = searching.tune(tuning_settings(trials=50, timeout_minutes=0.05))
    assert not result.is_whole
    assert 1 <= len(result.trials) < 50
    assert searching.runs("study")[0].status == "FINISHED"


def test_further_processes_are_asked_for_and_missed(searching: Searching) -> None:
    searching.tune(tuning_settings(trials=1, processes=3))
    assert searching.workers.asked == [2]
    assert Note("process 1 ended with code -9; the others go on.") in searching.world.events


def test_nested_validation_scores_the_search_itself(searching: Searching) -> None:
    chosen = tuning_settings(trials=2, nested=2)
    result = searching.tune(chosen)
    # Then
    (run,) = searching.runs("nested")
    assert run.start.name == "tune_nested_2folds"
    assert run.start.tags["validation"] == "nested CV"
    assert missing(run.record(), searching.world.conventions) == []
    nested = result.nested
    assert nested is not None
    assert nested.value == run.metrics["objective"]
    assert result.leaders.best is not None
    best = result.leaders.best.value
    assert best is not None
    assert nested.optimism == pytest.approx(best - nested.value)
    assert len(nested.params) == 2
    assert len(searching.runs()) == 2
    said = [e.detail for e in searching.world.events
            if isinstance(e, StepDone) and e.stage == "tune-nested"]  # fmt: skip
    assert said[0].startswith("outer fold 1 of 2, 0 of 2 trials")
    assert said[-1].startswith("outer fold 2 of 2, 2 of 2 trials")
    # And it is not done twice
    again = searching.tune(chosen)
    assert again.nested is not None
    assert again.nested.to_dict() == nested.to_dict()
    assert len(searching.runs("nested")) == 1
