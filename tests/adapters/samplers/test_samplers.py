"""One suite over every sampler: the port's promises, on hypothetical and on small portfolios."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from scorewright.adapters.samplers import Samplers
from scorewright.core.calibration import prior_correction
from scorewright.core.errors import UsageError
from scorewright.core.matrix import Feature, FeatureSpace
from scorewright.core.sampling import Sample
from scorewright.flows.ports import Sampler

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

OURS = ("balanced", "none", "smote", "smote_undersample", "undersample")
SPACE = FeatureSpace((Feature("income"), Feature("grade", ("A", "B", "C")), Feature("children")))
MIXES = ("smote", "smote_undersample")


def portfolio(n: int = 300, bad_rate: float = 0.15, seed: int = 1) -> tuple[Floats, Labels]:
    """Applications with gaps, of which the given share is bad."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < bad_rate).astype(np.int8)
    y[:4] = [1, 1, 0, 0]
    x = np.column_stack([rng.normal(size=n) - y, rng.integers(0, 3, n), rng.poisson(1.5, n)])
    x[rng.random(x.shape) < 0.1] = np.nan
    return x, y


def drawn(name: str, x: Floats, y: Labels, rows: npt.NDArray[np.int64], seed: int = 3) -> Sample:
    return Samplers().get(name).sample(x, y, rows, SPACE, seed)


def same(one: Sample, two: Sample, x: Floats) -> bool:
    first, second = one.weights(), two.weights()
    if (first is None) != (second is None):
        return False
    return (
        np.array_equal(one.rows, two.rows)
        and np.array_equal(one.matrix(x), two.matrix(x), equal_nan=True)
        and (first is None or second is None or np.array_equal(first, second))
        and (one.omega, one.is_exact) == (two.omega, two.is_exact)
    )


@pytest.fixture(params=OURS)
def sampler(request: pytest.FixtureRequest) -> Sampler:
    return Samplers().get(request.param)


def test_catalogue_finds_a_sampler_per_file(sampler: Sampler) -> None:
    assert Samplers().names() == OURS
    assert sampler.name in OURS


def test_unknown_sampler_lists_near_misses() -> None:
    with pytest.raises(UsageError, match="'smot'") as caught:
        Samplers().get("smot")
    assert caught.value.code == "sampler-unknown"
    assert "smote" in caught.value.remedy


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=25, deadline=None)
@given(
    bad_rate=st.floats(0.05, 0.9),
    share=st.floats(0.3, 0.9),
    seed=st.integers(0, 2**31 - 1),
)
def test_nothing_but_the_training_rows_is_looked_at(
    name: str, bad_rate: float, share: float, seed: int
) -> None:
    # Given training rows, and the same table with all other rows changed
    x, y = portfolio(120, bad_rate, seed % 1000)
    rng = np.random.default_rng(seed)
    is_train = rng.random(len(y)) < share
    is_train[:4] = True
    rows = np.flatnonzero(is_train)
    other_x, other_y = x.copy(), y.copy()
    other_x[~is_train], other_y[~is_train] = 1e6, 1 - y[~is_train]
    # When both are sampled
    one, two = drawn(name, x, y, rows, seed), drawn(name, other_x, other_y, rows, seed)
    # Then nothing differs, and no row from outside is in the sample
    assert np.array_equal(one.matrix(x), two.matrix(other_x), equal_nan=True)
    assert np.array_equal(one.labels(y), two.labels(other_y))
    assert (one.omega, one.is_exact) == (two.omega, two.is_exact)
    assert np.isin(one.rows, rows).all()
    assert np.all(np.diff(one.rows) > 0)
    # And kept rows are as they were
    np.testing.assert_array_equal(one.matrix(x)[: len(one.rows)], x[one.rows])
    assert np.all(np.nan_to_num(one.matrix(x)) < 1e5)


@pytest.mark.parametrize("name", OURS)
def test_the_seed_decides_and_the_number_of_threads_does_not(name: str) -> None:
    # Given many twins, between which the order of neighbours is free
    x, y = portfolio(600)
    x[:, 0] = np.round(x[:, 0])
    rows = np.arange(len(y))
    with threadpool_limits(1):
        one = drawn(name, x, y, rows)
    with threadpool_limits(4):
        two = drawn(name, x, y, rows)
    assert same(one, two, x)
    if name not in ("none", "balanced"):
        assert not same(one, drawn(name, x, y, rows, seed=4), x)


