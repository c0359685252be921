"""Which coefficients may turn, and the standard errors that decide it."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.scorecards import (
    Evidence,
    Penalty,
    fit_coefficients,
    fit_proved_coefficients,
    standard_errors,
)

WOE = np.array([-1.0, -0.3, 0.3, 1.0])


def _example(
    seed: int, pull: float, rows: int = 800
) -> tuple[list[Evidence], np.ndarray, np.ndarray]:
    """Two features that rise together; the second one speaks against its bins by ``pull``."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 4, rows)
    second = np.where(rng.random(rows) < 0.6, first, rng.integers(0, 4, rows))
    z = -1.0 - 1.5 * WOE[first] + pull * WOE[second]
    y = (rng.random(rows) < 1.0 / (1.0 + np.exp(-z))).astype(np.int8)
    columns = [Evidence(place, WOE, must_be_positive=False) for place in (first, second)]
    return columns, y, np.ones(rows)


def test_standard_errors_are_those_of_statsmodels() -> None:
    columns, y, _ = _example(1, 0.5)
    weight = np.random.default_rng(2).uniform(0.2, 3.0, len(y))
    penalty = Penalty(c=1e9, tol=1e-10)
    fitted = fit_coefficients(columns, y, weight, penalty)
    design = sm.add_constant(np.column_stack([-c.woe[c.place] for c in columns]))
    peer = sm.GLM(y, design, family=sm.families.Binomial(), var_weights=weight)
    expected = peer.fit(cov_type="HC0", tol=1e-12).bse[1:]
    np.testing.assert_allclose(
        standard_errors(columns, fitted, (y, weight), penalty), expected, rtol=1e-5
    )


def test_heavier_rows_are_not_more_rows() -> None:
    columns, y, weight = _example(1, 0.5)
    errors = [
        standard_errors(columns, fit_coefficients(columns, y, w, p), (y, w), p)
        for w, p in ((weight, Penalty(c=1.0)), (9.0 * weight, Penalty(c=1.0 / 9.0)))
    ]
    np.testing.assert_allclose(errors[0], errors[1], rtol=1e-5)


def test_twins_and_what_is_left_out_prove_nothing() -> None:
    columns, y, weight = _example(3, 0.0)
    penalty = Penalty(c=1e12)
    twins = [columns[0], columns[0], columns[1]]
    error = standard_errors(twins, (np.array([0.7, 0.7, 0.0]), -1.0), (y, weight), penalty)
    assert np.isfinite(error[:2]).all()
    assert error[2] == np.inf


def test_a_strong_correction_turns_and_chance_does_not() -> None:
    strong, chance = _example(4, 1.2), _example(8, 0.0)
    assert fit_proved_coefficients(*strong, Penalty(), 2.0)[0][1] < -0.5
    free = fit_coefficients(*chance, Penalty())[0]
    held = fit_proved_coefficients(*chance, Penalty(), 2.0)[0]
    assert free[1] < 0.0, "the example turns by chance"
    assert held[1] == 0.0
    alone = fit_coefficients(chance[0][:1], *chance[1:], Penalty())[0]
    np.testing.assert_allclose(held[:1], alone, atol=1e-5)


def test_what_must_be_positive_never_turns() -> None:
    columns, y, weight = _example(4, 1.2)
    columns[1] = Evidence(columns[1].place, WOE, must_be_positive=True)
    assert fit_proved_coefficients(columns, y, weight, Penalty(), 0.0)[0][1] == 0.0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), pull=st.floats(-0.5, 1.0), z=st.floats(0.0, 4.0))
def test_every_coefficient_below_zero_is_proved(seed: int, pull: float, z: float) -> None:
    columns, y, weight = _example(seed, pull, rows=300)
    found = fit_proved_coefficients(columns, y, weight, Penalty(), z)
    error = standard_errors(columns, found, (y, weight), Penalty())
    beta = found[0]
    assert np.all((beta >= 0.0) | (-beta >= z * error))
    assert np.any(beta > 0.0)


def test_no_feature_at_all_gives_the_base_rate() -> None:
    _, y, weight = _example(1, 0.0)
    beta, intercept = fit_proved_coefficients([], y, weight, Penalty(), 2.0)
    assert len(beta) == 0
    assert 1.0 / (1.0 + np.exp(-intercept)) == pytest.approx(float(y.mean()))
