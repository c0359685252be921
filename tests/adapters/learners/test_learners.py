"""One suite over every learner: the port's promises, on the same small portfolio."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import roc_auc_score

from scorewright.adapters.learners import Learners
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.matrix import Feature, FeatureSpace
from scorewright.core.monotonicity import prove_monotone
from scorewright.flows.ports import FitTask, Learner

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

SPACE = FeatureSpace(
    (Feature("income"), Feature("grade", ("A", "B", "C")), Feature("strange name: [1], {x}"))
)
OURS = ("dummy", "lgbm", "logistic")


def portfolio(rows: int = 1500, seed: int = 1) -> tuple[Floats, Labels]:
    """Applications whose risk falls with income and rises with the grade."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(0.0, 0.6, rows)
    grade = rng.integers(0, 3, rows).astype(np.float64)
    noise = rng.normal(size=rows)
    risk = 1.0 / (1.0 + np.exp(2.6 + 1.6 * np.log(income) - 1.2 * grade))
    y = (rng.random(rows) < risk).astype(np.int8)
    income[rng.random(rows) < 0.1] = np.nan
    grade[rng.random(rows) < 0.05] = np.nan
    return np.column_stack([income, grade, noise]), y


def task(learner: Learner, *, monotone: dict[str, int] | None = None, **params: object) -> FitTask:
    x, y = portfolio()
    return FitTask(x, y, SPACE, learner.parameters(params, 42), monotone or {}, 42, 2)


@pytest.fixture(params=OURS)
def learner(request: pytest.FixtureRequest) -> Learner:
    return Learners().get(request.param)


def test_catalogue_finds_a_learner_per_file() -> None:
    assert set(OURS) <= set(Learners().names())


def test_unknown_learner_lists_near_misses() -> None:
    with pytest.raises(UsageError) as caught:
        Learners().get("lightgm")
    assert caught.value.code == "learner-unknown"
    with pytest.raises(UsageError, match="'logistics'") as caught:
        Learners().get("logistics")
    assert "logistic" in caught.value.remedy


def test_scores_are_probabilities_and_survive_the_round_trip(learner: Learner) -> None:
    given = task(learner)
    model = learner.fit(given)
    score = model.predict(given.x)

    again = learner.load(model.files(), SPACE)

    assert score.shape == given.y.shape
    assert np.all((score > 0.0) & (score < 1.0))
    np.testing.assert_array_equal(again.predict(given.x), score)


def test_the_same_task_gives_the_same_bytes(learner: Learner) -> None:
    first, second = learner.fit(task(learner)), learner.fit(task(learner))
    assert first.files() == second.files()


def test_a_row_alone_scores_as_it_does_among_others(learner: Learner) -> None:
    given = task(learner)
    model = learner.fit(given)
    together = model.predict(given.x[:40])
    alone = np.array([model.predict(given.x[i : i + 1])[0] for i in range(40)])
    np.testing.assert_array_equal(alone, together)


@pytest.mark.parametrize("name", ["lgbm", "logistic"])
def test_learns_the_risk(name: str) -> None:
    learner = Learners().get(name)
    model = learner.fit(task(learner))
    x, y = portfolio(3000, seed=2)
    assert roc_auc_score(y, model.predict(x)) > 0.72


def test_unknown_parameters_are_refused_with_near_misses(learner: Learner) -> None:
    with pytest.raises(UsageError) as caught:
        learner.parameters({"random_stat": 1}, 42)
    assert caught.value.code == "learner-params"
    assert "random_state" in caught.value.message


def test_damaged_files_are_refused(learner: Learner) -> None:
    # Only damage a parser may see: truncated JSON, or nothing at all. LightGBM's own parser is
    # never given damaged text in this process.
    with pytest.raises(IntegrityError) as caught:
        learner.load({}, SPACE)
    assert caught.value.code == "bundle-model"


def test_importance_names_every_feature(learner: Learner) -> None:
    importance = learner.fit(task(learner)).importance()
    assert tuple(importance) == SPACE.names
    assert all(value >= 0.0 for value in importance.values())


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, 1.0),
        ({"class_weight": "balanced"}, 3.0),
        ({"is_unbalance": True}, 3.0),
        ({"scale_pos_weight": 2.5}, 2.5),
        ({"class_weight": {"0": 1.0, "1": 4.0}}, 4.0),
    ],
)
def test_weight_ratio_of_lightgbm(params: dict[str, object], expected: float) -> None:
    learner = Learners().get("lgbm")
    y = np.array([1, 0, 0, 0], dtype=np.int8)
    assert learner.weight_ratio(learner.parameters(params, 1), y) == pytest.approx(expected)


@pytest.mark.parametrize(
    "params",
    [
        {"class_weight": "balanced", "is_unbalance": True},
        {"class_weight": "heavy"},
        {"class_weight": {"0": 0.0, "1": 1.0}},
        {"use_quantized_grad": True},
    ],
)
def test_impossible_weights_and_dangerous_parameters_are_refused(params: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        Learners().get("lgbm").parameters(params, 42)
    assert caught.value.code == "learner-params"


def test_class_weights_raise_scores_by_the_odds() -> None:
    # The base rate is below a third; balanced weights push the mean score toward a half.
    learner = Learners().get("logistic")
    plain = learner.fit(task(learner)).predict(portfolio()[0])
    weighted = learner.fit(task(learner, class_weight="balanced")).predict(portfolio()[0])
    assert float(weighted.mean()) > float(plain.mean()) + 0.1


def test_a_declared_sign_is_kept_by_lightgbm_and_proved() -> None:
    learner = Learners().get("lgbm")
    x, _ = portfolio()
    # Noise is pushed up by force: without the constraint both directions occur.
    name = SPACE.names[2]
    rng = np.random.default_rng(0)

    free = learner.fit(task(learner))
    bound = learner.fit(task(learner, monotone={name: 1, "income": -1}))

    assert prove_monotone(free.predict, x, SPACE, {name: 1}, rng)[0].violations > 0
    proofs = prove_monotone(bound.predict, x, SPACE, {name: 1, "income": -1}, rng)
    assert [p.violations for p in proofs] == [0, 0]
    assert all(p.steps == 200 * 19 for p in proofs)


def test_a_category_cannot_be_monotone() -> None:
    learner = Learners().get("lgbm")
    with pytest.raises(UsageError) as caught:
        learner.fit(task(learner, monotone={"grade": 1}))
    assert caught.value.code == "monotone-categorical"


def test_lightgbm_tells_its_loss_per_tree() -> None:
    learner = Learners().get("lgbm")
    history = learner.fit(task(learner, n_estimators=25)).loss_history()
    assert len(history) == 25
    assert history[-1] < history[0]


def test_prove_monotone_refuses_unknown_names() -> None:
    x, _ = portfolio(50)
    with pytest.raises(UsageError) as caught:
        prove_monotone(lambda m: m[:, 0], x, SPACE, {"wage": 1}, np.random.default_rng(0))
    assert caught.value.code == "monotone-unknown"
