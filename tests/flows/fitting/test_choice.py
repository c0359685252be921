"""A learner around others says what it is with its parameters; every other is what it is."""

from __future__ import annotations

import pytest
from tests.fakes.composed import LGBM, LOGISTIC

from scorewright.adapters.learners import Learners
from scorewright.core.errors import UsageError
from scorewright.flows.fitting import find_learner


def test_a_plain_learner_is_returned_as_it_is() -> None:
    learners = Learners()
    assert find_learner(learners, "lgbm", {"num_leaves": 3}) is learners.get("lgbm")


def test_a_composed_learner_takes_type_and_promises_from_its_parameters() -> None:
    learners = Learners()
    selected = find_learner(learners, "selected", LGBM)
    assert (selected.name, selected.model_type, selected.supports_monotone) == (
        "selected", "lgbm", True,
    )  # fmt: skip
    ensemble = find_learner(learners, "ensemble", {"members": [LGBM, LOGISTIC]})
    assert not ensemble.supports_monotone
    assert find_learner(learners, "ensemble", {"members": [LGBM, "dummy"]}).supports_monotone
    # The catalogue's own objects are left as they were
    assert learners.get("selected").model_type == "selected"


def test_parameters_that_name_no_learner_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        find_learner(Learners(), "selected", {})
    assert caught.value.code == "selection-params"
