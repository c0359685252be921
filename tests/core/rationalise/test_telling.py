"""Names, tags and descriptions follow from what a run logged, and from nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.audited_stores import BEGIN, NOW, StoreDraft, audited, conventions

from scorewright.core.conventions import run_problem
from scorewright.core.plans import Row
from scorewright.core.rationalise import Evidence, RawRows, TableShape, fixes, steps_of

SHAPES = {
    "tags": TableShape(("key", "value", "run_uuid"), ("key", "run_uuid")),
    "runs": TableShape(("run_uuid", "name"), ("run_uuid",)),
}


def bare(
    count: int = 1,
    experiment: str = "credit_scoring_model_selection",
    params: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
    name: str = "spiffy-loon-749",
) -> StoreDraft:
    """Runs that say nothing but what is given."""
    draft = StoreDraft()
    draft.experiment("1", experiment)
    for number in range(count):
        run = f"{number:032x}"
        draft.rows["runs"].append(
            {"run_id": run, "experiment_id": "1", "name": name, "status": "FINISHED",
             "start_time": BEGIN - number, "lifecycle_stage": "active"}
        )  # fmt: skip
        for key, value in (params or {}).items():
            draft.param(run, key, value)
        for key, value in (tags or {}).items():
            draft.tag(run, key, value)
    return draft


def mended(draft: StoreDraft, code: str) -> dict[str, dict[str, str | None]]:
    """Return the tags of each run after a plan."""
    told = draft.given()
    evidence = Evidence(told.snapshot, conventions(), NOW, files=told.files)
    tags: list[Row] = [
        {"run_uuid": row["run_id"], "key": row["key"], "value": row["value"]}
        for row in draft.rows["tags"]
    ]
    runs: list[Row] = [{"run_uuid": r["run_id"], "name": r["name"]} for r in draft.rows["runs"]]
    rows = RawRows(SHAPES, {"tags": tags, "runs": runs})
    steps_of(fixes(evidence, audited(draft), [code]).ideas, rows)
    return {
        str(run["run_uuid"]): {
            str(tag["key"]): tag["value"]  # type: ignore[misc]
            for tag in rows.find("tags", {"run_uuid": run["run_uuid"]})
        }
        for run in runs
    }


def one(draft: StoreDraft, code: str, tag: str) -> Any:
    return mended(draft, code)["0" * 32].get(tag)


@pytest.mark.parametrize(
    ("params", "tags", "name"),
    [
        ({}, {}, "exp_run_0001"),
        ({"num_leaves": "31"}, {}, "exp_lgbm_0001"),
        ({"model": "XGBClassifier", "cv_folds": "5"}, {}, "exp_xgboost_cv_0001"),
        ({"n_splits": "5", "n_features": "189"}, {}, "exp_cv_189features_0001"),
        (
            {"cv": "10", "n_features": "189", "class_weight": "balanced"},
            {},
            "exp01_cv_189features_balanced",
        ),
        (
            {"sampling": "smote_undersample", "test_size": "0.2"},
            {"feature_strategy": "combined"},
            "exp01_split_combined_smote_undersample",
        ),
        ({}, {"stage": "production", "model_type": "lgbm"}, "production_lgbm"),
        ({}, {"scorewright.kind": "trial"}, "tune_trial_0001"),
    ],
)
def test_a_name_says_what_the_run_says(
    params: dict[str, str], tags: dict[str, str], name: str
) -> None:
    assert one(bare(params=params, tags=tags), "CONV-001", "mlflow.runName") == name


@settings(deadline=None, max_examples=30)
@given(
    st.integers(1, 12),
    st.dictionaries(
        st.sampled_from(["model", "cv_folds", "features", "sampling", "n_features", "num_leaves"]),
        st.sampled_from(["5", "lgbm", "domain", "smote", "XGB model!", "", "é", "99999999"]),
    ),
    st.sampled_from(["credit_scoring_optimization_fbeta", "Test", "a_final_delivery"]),
)
def test_names_keep_the_conventions_and_differ(
    count: int, params: dict[str, str], experiment: str
) -> None:
    draft = bare(count, experiment, params)
    found = [str(tags["mlflow.runName"]) for tags in mended(draft, "CONV-001").values()]
    assert len(set(found)) == count
    assert not any(run_problem(str(name), conventions()) for name in found)
    # in the order of the start, which is that of the ids backwards
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    ("tag", "given_", "wanted"),
    [
        ("model_type", {"params": {"classifier": "LightGBM"}}, "lgbm"),
        ("model_type", {"tags": {"model_type": "Random Forest"}}, "random_forest"),
        ("model_type", {"params": {"l2_leaf_reg": "3"}}, "catboost"),
        ("model_type", {"params": {"max_depth": "3"}}, None),
        ("validation", {"params": {"scheme": "out_of_time"}}, "out of time"),
        ("validation", {"params": {"validation": "nested"}}, "nested CV"),
        ("validation", {"params": {"cv_folds": "1"}}, None),
        ("sampling_strategy", {"params": {"is_unbalance": "True"}}, "balanced"),
        ("sampling_strategy", {"params": {"is_unbalance": "False"}}, None),
        ("sampling_strategy", {"params": {"class_weight": "'balanced'"}}, "balanced"),
        ("feature_strategy", {"name": "exp05_cv_polynomial_smote"}, "polynomial"),
        ("sampling_strategy", {"name": "exp05_cv_x_y_smote_undersample"}, "smote_undersample"),
        ("stage", {"tags": {"status": "deployed"}}, "production"),
        ("status", {"tags": {"stage": "archived"}}, "archived"),
        ("git_commit", {"tags": {"mlflow.source.git.commit": "not a commit"}}, None),
        ("project", {"experiment": "Test"}, None),
        ("project", {"experiment": "home_loans_retraining"}, "home_loans"),
        ("project", {"experiment": "archive_home_loans_retraining"}, "home_loans"),
    ],
)
def test_a_tag_follows_or_is_left(tag: str, given_: dict[str, Any], wanted: str | None) -> None:
    assert one(bare(**given_), "CONV-005", tag) == wanted


def test_a_value_that_nothing_explains_stays() -> None:
    draft = bare(tags={"sampling_strategy": "magic", "model_type": "LGBM"})
    tags = mended(draft, "CONV-005")["0" * 32]
    assert (tags["sampling_strategy"], tags["model_type"]) == ("magic", "lgbm")


@settings(deadline=None, max_examples=30)
@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=300), max_size=20))
def test_a_description_is_never_empty_nor_long(params: dict[str, str]) -> None:
    note = one(bare(params=params), "CONV-009", "mlflow.note.content")
    assert note.endswith("Written from the run's own configuration.")
    assert len(note) < 4000


def test_two_versions_in_production_leave_one() -> None:
    draft = StoreDraft.perfect(1)
    draft.model("m_lgbm")
    for number in (1, 2, 3):
        draft.version("m_lgbm", number, "0" * 32, stage="Production")
    draft.alias("m_lgbm", "champion", 2)
    told = draft.given()
    evidence = Evidence(told.snapshot, conventions(), NOW, files=told.files)
    ideas = fixes(evidence, audited(draft), ["RUN-007"]).ideas
    assert [(idea.operation, idea.subject) for idea in ideas] == [
        ("archive_version", "model m_lgbm/1"), ("archive_version", "model m_lgbm/3"),
    ]  # fmt: skip


@pytest.mark.parametrize("time", [2**63 - 1, -(2**63), 253_402_300_800_000])
def test_a_time_of_no_calendar_is_told_as_it_is(time: int) -> None:
    draft = bare(params={"n_estimators": "10"})
    draft.change(f"{0:032x}", start_time=time)
    text = mended(draft, "CONV-009")[f"{0:032x}"]["mlflow.note.content"]
    assert f"begun {time} ms after 1970" in str(text)
