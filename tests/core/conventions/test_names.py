"""Names that are made keep the conventions, and those of the bad examples do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.conventions import Conventions, experiment_name, model_name, run_name
from scorewright.core.conventions.names import (
    experiment_problem,
    is_registered_model_name,
    run_problem,
)
from scorewright.core.errors import UsageError

WORDS = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)


@pytest.mark.parametrize(
    "name",
    ["exp05_cv_domain_balanced", "tune_trial_0007", "production_lightgbm_189features",
     "train_lgbm_21features", "exp12_cv_domain_smote_undersample"],
)  # fmt: skip
def test_good_run_names(conventions: Conventions, name: str) -> None:
    assert run_problem(name, conventions) is None


@pytest.mark.parametrize(
    "name", ["run_1", "test", "LightGBM", "exp5", "", "exp_05", "Exp05_cv_a_b"]
)
def test_bad_run_names(conventions: Conventions, name: str) -> None:
    assert run_problem(name, conventions) is not None


def test_an_automatic_run_name_is_called_so(conventions: Conventions) -> None:
    assert "made up by MLflow" in str(run_problem("spiffy-loon-749", conventions))


@pytest.mark.parametrize("name", ["Test", "exp1", "credit-scoring", "credit_scoring_stuff"])
def test_bad_experiment_names(conventions: Conventions, name: str) -> None:
    assert experiment_problem(name, "", conventions) is not None


def test_an_experiment_of_another_project_is_a_problem(conventions: Conventions) -> None:
    name = "credit_scoring_feature_engineering_cv"
    assert experiment_problem(name, "credit_scoring", conventions) is None
    assert experiment_problem(name, "", conventions) is None
    assert experiment_problem(name, "fraud", conventions) is not None


def test_registered_model_names(conventions: Conventions) -> None:
    assert is_registered_model_name("credit_scoring_lgbm", conventions)
    assert not is_registered_model_name("best_model", conventions)
    assert not is_registered_model_name("model_v1", conventions)


@given(project=WORDS, number=st.integers(0, 9999), parts=st.tuples(WORDS, WORDS, WORDS))
@settings(max_examples=50, deadline=None)
def test_names_that_are_made_keep_the_conventions(
    conventions: Conventions, project: str, number: int, parts: tuple[str, str, str]
) -> None:
    run = run_name("exp", number, *parts)
    experiment = experiment_name(project, "retraining")
    model = model_name(project, "lgbm")
    assert run_problem(run, conventions) is None
    assert experiment_problem(experiment, project, conventions) is None
    assert is_registered_model_name(model, conventions)


def test_the_number_has_two_digits() -> None:
    assert run_name("exp", 5, "cv", "domain", "balanced") == "exp05_cv_domain_balanced"


@pytest.mark.parametrize("project", ["Credit", "credit-scoring", "", "1st", "a b"])
def test_a_part_that_is_no_word_is_refused(project: str) -> None:
    for make in (experiment_name, model_name):
        with pytest.raises(UsageError) as caught:
            make(project, "lgbm")
        assert caught.value.code == "name-invalid"


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        run_name("exp", -1, "cv", "domain", "balanced")
    assert caught.value.code == "name-invalid"


def test_what_was_archived_is_judged_by_the_name_it_had(conventions: Conventions) -> None:
    name = "archive_credit_scoring_final_delivery"
    assert experiment_problem(name, "credit_scoring", conventions) is None
    assert experiment_problem(name, "fraud", conventions) is not None
    assert "'archive_Test'" in str(experiment_problem("archive_Test", "", conventions))
    assert run_problem("archive_exp05_cv_domain_balanced", conventions) is None
    assert "made up by MLflow" in str(run_problem("archive_spiffy-loon-749", conventions))
