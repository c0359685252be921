"""A stack of models on rows a sampling made up: weights come from real rows nobody had seen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pytest
from tests.fakes.composed import LGBM, LOGISTIC, SPACE, composed, portfolio
from tests.fakes.learners import Memoriser

from scorewright.adapters.learners.composed import inner_learner
from scorewright.adapters.learners.stack import bend, learn_stack
from scorewright.adapters.samplers import Samplers
from scorewright.core.calibration import prior_correction
from scorewright.core.sampling import Blend, Sample
from scorewright.flows.fitting import sampled
from scorewright.flows.ports import FitTask, FittedModel, Learner

PARAMS = {"method": "stacking", "folds": 4}


@dataclass
class Watched(Memoriser):
    """A learner that learns by heart, and remembers what it was fitted on."""

    tasks: list[FitTask] = field(default_factory=list)

    def fit(self, task: FitTask) -> FittedModel:
        self.tasks.append(task)
        return super().fit(task)


def smote(name: str = "smote", rows: int = 700) -> tuple[FitTask, Sample]:
    """Return the task of a stack on a sample with made-up rows, and the sample."""
    x, y = portfolio(rows)
    number = np.arange(rows)
    train = np.flatnonzero((number % 7 != 3) & ((y == 0) | (number % 2 == 0)))
    sample = Samplers().get(name).sample(x, y, train, SPACE, 42)
    assert sample.made_y.size > 50
    return sampled(FitTask(x, y, SPACE, {}, {}, 42, 1), sample, PARAMS), sample


def twins() -> FitTask:
    """Return a task whose made-up rows are copies of the row they were made of."""
    x, y = portfolio()
    bads = np.flatnonzero(y == 1)
    none = np.zeros(x.shape[1], dtype=np.bool_)
    blend = Blend(bads, bads, np.zeros(len(bads)), none, none)
    made = np.ones(len(bads), dtype=np.int8)
    sample = Sample(np.arange(len(y)), made_y=made, is_exact=False, blend=blend)
    return sampled(FitTask(x, y, SPACE, {}, {}, 42, 1), sample, PARAMS)


def keys(x: npt.NDArray[np.float64]) -> list[bytes]:
    return [row.tobytes() for row in x]


@pytest.mark.parametrize("name", ["smote", "smote_undersample"])
def test_a_task_knows_which_rows_its_made_up_ones_lie_between(name: str) -> None:
    task, sample = smote(name)

    assert task.parents is not None
    assert task.parents.shape == (task.made, 2) == (sample.made_y.size, 2)
    real = len(task.y) - task.made
    assert task.parents.max() < real
    assert sample.blend is not None
    one, two = task.x[task.parents[:, 0]], task.x[task.parents[:, 1]]
    made = task.x[real:]
    low, high = np.fmin(one, two), np.fmax(one, two)
    assert np.all(np.isnan(made) | ((made >= low - 1e-12) & (made <= high + 1e-12)))
    np.testing.assert_array_equal(task.y[task.parents[:, 0]], task.y[real:])
    np.testing.assert_array_equal(task.y[task.parents[:, 1]], task.y[real:])


@pytest.mark.parametrize("name", ["smote", "smote_undersample"])
def test_nothing_made_of_a_row_is_seen_where_the_row_is_judged(name: str) -> None:
    # Given rows of which many were made up
    task, _ = smote(name)
    real = len(task.y) - task.made
    assert task.parents is not None
    families = dict(zip(keys(task.x[real:]), task.parents, strict=True))
    position = {key: i for i, key in enumerate(keys(task.x[:real]))}
    learner = Watched()
    # When a stack learns its weights
    learn_stack(task, [(learner, task), (Memoriser(), task)])
    # Then every fit had real rows and what lies between them, and nothing else
    assert len(learner.tasks) == 4
    judged: list[int] = []
    for fit in learner.tasks:
        cut = len(fit.y) - fit.made
        seen = {position[key] for key in keys(fit.x[:cut])}
        children = [families[key] for key in keys(fit.x[cut:])]
        assert len(children) > 10
        assert all(int(parent) in seen for pair in children for parent in pair)
        judged += sorted(set(range(real)) - seen)
    # And every real row was judged once, a made-up one never
    assert sorted(judged) == list(range(real))


def test_a_member_that_learns_by_heart_gains_nothing_by_copies() -> None:
    task = twins()
    sober = inner_learner("logistic", {})
    own = replace(task, params=sober.parameters({}, 42))

    found = learn_stack(task, [(Memoriser(), task), (sober, own)])

    # It says the same of every row it has not seen, so its weight stays at the prior
    by_heart, weight = found.weights
    assert weight > 0.8
    assert by_heart == pytest.approx(0.5, abs=0.01)


def test_rows_of_unknown_parents_are_left_out_of_every_fold() -> None:
    task, _ = smote()
    learner = Watched()

    learn_stack(replace(task, parents=None), [(learner, task), (Memoriser(), task)])

    assert [fit.made for fit in learner.tasks] == [0] * 4


@pytest.mark.parametrize("name", ["smote", "smote_undersample", "none"])
def test_a_stack_is_at_the_level_of_the_rows_it_was_fitted_on(name: str) -> None:
    # Given a stack on sampled rows, and new ones
    x, y = portfolio(1500)
    sample = Samplers().get(name).sample(x, y, np.arange(1500), SPACE, 42)
    learner, task = composed(
        "ensemble", {"members": [LGBM, LOGISTIC], "method": "stacking", "folds": 3}, x=x, y=y
    )
    model = learner.fit(sampled(task, sample, task.params))
    new, outcome = portfolio(4000, seed=2)
    # When what the sampling did to the odds is taken back
    pd = prior_correction(model.predict(new), sample.omega)
    # Then the PDs are near what happens
    assert pd.mean() == pytest.approx(outcome.mean(), rel=0.08)


def test_weights_count_in_what_made_up_rows_do_to_the_odds() -> None:
    y = np.array([1, 0, 0, 0, 1, 1], dtype=np.int8)

    assert bend(y, None, 0) == 1.0
    assert bend(y, None, 2) == pytest.approx(3.0)
    weight = np.array([2.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert bend(y, weight, 2) == pytest.approx(2.0)


def test_a_stack_in_a_stack_sees_no_child_of_a_judged_row_either() -> None:
    # Given a stack around a stack on copied bads
    inner = {"members": ["dummy", LOGISTIC], "method": "stacking", "folds": 2}
    learner: Learner = inner_learner("ensemble", inner)
    task = twins()
    own = replace(task, params=learner.parameters(inner, 42))

    found = learn_stack(task, [(learner, own), (Memoriser(), task)])

    assert found.weights[0] > 0.8
