"""Ensembles and selections are trained, logged and deployed like any other learner."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from tests.fakes.composed import LGBM, LOGISTIC
from tests.fakes.training import MakeWorld, settings


@pytest.mark.parametrize(
    ("learner", "model_type"),
    [
        (
            {
                "name": "selected",
                "params": {**LGBM, "method": "stability", "fits": 5},
                "monotone": {"debt": 1},
            },
            "lgbm",
        ),
        ({"name": "selected", "params": {**LOGISTIC, "method": "correlation"}}, "logistic"),
        ({"name": "ensemble", "params": {"members": [LGBM, LOGISTIC]}}, "ensemble"),
        (
            {
                "name": "ensemble",
                "params": {"members": [LGBM, LOGISTIC], "method": "rank_average"},
                "sampling": "smote",
            },
            "ensemble",
        ),
    ],
    ids=["selected-lgbm", "selected-logistic", "ensemble", "ensemble-ranks-smote"],
)
def test_a_composed_learner_goes_all_the_way(
    world: MakeWorld, learner: dict[str, Any], model_type: str
) -> None:
    # Given
    here = world()
    quiet = {"shuffle_control": False}
    # When
    result = here.train(
        settings(learner={"params": {}, **learner}, leakage=quiet, validation={"bootstrap": 0})
    )
    # Then the run says what it is, and the deployed bytes give honest PDs
    assert here.run.start.tags["model_type"] == model_type
    assert result.bundle.learner == learner["name"]
    assert result.metrics["mean_pd"] == pytest.approx(result.metrics["base_rate"], rel=0.02)
    assert float(np.mean(here.scores())) == pytest.approx(result.metrics["base_rate"], rel=0.1)
    assert result.metrics["roc_auc"] > 0.6
    # And where features were chosen, it says how alike the folds chose
    assert ("feature_selection.json" in here.run.files) is (learner["name"] == "selected")
    if learner["name"] == "selected":
        chosen = json.loads(here.run.files["feature_selection.json"])
        assert len(chosen["folds"]) == 5
        assert set(chosen["share"]) == {"income", "debt", "job"}
        assert -1.0 <= chosen["stability"] <= 1.0
