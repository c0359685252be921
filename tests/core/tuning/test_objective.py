"""Objectives, against plain loops and scikit-learn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import average_precision_score, fbeta_score, roc_auc_score

from scorewright.core.decision import CostMatrix
from scorewright.core.tuning import Objective, ObjectiveName

COSTS = CostMatrix(7.0, 2.0)


def draw(seed: int, rows: int = 60) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows).astype(np.int8)
    y[:2] = (0, 1)
    return y, rng.random(rows).round(1)


@pytest.mark.parametrize("seed", range(40))
def test_objectives_are_what_they_say(seed: int) -> None:
    y, pd = draw(seed)
    cuts = [*np.unique(pd), 2.0]
    costs = [(7.0 * np.sum(y[pd < t] == 1) + 2.0 * np.sum(y[pd >= t] == 0)) / len(y) for t in cuts]
    betas = [fbeta_score(y, pd >= t, beta=2.0, zero_division=0.0) for t in cuts]
    assert Objective("cost", COSTS).value(y, pd) == pytest.approx(min(costs))
    assert Objective("fbeta", COSTS, 2.0).value(y, pd) == pytest.approx(max(betas))
    assert Objective("roc_auc", COSTS).value(y, pd) == pytest.approx(roc_auc_score(y, pd))
    assert Objective("pr_auc", COSTS).value(y, pd) == pytest.approx(average_precision_score(y, pd))


@pytest.mark.parametrize("name", ["cost", "roc_auc", "pr_auc", "fbeta", "emp"])
@pytest.mark.parametrize("seed", range(5))
def test_only_the_order_of_scores_counts(name: ObjectiveName, seed: int) -> None:
    # Folds are judged on scores before calibration, runs on PDs after it.
    y, pd = draw(seed)
    objective = Objective(name, COSTS)
    bent = 1 / (1 + np.exp(-(3 * pd - 1)))
    assert objective.value(y, bent) == pytest.approx(objective.value(y, pd), abs=1e-12)


def test_less_cost_is_better_and_more_of_the_rest() -> None:
    assert Objective("cost", COSTS).is_better(0.1, 0.2)
    assert Objective("emp", COSTS).is_better(0.2, 0.1)
    assert Objective("roc_auc", COSTS).to_dict() == {"name": "roc_auc"}
    assert Objective("fbeta", COSTS, 1.5).to_dict() == {"name": "fbeta", "beta": 1.5}
    assert Objective("cost", COSTS).to_dict()["false_negative"] == 7.0