@pytest.mark.parametrize(
    ("name", "omega", "is_exact"),
    [
        ("none", 1.0, True),
        ("balanced", 9.0, True),
        ("undersample", 9.0, True),
        ("smote", 9.0, False),
        ("smote_undersample", 9.0, False),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_both_classes_weigh_the_same_and_the_odds_say_so(
    name: str, omega: float, is_exact: bool, swapped: bool
) -> None:
    # Given 90 goods and 10 bads, or the other way round
    x, _ = portfolio(100)
    y = np.repeat([1, 0], [10, 90]).astype(np.int8)
    y = 1 - y if swapped else y
    # When
    sample = drawn(name, x, y, np.arange(100))
    # Then
    labels, weights = sample.labels(y), sample.weights()
    weights = np.ones(len(labels)) if weights is None else weights
    odds = weights[labels == 1].sum() / weights[labels == 0].sum()
    assert sample.omega == pytest.approx(1 / omega if swapped else omega)
    assert sample.is_exact is is_exact
    assert odds == pytest.approx(sample.omega * (9.0 if swapped else 1 / 9.0))


def test_smote_and_undersampling_meet_half_way() -> None:
    x, _ = portfolio(100)
    y = np.repeat([1, 0], [10, 90]).astype(np.int8)
    sample = drawn("smote_undersample", x, y, np.arange(100))
    assert (y[sample.rows] == 1).sum() == 10
    assert (y[sample.rows] == 0).sum() == 45
    assert sample.made_y.tolist() == [1] * 35


def test_where_half_is_there_already_no_row_is_made_up() -> None:
    x, _ = portfolio(100)
    y = np.repeat([1, 0], [40, 60]).astype(np.int8)
    sample = drawn("smote_undersample", x, y, np.arange(100))
    assert sample.made_y.size == 0
    assert sample.is_exact
    assert sample.omega == pytest.approx(1.5)


@pytest.mark.parametrize("name", OURS)
def test_equal_classes_are_left_as_they_are(name: str) -> None:
    x, _ = portfolio(80)
    y = np.repeat([1, 0], [40, 40]).astype(np.int8)
    sample = drawn(name, x, y, np.arange(80))
    np.testing.assert_array_equal(sample.rows, np.arange(80))
    assert sample.omega == 1.0
    assert sample.is_exact


@pytest.mark.parametrize("name", MIXES)
def test_made_rows_keep_to_what_real_bads_look_like(name: str) -> None:
    # Given bads of which a tenth of the values is missing
    x, y = portfolio(3000)
    bads = x[y == 1]
    # When
    sample = drawn(name, x, y, np.arange(len(y)))
    made = sample.matrix(x)[len(sample.rows) :]
    # Then numbers lie in the range of the bads, codes are codes, counts are whole
    assert np.nanmin(made[:, 0]) >= np.nanmin(bads[:, 0])
    assert np.nanmax(made[:, 0]) <= np.nanmax(bads[:, 0])
    assert set(np.unique(made[:, 1][~np.isnan(made[:, 1])])) <= {0.0, 1.0, 2.0}
    assert np.array_equal(made[:, 2], np.rint(made[:, 2]), equal_nan=True)
    # And gaps and levels are about as frequent as among them
    np.testing.assert_allclose(np.isnan(made).mean(axis=0), np.isnan(bads).mean(axis=0), atol=0.05)
    for level in range(3):
        share = [np.mean(part[:, 1] == level) for part in (made, bads)]
        assert share[0] == pytest.approx(share[1], abs=0.07)


@pytest.mark.parametrize("name", MIXES)
def test_units_do_not_choose_the_neighbours(name: str) -> None:
    # Given complete rows, once in francs and once in thousands of them
    x, y = portfolio(200)
    x = np.nan_to_num(x)
    rows = np.arange(len(y))
    scaled = x * np.array([4096.0, 1.0, 1.0])
    one, two = drawn(name, x, y, rows), drawn(name, scaled, y, rows)
    np.testing.assert_allclose(one.matrix(x)[:, 0] * 4096.0, two.matrix(scaled)[:, 0], rtol=1e-9)


@pytest.mark.parametrize("name", MIXES)
def test_a_tiny_class_uses_the_neighbours_it_has(name: str) -> None:
    x, _ = portfolio(50)
    y = np.repeat([1, 0], [2, 48]).astype(np.int8)
    sample = drawn(name, x, y, np.arange(50))
    assert sample.blend is not None
    assert set(sample.blend.near) | set(sample.blend.far) == {0, 1}


@pytest.mark.parametrize("name", [*MIXES, "balanced", "undersample"])
def test_what_cannot_be_sampled_is_refused_with_the_numbers(name: str) -> None:
    x, y = portfolio(50)
    rows = np.flatnonzero(y == 0)
    if name in MIXES:
        rows = np.sort(np.append(rows, np.flatnonzero(y == 1)[0]))
    with pytest.raises(UsageError, match=f"'{name}'") as caught:
        drawn(name, x, y, rows)
    assert caught.value.code == "sampling-impossible"
    assert caught.value.details["goods"] == len(rows) - (name in MIXES)


def test_smote_works_on_categories_alone() -> None:
    rng = np.random.default_rng(0)
    space = FeatureSpace((Feature("a", ("x", "y")), Feature("b", ("x", "y", "z"))))
    x = np.column_stack([rng.integers(0, 2, 200), rng.integers(0, 3, 200)]).astype(np.float64)
    y = (rng.random(200) < 0.2).astype(np.int8)
    sample = Samplers().get("smote").sample(x, y, np.arange(200), space, 1)
    real = {tuple(row) for row in x[y == 1]}
    assert {tuple(row) for row in sample.matrix(x)[200:]} <= real


@pytest.mark.parametrize("name", ["balanced", "undersample"])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), bad_rate=st.floats(0.08, 0.3))
def test_prior_correction_brings_a_logistic_model_back_to_the_base_rate(
    name: str, seed: int, bad_rate: float
) -> None:
    # Given a portfolio a logistic model describes
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(20_000, 3))
    odds = np.log(bad_rate / (1 - bad_rate))
    y = (rng.random(len(x)) < 1 / (1 + np.exp(-odds - 0.7 * x[:, 0]))).astype(np.int8)
    # When it is fitted on the sample
    sample = drawn(name, x, y, np.arange(len(y)), seed)
    model = LogisticRegression(C=1e6)
    model.fit(sample.matrix(x), sample.labels(y), sample_weight=sample.weights())
    raw = model.predict_proba(x)[:, 1]
    # Then its scores are far too high, and prior correction takes that back
    assert raw.mean() > 1.4 * y.mean()
    loss = {"balanced": 0.01, "undersample": 0.1}[name]
    assert prior_correction(raw, sample.omega).mean() == pytest.approx(y.mean(), rel=loss)
