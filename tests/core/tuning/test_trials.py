"""The best trial, and what makes studies the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.decision import CostMatrix
from scorewright.core.tuning import (
    Objective,
    Trial,
    cell_digest,
    differences,
    fold_digest,
    leaders,
    set_digest,
    study_identity,
)

COST = Objective("cost", CostMatrix())
AUC = Objective("roc_auc", CostMatrix())


def trial(number: int, value: float, broken: float = 0.0) -> Trial:
    return Trial(number, "complete", {"C": number}, value, {"ks >= 0.3": broken})


def test_a_feasible_trial_goes_before_a_better_one_that_is_not() -> None:
    lead = leaders([trial(0, 0.5), trial(1, 0.1, 0.2), trial(2, 0.4), trial(3, 0.4)], COST)
    assert lead.best == lead.nearest == trial(2, 0.4)
    assert lead.broken == {"ks >= 0.3": 1}
    assert lead.complete == 4


def test_without_a_feasible_trial_the_nearest_is_named_and_none_is_best() -> None:
    lead = leaders([trial(0, 0.9, 0.2), trial(1, 0.8, 0.1), trial(2, 0.7, 0.1)], AUC)
    assert lead.best is None
    assert lead.nearest == trial(1, 0.8, 0.1)
    assert lead.broken == {"ks >= 0.3": 3}


def test_pruned_and_failed_trials_are_never_best() -> None:
    lead = leaders([Trial(0, "pruned", {}, None, {}, {0: 0.1}), Trial(1, "failed", {})], COST)
    assert lead.best is None
    assert lead.nearest is None


@given(st.permutations(range(6)))
def test_the_order_of_trials_does_not_matter(order: list[int]) -> None:
    trials = [trial(k, [0.4, 0.2, 0.2, 0.6, 0.1, 0.3][k], [0, 0, 0, 0, 1, 0][k]) for k in order]
    lead = leaders(trials, COST)
    assert lead.best is not None
    assert lead.best.number == 1


def test_a_study_names_what_differs() -> None:
    own = study_identity({"data": "a", "folds": "b", "costs": [1, 2]})
    assert differences(own, own) == []
    assert differences(own, study_identity({"data": "a", "folds": "c"})) == ["costs", "folds"]


def test_digests_tell_values_apart_but_not_their_order() -> None:
    identity = study_identity({"data": "a"})
    one = cell_digest(identity, {"a": 1, "b": {0: 1.0, 1: 5.0}})
    assert one == cell_digest(identity, {"b": {0: 1.0, 1: 5.0}, "a": 1})
    assert one != cell_digest(identity, {"a": 2, "b": {0: 1.0, 1: 5.0}})
    assert set_digest({"a": [1, 2]}) != set_digest({"a": [2, 1]})
    assert fold_digest((np.array([0, 1]),)) != fold_digest((np.array([1, 0]),))
