"""The regression, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from scorewright.core.errors import UsageError
from scorewright.core.scorecards import Evidence, Penalty, fit_coefficients


def _example(rows: int = 2000) -> tuple[list[Evidence], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    z = rng.normal(size=rows)
    columns = []
    for spread in (1.0, 0.5, 2.0):
        place = np.digitize(z + spread * rng.normal(size=rows), [-1.0, 0.0, 1.0])
        columns.append(Evidence(place, np.array([-1.1, -0.2, 0.4, 1.3])))
    y = (rng.random(rows) < 1.0 / (1.0 + np.exp(1.5 + z))).astype(np.int8)
    return columns, y, rng.uniform(0.5, 2.0, rows)


@pytest.mark.parametrize("c", [0.05, 1.0, 1e4])
def test_it_finds_what_scikit_learn_finds(c: float) -> None:
    columns, y, weight = _example()
    beta, intercept = fit_coefficients(columns, y, weight, Penalty(c=c, tol=1e-10))
    design = np.column_stack([column.woe[column.place] for column in columns])
    peer = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12)
    peer.fit(design, y, sample_weight=weight)
    np.testing.assert_allclose(-peer.coef_[0], beta, atol=1e-6)
    assert peer.intercept_[0] == pytest.approx(intercept, abs=1e-6)


def test_a_coefficient_against_its_bins_is_zero_and_the_rest_is_as_without_it() -> None:
    columns, y, weight = _example()
    turned = Evidence(columns[0].place, -columns[0].woe)
    beta, intercept = fit_coefficients([turned, *columns[1:]], y, weight, Penalty(tol=1e-10))
    assert beta[0] == 0.0
    without, alone = fit_coefficients(columns[1:], y, weight, Penalty(tol=1e-10))
    np.testing.assert_allclose(beta[1:], without, atol=1e-6)
    assert intercept == pytest.approx(alone, abs=1e-6)
    free = Evidence(turned.place, turned.woe, must_be_positive=False)
    assert fit_coefficients([free, *columns[1:]], y, weight, Penalty())[0][0] < -0.1


def test_it_ends_at_the_same_place_wherever_it_begins() -> None:
    columns, y, weight = _example()
    cold = fit_coefficients(columns, y, weight, Penalty(tol=1e-10))
    start = np.array([-1.0, 2.0, 0.0, 1.0])
    warm = fit_coefficients(columns, y, weight, Penalty(tol=1e-10), start)
    np.testing.assert_allclose(warm[0], cold[0], atol=1e-6)
    assert warm[1] == pytest.approx(cold[1], abs=1e-6)


def test_no_feature_at_all_gives_the_base_rate() -> None:
    _, y, weight = _example()
    beta, intercept = fit_coefficients([], y, weight, Penalty())
    assert len(beta) == 0
    assert 1.0 / (1.0 + np.exp(-intercept)) == pytest.approx(float(weight @ y / weight.sum()))


def test_too_few_iterations_are_an_error() -> None:
    columns, y, weight = _example()
    with pytest.raises(UsageError, match="did not converge") as caught:
        fit_coefficients(columns, y, weight, Penalty(max_iter=1))
    assert caught.value.code == "learner-params"
