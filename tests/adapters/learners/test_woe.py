"""Logistic regression on weights of evidence, and what both card learners promise."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from tests.adapters.learners.card_portfolio import SPACE, Floats, Labels, portfolio

from scorewright.adapters.learners import Learners
from scorewright.adapters.learners.cards import CardModel
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.matrix import Feature, FeatureSpace
from scorewright.core.monotonicity import prove_monotone
from scorewright.core.scorecards import weights_of_evidence
from scorewright.flows.ports import FitTask, Learner


@pytest.fixture(params=["woe", "scorecard"])
def learner(request: pytest.FixtureRequest) -> Learner:
    return Learners().get(request.param)


def fit(
    learner: Learner,
    data: tuple[Floats, Labels] | None = None,
    *,
    monotone: dict[str, int] | None = None,
    weight: Floats | None = None,
    **params: object,
) -> CardModel:
    x, y = data or portfolio()
    task = FitTask(
        x, y, SPACE, learner.parameters(params, 42), monotone or {}, 42, 2, weight=weight
    )
    model = learner.fit(task)
    assert isinstance(model, CardModel)
    return model


def test_it_learns_and_survives_the_round_trip(learner: Learner) -> None:
    model = fit(learner)
    x, y = portfolio(3000, seed=2)
    score = model.predict(x)
    assert roc_auc_score(y, score) > 0.72
    again = learner.load(model.files(), SPACE)
    np.testing.assert_array_equal(again.predict(x), score)
    assert again.files() == model.files()
    assert model.loss_history() == ()


def test_the_same_task_gives_the_same_bytes(learner: Learner) -> None:
    files = [fit(learner).files() for _ in range(3)]
    assert files[0] == files[1] == files[2]


def test_a_row_alone_scores_as_it_does_among_others(learner: Learner) -> None:
    model = fit(learner, rounding=False) if learner.name == "scorecard" else fit(learner)
    x, _ = portfolio(200, seed=4)
    x[:3, 1] = [4.0, 77.0, -1.0]  # a level never seen, codes nobody knows
    x[3:5, 0] = [np.inf, -np.inf]
    together = model.predict(x)
    for size in (1, 2, 4, 5, 7):
        parts = [model.predict(x[i : i + size]) for i in range(0, 200, size)]
        np.testing.assert_array_equal(np.concatenate(parts), together)
    assert np.all((together > 0.0) & (together < 1.0))


def test_missing_has_its_bin_and_unseen_codes_are_average(learner: Learner) -> None:
    x, y = portfolio()
    model = fit(learner, (x, y))
    bins = {c.feature: c for c in model.card.characteristics}
    grade, missing = bins["grade"], np.isnan(x[:, 1])
    assert grade.bins[grade.missing].rows == int(missing.sum())
    assert grade.bins[-1].rows == 0
    assert grade.bins[-1].woe == 0.0
    # Rare codes have a place; code 4 was never seen and has none.
    assert sorted(c for g in grade.groups or () for c in g) == [0, 1, 2, 3]
    assert grade.locate_one(4.0) == len(grade.bins) - 1
    assert grade.locate_one(float("nan")) == grade.missing


def test_bins_hold_what_they_say(learner: Learner) -> None:
    x, y = portfolio()
    weight = np.random.default_rng(3).uniform(0.2, 3.0, len(y))
    model = fit(learner, (x, y), weight=weight, smoothing=2.0)
    for c in model.card.characteristics:
        place = c.locate(x[:, SPACE.names.index(c.feature)])
        bads = np.bincount(place, weights=weight * y, minlength=len(c.bins))
        goods = np.bincount(place, weights=weight * (1 - y), minlength=len(c.bins))
        held = [b.rows > 0 for b in c.bins]
        np.testing.assert_array_equal(np.bincount(place, minlength=len(c.bins)),
                                      [b.rows for b in c.bins])  # fmt: skip
        expected = weights_of_evidence(np.asarray(bads, float), np.asarray(goods, float), 2.0)
        np.testing.assert_allclose(c.woe[held], expected[held], atol=1e-12)
        np.testing.assert_allclose(
            np.array([b.bad_rate for b in c.bins])[held], bads[held] / (bads + goods)[held]
        )
        assert sum(b.share for b in c.bins) == pytest.approx(1.0)


def test_whole_weights_are_repeated_rows(learner: Learner) -> None:
    x, y = portfolio(600)
    times = np.random.default_rng(0).integers(0, 3, len(y))
    weighted = fit(learner, (x, y), weight=times.astype(float))
    repeated = fit(learner, (np.repeat(x, times, axis=0), np.repeat(y, times)))
    for a, b in zip(weighted.card.characteristics, repeated.card.characteristics, strict=False):
        if (a.feature, a.cuts, a.groups) == (b.feature, b.cuts, b.groups):
            np.testing.assert_allclose(a.woe, b.woe, atol=1e-9)
    assert float(np.mean(weighted.predict(x))) == pytest.approx(
        float(np.mean(repeated.predict(x))), abs=0.02
    )


def test_balanced_classes_raise_the_odds(learner: Learner) -> None:
    x, y = portfolio()
    params = learner.parameters({"class_weight": "balanced"}, 1)
    assert learner.weight_ratio(params, y) == pytest.approx(np.sum(y == 0) / np.sum(y == 1))
    assert learner.weight_ratio(learner.parameters({}, 1), y) == 1.0
    plain, balanced = fit(learner), fit(learner, class_weight="balanced")
    assert float(balanced.predict(x).mean()) == pytest.approx(0.5, abs=0.12)
    assert float(plain.predict(x).mean()) == pytest.approx(float(y.mean()), abs=0.01)


@pytest.mark.parametrize("positive", [True, False])
def test_a_declared_sign_holds_exactly(learner: Learner, positive: bool) -> None:
    x, y = portfolio()
    x[:, 2] = np.random.default_rng(6).normal(size=len(x))  # noise, in place of the constant
    signs = {"income": -1, "constant": 1, "owner": -1}
    model = fit(
        learner, (x, y), monotone=signs, positive=positive, min_iv=0.0, monotonic_trend="none"
    )
    proofs = prove_monotone(model.predict, x, SPACE, signs, np.random.default_rng(0))
    assert [p.violations for p in proofs] == [0, 0, 0]
    assert all(p.worst == 0.0 for p in proofs)
    # Against the data: a rising income cannot raise the PD, so it is not on the card.
    wrong = fit(learner, (x, y), monotone={"income": 1})
    assert (
        prove_monotone(wrong.predict, x, SPACE, {"income": 1}, np.random.default_rng(0))[
            0
        ].violations
        == 0
    )


def _correcting() -> tuple[Floats, Labels]:
    """Return a portfolio where income, seen beside a column that follows it, speaks anew."""
    rng = np.random.default_rng(8)
    x, y = portfolio()
    follows = rng.normal(size=len(x))
    x[:, 0] = follows + 0.6 * rng.normal(size=len(x))
    x[:, 2] = follows
    z = -1.0 - 2.5 * follows + 1.0 * x[:, 0]
    return x, (rng.random(len(x)) < 1.0 / (1.0 + np.exp(-z))).astype(y.dtype)


def test_a_proved_correction_turns_unless_it_is_forbidden(learner: Learner) -> None:
    data = _correcting()
    model = fit(learner, data)
    of = {c.feature: c for c in model.card.characteristics}
    assert of["constant"].coefficient > 0.0 > of["income"].coefficient
    # Its points still run one way along the values.
    assert len(set(np.sign(np.diff(of["income"].points[:-1]))) - {0.0}) == 1
    for forbidden in ({"positive": True}, {"turn_z": 100.0}, {"monotone": {"income": -1}}):
        held = fit(learner, data, **forbidden)
        assert all(c.coefficient > 0.0 for c in held.card.characteristics)
        assert "direction" in held.card.left_out["income"]
    assert roc_auc_score(data[1], model.predict(data[0])) > roc_auc_score(
        data[1], held.predict(data[0])
    )


def test_a_category_cannot_be_monotone(learner: Learner) -> None:
    with pytest.raises(UsageError) as caught:
        fit(learner, monotone={"grade": 1})
    assert caught.value.code == "monotone-categorical"


def test_one_class_is_refused(learner: Learner) -> None:
    x, y = portfolio(100)
    for label in (0, 1):
        with pytest.raises(UsageError) as caught:
            fit(learner, (x, np.full_like(y, label)), class_weight="balanced")
        assert caught.value.code == "one-class"


def test_useless_features_are_left_out_with_a_reason(learner: Learner) -> None:
    model = fit(learner)
    assert model.card.left_out["constant"] == "has one bin"
    assert model.card.left_out["nothing"] == "has one bin"
    importance = model.importance()
    assert tuple(importance) == SPACE.names
    assert importance["constant"] == importance["nothing"] == 0.0
    assert importance["income"] > 0.0


def test_twins_are_left_out_where_asked(learner: Learner) -> None:
    x, y = portfolio()
    x[:, 2] = x[:, 0] * 2.0
    assert "constant" not in fit(learner, (x, y)).card.left_out
    model = fit(learner, (x, y), max_correlation=0.95)
    assert model.card.left_out["constant"] == "correlates with income"


@pytest.mark.parametrize(
    "params",
    [
        {"max_n_bins": 1}, {"max_n_bins": 3.5}, {"min_bin_size": 0.7}, {"positive": 1},
        {"C": 0.0}, {"C": float("nan")}, {"class_weight": "heavy"}, {"monotonic_trend": "peak"},
        {"min_ivv": 0.1}, {"smoothing": True}, {"tol": "small"}, {"turn_z": -1.0},
    ],
)  # fmt: skip
def test_impossible_parameters_are_refused(learner: Learner, params: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        learner.parameters(params, 42)
    assert caught.value.code == "learner-params"


def test_near_misses_are_named(learner: Learner) -> None:
    with pytest.raises(UsageError, match="min_bin_size"):
        learner.parameters({"min_bins_size": 0.1}, 42)


def test_damaged_files_are_refused(learner: Learner) -> None:
    model = fit(learner)
    [(file, content)] = model.files().items()
    document = json.loads(content)
    other = FeatureSpace((Feature("income"),))
    for files, space in (
        ({}, SPACE),
        ({file: content[:-20]}, SPACE),
        ({file: b"[]"}, SPACE),
        ({file: json.dumps({**document, "scaling": {}}).encode()}, SPACE),
        ({file: content}, other),
    ):
        with pytest.raises(IntegrityError) as caught:
            learner.load(files, space)
        assert caught.value.code == "bundle-model"


def test_nothing_heavy_is_imported_to_serve() -> None:
    model = fit(Learners().get("scorecard"))
    code = (
        "import sys; from scorewright.adapters.learners.scorecard import LEARNER;"
        "from scorewright.core.matrix import FeatureSpace; import json, numpy as np;"
        "a = json.load(sys.stdin);"
        "m = LEARNER.load({'scorecard.json': a[0].encode()}, FeatureSpace.from_dict(a[1]));"
        "print(float(m.predict(np.array(a[2], dtype=float))[0]).hex());"
        "print([n for n in ('optbinning', 'pandas', 'sklearn', 'scipy.optimize', 'polars')"
        " if n in sys.modules])"
    )
    x, _ = portfolio(1)
    row = [[None if np.isnan(v) else v for v in x[0]]]
    given_in = json.dumps([model.files()["scorecard.json"].decode(), SPACE.to_dict(), row])
    done = subprocess.run(
        [sys.executable, "-c", code], input=given_in, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == [float(model.predict(x)[0]).hex(), "[]"]


tables = st.integers(0, 10_000).flatmap(
    lambda seed: st.tuples(st.just(seed), st.integers(2, 60), st.sampled_from([0.0, 0.3, 0.9]))
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tables)
def test_any_table_gives_a_card_that_keeps_its_promises(
    learner: Learner, table: tuple[int, int, float]
) -> None:
    seed, rows, absent = table
    rng = np.random.default_rng(seed)
    x = np.column_stack(
        [
            rng.choice([-1e300, -1.0, 0.0, 1e-9, 5.0, 1e300], rows),
            rng.integers(0, 5, rows).astype(float),
            rng.normal(size=rows),
            np.full(rows, np.nan),
            (rng.random(rows) < 0.5).astype(float),
        ]
    )
    x[rng.random(x.shape) < absent] = np.nan
    y = (rng.random(rows) < 0.4).astype(np.int8)
    y[:2] = [0, 1]
    smoothing = float(rng.choice([0.0, 5.0]))
    weight = rng.choice([0.25, 1.0, 3.0], rows)
    model = fit(
        learner, (x, y), monotone={"income": 1}, weight=weight, min_iv=0.0, smoothing=smoothing
    )
    score = model.predict(x)
    assert np.all((score > 0.0) & (score < 1.0))
    np.testing.assert_array_equal(learner.load(model.files(), SPACE).predict(x), score)
    assert all(c.coefficient > 0.0 for c in model.card.characteristics)
    grid = np.repeat(x[:1], 6, axis=0)
    grid[:, 0] = [-1e301, -1.0, 0.0, 1e-9, 5.0, 1e301]
    assert np.all(np.diff(model.predict(grid)) >= 0.0)
