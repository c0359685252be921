"""Plans from a declaration, on a real database: made, carried out, made again, taken back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.flows.store.messy import MODEL, build_messy, run_id
from tests.flows.store.planning import MOMENT, Planned

from scorewright.core.errors import UsageError
from scorewright.core.plans import unbalanced
from scorewright.core.project import RationaliseSettings
from scorewright.flows.store.plan_structure import wish_of

DELIVERY = "credit_scoring_final_delivery"
OTHER = "credit-scoring-production"
STORY: dict[str, Any] = {
    "merge": {OTHER: DELIVERY},
    "archive": ("credit_scoring_model_selection", "credit_scoring_optimization_fbeta"),
    "delete": ("Test",),
    "tag": {DELIVERY: {"stage": "production"}},
    "describe": {DELIVERY: "What decides on loans."},
    "gather": {f"{DELIVERY}/production_lightgbm_189features": (f"{OTHER}/LightGBM",)},
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_messy(tmp_path_factory.mktemp("messy")).parent


@pytest.fixture
def messy(template: Path, tmp_path: Path) -> Planned:
    shutil.copytree(template, tmp_path / "mlruns")
    return Planned(tmp_path / "mlruns/mlflow.db")


def experiments(store: Planned) -> dict[int, tuple[str, str]]:
    sql = "SELECT experiment_id, name, lifecycle_stage FROM experiments"
    return {number: (name, stage) for number, name, stage in store.ask(sql)}


def test_the_story_ends_in_one_production_experiment(messy: Planned) -> None:
    begin = messy.fingerprint()
    plan = messy.structure(**STORY).plan
    receipt = messy.apply(plan)

    assert experiments(messy) == {
        0: ("Default", "active"),
        1: ("archive_credit_scoring_model_selection", "active"),
        3: ("archive_credit_scoring_optimization_fbeta", "active"),
        4: (DELIVERY, "active"),
        5: (OTHER, "deleted"),
        6: ("Test", "deleted"),
    }
    sql = "SELECT COUNT(*) FROM runs WHERE experiment_id = ? AND lifecycle_stage = ?"
    assert messy.ask(sql, 4, "active") == [(2,)]
    assert messy.ask(sql, 6, "deleted") == [(3,)]
    gone = messy.ask("SELECT DISTINCT deleted_time FROM runs WHERE experiment_id = 6")
    assert gone == [(int(MOMENT.timestamp() * 1000),)]
    for number in range(21):
        tags = messy.tags(run_id(3, number))
        assert (tags["stage"], tags["status"]) == ("archived", "archived")
    said = dict(messy.ask("SELECT key, value FROM experiment_tags WHERE experiment_id = 4"))
    assert said == {"stage": "production", "mlflow.note.content": "What decides on loans."}
    # the balance adds up, and what is not named is told
    assert not unbalanced(plan.balance)
    assert {(line.what, line.found, line.merged) for line in plan.balance[:2]} == {
        ("experiments", 6, 1), ("runs", 31, 1),
    }  # fmt: skip
    assert "Not named, and left as they are: Default (0 runs)." in plan.notes
    # a second plan has nothing to do
    assert messy.structure(**STORY).plan.steps == ()

    messy.undo(receipt)
    assert messy.fingerprint() == begin


def test_a_merge_takes_everything_along(messy: Planned) -> None:
    messy.apply(messy.structure(merge={OTHER: DELIVERY}).plan)
    for table in ("runs", "logged_models", "logged_model_tags", "datasets", "trace_info"):
        assert messy.ask(f"SELECT COUNT(*) FROM {table} WHERE experiment_id = 5") == [(0,)], table  # noqa: S608
    # one row stands for the data set that both had; its input follows, the role stays
    assert messy.ask("SELECT dataset_uuid FROM datasets ORDER BY 1") == [
        ("4-loans",), ("5-bureau",),
    ]  # fmt: skip
    sql = "SELECT source_id, input_uuid FROM inputs WHERE destination_id = ? ORDER BY 1"
    assert messy.ask(sql, run_id(5, 0)) == [("4-loans", "i-5-loans"), ("5-bureau", "i-5-bureau")]
    assert messy.ask("SELECT destination_id FROM entity_associations") == [("4",)]
    sql = "SELECT value FROM registered_model_tags WHERE key = '_mlflow_experiment_ids'"
    assert messy.ask(sql) == [(",4,",)]
    assert messy.ask("SELECT experiment_id FROM logged_models WHERE model_id = ?", MODEL) == [(4,)]


def test_gathering_copies_only_what_is_lacking(messy: Planned) -> None:
    before = messy.tags(run_id(5, 0))
    plan = messy.structure(gather={run_id(4, 0): (run_id(5, 0),)}).plan
    messy.apply(plan)
    params = dict(messy.ask("SELECT key, value FROM params WHERE run_uuid = ?", run_id(4, 0)))
    assert params == {"cost_fn": "10", "num_leaves": "31", "n_features": "189"}
    history = (
        "SELECT value, timestamp, step FROM metrics WHERE key = 'fold_roc_auc' AND run_uuid = ?"
    )
    assert messy.ask(history, run_id(4, 0)) == messy.ask(history, run_id(5, 0))
    assert len(messy.ask(history, run_id(4, 0))) == 3
    sql = "SELECT value FROM latest_metrics WHERE key = 'optimal_threshold' AND run_uuid = ?"
    assert messy.ask(sql, run_id(4, 0)) == [(0.4542,)]
    tags = messy.tags(run_id(4, 0))
    assert (tags["data_owner"], tags["scorewright.moved_from"]) == ("ana", run_id(5, 0))
    assert messy.tags(run_id(5, 0)) == {**before, "scorewright.moved_to": run_id(4, 0)}
    assert any("differ in cost_fn, optimal_threshold" in note for note in plan.notes)


def test_names_change_by_pattern_once(messy: Planned) -> None:
    wish = {"rename_matching": {r"credit-(.+)": r"credit_\1_old"}, "rename": {"Test": "trash"}}
    messy.apply(messy.structure(**wish).plan)
    names = {name for name, _ in experiments(messy).values()}
    assert {"credit_scoring-production_old", "trash"} <= names
    assert messy.structure(**wish).plan.steps == ()


def test_an_artifact_root_is_for_new_runs(messy: Planned) -> None:
    uris = messy.ask("SELECT artifact_uri FROM runs")
    messy.apply(messy.structure(artifact_root="/srv/mlruns/").plan)
    assert messy.ask("SELECT artifact_location FROM experiments WHERE experiment_id = 4") == [
        ("/srv/mlruns/4",)
    ]
    assert messy.ask("SELECT artifact_uri FROM runs") == uris


@pytest.mark.parametrize(
    ("wish", "code", "text"),
    [
        ({"keep": ("credit_scoring_final_deliver",)}, "experiment-unknown", DELIVERY),
        ({"merge": {"Test": "nowhere"}}, "experiment-unknown", "use one of"),
        ({"merge": {"Test": OTHER, OTHER: "Test"}}, "rationalise-cycle", "circle"),
        ({"merge": {"Test": "Test"}}, "rationalise-cycle", "circle"),
        ({"merge": {"Test": OTHER}, "delete": (OTHER,)}, "rationalise-contradiction", "deleted"),
        ({"keep": ("Test",), "delete": ("Test",)}, "rationalise-contradiction", "keep and delete"),
        ({"keep": ("Test",), "rename": {"Test": "x"}}, "rationalise-contradiction", "is kept"),
        ({"delete": ("Default",)}, "rationalise-contradiction", "id 0"),
        ({"archive": ("Default",)}, "rationalise-contradiction", "id 0"),
        ({"rename": {"Default": "x"}}, "rationalise-contradiction", "id 0"),
        ({"rename": {"Test": OTHER}}, "experiment-name-taken", "several experiments"),
        ({"rename": {"Test": OTHER, OTHER: "Test"}}, "experiment-name-taken", "swap"),
        ({"rename": {"Test": " "}}, "rationalise-pattern", "no name"),
        ({"rename_matching": {"(": "x"}}, "rationalise-pattern", "cannot be used"),
        ({"rename_matching": {"T.*": r"\3"}}, "rationalise-pattern", "cannot be used"),
        ({"rename_matching": {"(T.*)": r"T_\1"}}, "rationalise-pattern", "again"),
        ({"gather": {"abc": ()}}, "run-unknown", "no run is meant"),
        ({"gather": {run_id(6, 1): (run_id(6, 1),)}}, "rationalise-contradiction", "itself"),
        ({"gather": {"Test/test": (run_id(6, 0),)}}, "run-unknown", "2 runs are meant"),
    ],
)
def test_what_cannot_be_is_refused_before_a_plan_is_made(
    messy: Planned, wish: dict[str, Any], code: str, text: str
) -> None:
    with pytest.raises(UsageError) as caught:
        messy.structure(**wish)
    assert caught.value.code == code
    assert text.lower() in f"{caught.value.message} {caught.value.remedy}".lower()


def test_merges_go_to_the_end_of_their_chain(messy: Planned) -> None:
    messy.apply(messy.structure(merge={"Test": OTHER, OTHER: DELIVERY}).plan)
    sql = "SELECT COUNT(*) FROM runs WHERE experiment_id = 4"
    assert messy.ask(sql) == [(5,)]


def test_default_is_emptied_but_stays(messy: Planned) -> None:
    messy.change("UPDATE runs SET experiment_id = 0 WHERE experiment_id = 6")
    plan = messy.structure(merge={"Default": "Test"}).plan
    messy.apply(plan)
    assert experiments(messy)[0] == ("Default", "active")
    assert messy.ask("SELECT COUNT(*) FROM runs WHERE experiment_id = 6") == [(3,)]
    assert not unbalanced(plan.balance)


@pytest.mark.parametrize(
    ("sql", "chain"),
    [
        ("UPDATE model_versions SET run_id = '{run}' WHERE version = 2",
         "version credit_scoring_lgbm/2 -> run {run}"),
        ("UPDATE logged_models SET source_run_id = '{run}'", f"model {MODEL} -> run {{run}}"),
        ("UPDATE tags SET key = 'mlflow.parentRunId', value = '{run}' WHERE key = 'team'",
         f"run {run_id(4, 0)} -> run {{run}}"),
    ],
)  # fmt: skip
def test_nothing_alive_is_deleted(messy: Planned, sql: str, chain: str) -> None:
    run = run_id(6, 1)
    messy.structure(delete=("Test",))
    messy.change("DELETE FROM registered_model_aliases")
    messy.change(sql.replace("{run}", run))
    with pytest.raises(UsageError) as caught:
        messy.structure(delete=("Test",))
    assert caught.value.code == "plan-reaches-alive"
    held = caught.value.details["held"]
    assert any(chain.replace("{run}", run) in line for line in held), held
    # archiving it instead is allowed
    assert messy.structure(archive=("Test",)).plan.steps


def test_a_moved_run_no_longer_holds_its_old_experiment(messy: Planned) -> None:
    messy.change("UPDATE model_versions SET run_id = ?", run_id(5, 0))
    assert messy.structure(merge={OTHER: DELIVERY}).plan.steps


def test_an_archived_run_that_is_served_is_told(messy: Planned) -> None:
    messy.change("INSERT INTO registered_model_aliases (name, alias, version) VALUES "
                 "('credit_scoring_lgbm', 'champion', 2)")  # fmt: skip
    plan = messy.structure(archive=(DELIVERY,)).plan
    assert any("it is served: the alias champion" in note for note in plan.notes)


def test_same_names_in_one_experiment_stop_a_merge(messy: Planned) -> None:
    for experiment in (4, 5):
        messy.change("INSERT INTO scorers (experiment_id, scorer_name, scorer_id) VALUES (?, ?, ?)",
                     experiment, "tone", f"s-{experiment}")  # fmt: skip
    plan = messy.structure(merge={OTHER: DELIVERY}).plan
    assert any("both experiments have 'tone' in table 'scorers'" in note for note in plan.notes)
    assert plan.steps == ()


def test_the_settings_become_a_wish() -> None:
    settings = RationaliseSettings(
        merge={"A": "B"}, archive=["C"], gather={"r": ["s"]}, artifact_root="/x"
    )
    wish = wish_of(settings)
    assert (wish.merge, wish.archive, wish.gather) == ({"A": "B"}, ("C",), {"r": ("s",)})
    assert wish.artifact_root == "/x"
    assert wish_of(RationaliseSettings()).artifact_root == ""
