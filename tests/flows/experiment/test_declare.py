"""The declared matrix: what is combined, what is refused, and what a cell's identity follows."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.experiments import LIBRARY, FewLearners, matrix_settings
from tests.fakes.learners import Memoriser

from scorewright.adapters.learners import Learners
from scorewright.adapters.samplers import Samplers
from scorewright.core.errors import UsageError
from scorewright.flows.experiment import Matrix, declare

SAMPLINGS = ["none", "balanced", "undersample"]


def declared(
    experiment: dict[str, Any], versions: dict[str, str] | None = None, **sections: Any
) -> Matrix:
    chosen = matrix_settings(experiment, **sections)
    names = ("selected", "ensemble", "signless")
    learners = FewLearners({name: Memoriser(name) for name in names})
    return declare(chosen, LIBRARY, learners, Samplers(), versions)


def refusal(experiment: dict[str, Any], **sections: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        declared(experiment, **sections)
    return caught.value


def test_every_strategy_meets_every_sampling() -> None:
    matrix = declared(
        {"strategies": ["baseline", "domain"], "sampling": SAMPLINGS, "learners": ["lgbm"]}
    )

    assert matrix.experiment == "demo_feature_engineering_cv"
    assert [cell.name("cv") for cell in matrix.cells] == [
        "exp01_cv_baseline_none",
        "exp02_cv_baseline_balanced",
        "exp03_cv_baseline_undersample",
        "exp04_cv_domain_none",
        "exp05_cv_domain_balanced",
        "exp06_cv_domain_undersample",
    ]
    assert matrix.sets == ("domain",)
    assert {cell.strategy.name: set(cell.strategy.features) for cell in matrix.cells} == {
        "baseline": set(),
        "domain": {"debt_less_income", "debt_and_income"},
    }
    assert len({cell.digest for cell in matrix.cells}) == 6


def test_with_several_learners_every_name_is_still_its_own() -> None:
    matrix = declared({"strategies": ["baseline"], "learners": ["lgbm", "logistic", "dummy"]})

    assert [cell.name("oot") for cell in matrix.cells] == [
        "exp01_oot_baseline_none_lgbm",
        "exp02_oot_baseline_none_logistic",
        "exp03_oot_baseline_none_dummy",
    ]


def test_what_is_named_twice_is_done_once() -> None:
    assert len(declared({"strategies": ["domain", "domain"], "sampling": ["none"] * 3}).cells) == 1


def test_parameters_of_the_project_hold_for_its_own_learner_alone() -> None:
    matrix = declared(
        {
            "learners": ["lgbm", "logistic"],
            "params": {"lgbm": {"num_leaves": 5}, "logistic": {"C": 0.5}},
        },
        learner={"name": "lgbm", "params": {"n_estimators": 17, "num_leaves": 9}},
    )
    lgbm, logistic = (cell.choice.params for cell in matrix.cells)

    assert (lgbm["n_estimators"], lgbm["num_leaves"]) == (17, 5)
    assert logistic["C"] == 0.5
    assert "n_estimators" not in logistic
    assert "learning_rate" in lgbm


def test_signs_hold_where_the_learner_keeps_them_and_the_features_are_seen() -> None:
    matrix = declared(
        {"strategies": ["baseline", "domain"], "learners": ["lgbm", "signless"]},
        learner={"name": "lgbm", "monotone": {"debt": 1, "debt_less_income": 1}},
    )

    signs = {cell.name("cv"): dict(cell.monotone) for cell in matrix.cells}
    assert signs == {
        "exp01_cv_baseline_none_lgbm": {"debt": 1},
        "exp02_cv_domain_none_lgbm": {"debt": 1, "debt_less_income": 1},
        "exp03_cv_baseline_none_signless": {},
        "exp04_cv_domain_none_signless": {},
    }


def test_a_selection_is_a_learner_around_the_learner() -> None:
    matrix = declared(
        {
            "strategies": ["domain", "chosen"],
            "learners": ["lgbm"],
            "params": {"lgbm": {"num_leaves": 5}},
            "selections": {
                "chosen": {"of": "domain", "method": "stability", "params": {"draws": 7}}
            },
        }
    )
    plain, chosen = matrix.cells

    assert chosen.name("cv") == "exp02_cv_chosen_none"
    assert chosen.strategy.features == plain.strategy.features
    assert chosen.choice.learner.name == "selected"
    assert chosen.choice.params["learner"] == "lgbm"
    assert chosen.choice.params["params"] == {"num_leaves": 5}
    assert chosen.choice.params["method"] == "stability"
    assert chosen.choice.params["draws"] == 7
    assert "stability of domain inside every fold" in chosen.describe()


def test_an_ensemble_is_a_learner_of_learners() -> None:
    matrix = declared(
        {
            "learners": ["both"],
            "params": {"logistic": {"C": 0.5}},
            "ensembles": {"both": {"members": ["lgbm", "logistic"], "method": "rank_average"}},
        },
        learner={"name": "lgbm", "params": {"n_estimators": 17}},
    )
    (cell,) = matrix.cells

    assert cell.choice.name == "both"
    assert cell.choice.learner.name == "ensemble"
    assert cell.choice.params["method"] == "rank_average"
    assert cell.choice.params["members"] == [
        {"learner": "lgbm", "params": {"n_estimators": 17}},
        {"learner": "logistic", "params": {"C": 0.5}},
    ]


@pytest.mark.parametrize(
    ("experiment", "code", "near"),
    [
        ({"strategies": ["domian"]}, "experiment-strategy", "domain"),
        ({"strategies": ["a"], "selections": {"a": {"of": "domani"}}}, "experiment-strategy", "d"),
        (
            {"strategies": ["domain"], "selections": {"domain": {"of": "domain"}}},
            "experiment-strategy",
            "another name",
        ),
        ({"learners": ["lgmb"]}, "experiment-learner", "lgbm"),
        ({"learners": ["selected"]}, "experiment-learner", "lgbm"),
        ({"params": {"logistc": {}}}, "experiment-learner", "logistic"),
        (
            {"learners": ["e"], "ensembles": {"e": {"members": ["lgbm", "logstic"]}}},
            "experiment-learner",
            "logistic",
        ),
        (
            {"learners": ["e"], "ensembles": {"e": {"members": ["lgbm", "e"]}}},
            "experiment-learner",
            "lgbm",
        ),
        ({"sampling": ["undersmaple"]}, "sampler-unknown", "undersample"),
        ({"learners": ["lgbm"], "params": {"lgbm": {"leaves": 3}}}, "learner-params", ""),
    ],
)
def test_a_name_that_nothing_has_is_refused_with_those_that_are_near(
    experiment: dict[str, Any], code: str, near: str
) -> None:
    found = refusal(experiment)

    assert found.code == code
    assert near in found.remedy


@pytest.mark.parametrize(
    ("experiment", "near", "known"),
    [
        ({"learners": ["lgmb"]}, "lgbm", {"logistic", "xgboost"}),
        ({"strategies": ["domian"]}, "domain", {"baseline", "polynomial"}),
        ({"sampling": ["undersmaple"]}, "undersample", {"none", "smote", "balanced"}),
        ({"params": {"logistc": {}}}, "logistic", {"lgbm", "dummy"}),
        (
            {"learners": ["e"], "ensembles": {"e": {"members": ["lgbm", "logstic"]}}},
            "logistic",
            {"lgbm", "dummy"},
        ),
    ],
)
def test_the_near_names_come_first_and_then_all_others(
    experiment: dict[str, Any], near: str, known: set[str]
) -> None:
    remedy = refusal(experiment).remedy

    listed = remedy.removeprefix("Name one of: ").removesuffix(".").split(", ")
    assert listed[0] == near
    assert set(listed) >= known
    assert len(set(listed)) == len(listed)
    assert not {"selected", "ensemble"} & set(listed)


@pytest.mark.parametrize("name", ["logistic", "selected"])
def test_an_ensemble_has_a_name_of_its_own(name: str) -> None:
    found = refusal({"learners": ["lgbm"], "ensembles": {name: {"members": ["lgbm", "dummy"]}}})

    assert found.code == "experiment-learner"
    assert f"'{name}' has the name of a learner" in str(found)
    assert f"[experiment.ensembles.{name}]" in found.remedy


@pytest.mark.parametrize(
    "experiment",
    [
        {"learners": ["both"], "ensembles": {"both": {"members": ["lgbm", "logistic"]}}},
        {"strategies": ["chosen"], "selections": {"chosen": {"of": "domain"}}},
    ],
    ids=["ensemble", "selection"],
)
@pytest.mark.parametrize("where", ["experiment", "project"])
def test_rounds_that_nothing_would_stop_are_refused(experiment: dict[str, Any], where: str) -> None:
    params = {"early_stopping_round": 20}
    own: Any = {"params": {"lgbm": params}} if where == "experiment" else {}
    learner: Any = {"name": "lgbm", "params": params if where == "project" else {}}
    chosen = matrix_settings({"learners": ["lgbm"], **experiment, **own}, learner=learner)

    with pytest.raises(UsageError) as caught:
        declare(chosen, LIBRARY, Learners(), Samplers())

    assert caught.value.code == "learner-params"
    assert "early_stopping_round is 20" in str(caught.value)
    assert "Leave early_stopping_round out" in caught.value.remedy
    # By itself the learner may stop
    alone = matrix_settings({"learners": ["lgbm"], **own}, learner=learner)
    assert declare(alone, LIBRARY, Learners(), Samplers()).cells


@pytest.mark.parametrize(
    "params", [{"class_weight": "balanced"}, {"is_unbalance": True}, {"scale_pos_weight": 3.0}]
)
def test_classes_are_not_weighted_twice(params: dict[str, Any]) -> None:
    wanted = {"learners": ["lgbm"], "params": {"lgbm": params}}

    assert refusal({**wanted, "sampling": ["none", "balanced"]}).code == "experiment-weights"
    assert len(declared({**wanted, "sampling": ["none"]}).cells) == 1


def test_a_project_without_feature_files_has_its_own_columns() -> None:
    chosen = matrix_settings({"strategies": ["baseline"]})
    matrix = declare(chosen, None, Learners(), Samplers())

    assert matrix.sets == ()
    with pytest.raises(UsageError, match="no feature set"):
        declare(matrix_settings({"strategies": ["domain"]}), None, Learners(), Samplers())


@pytest.mark.parametrize(
    ("sections", "is_the_same"),
    [
        ({}, True),
        ({"project": {"owner": "somebody else"}}, True),
        ({"policy": {"owner": "somebody else"}}, True),
        ({"project": {"seed": 7}}, False),
        ({"costs": {"false_negative": 4.0}}, False),
        ({"validation": {"folds": 4}}, False),
        ({"policy": {"method": "bayes"}}, False),
        ({"learner": {"name": "logistic", "params": {"C": 0.1}}}, False),
        ({"learner": {"name": "logistic", "monotone": {"debt_less_income": 1}}}, True),
    ],
)
def test_a_cell_is_another_where_its_figures_would_be(
    sections: dict[str, Any], is_the_same: bool
) -> None:
    wanted = {"strategies": ["baseline"], "learners": ["logistic"]}
    (before,) = declared(wanted).cells
    (after,) = declared(wanted, **sections).cells

    assert (before.digest == after.digest) is is_the_same


@pytest.mark.parametrize(
    ("learner", "package", "is_the_same"),
    [
        ("lgbm", "lightgbm", False),
        ("lgbm", "scorewright", False),
        ("lgbm", "xgboost", True),
        ("lgbm", "mlflow", True),
        ("logistic", "lightgbm", True),
        ("logistic", "scikit-learn", False),
        ("both", "lightgbm", False),
        ("both", "xgboost", True),
    ],
)
def test_another_version_of_what_decides_its_figures_makes_another_cell(
    learner: str, package: str, is_the_same: bool
) -> None:
    installed = {"scorewright": "1.0", "scikit-learn": "1.9", "lightgbm": "4.7", "mlflow": "3.17"}
    wanted = {
        "learners": [learner],
        "ensembles": {"both": {"members": ["lgbm", "logistic"]}},
    }
    chosen = matrix_settings(wanted)
    before, after = (
        declare(chosen, LIBRARY, Learners(), Samplers(), versions).cells[0].digest
        for versions in (installed, {**installed, package: "99.0"})
    )

    assert (before == after) is is_the_same
