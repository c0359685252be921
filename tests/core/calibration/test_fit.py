"""Platt and isotonic calibrators against scikit-learn."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from scorewright.core.calibration import (
    Calibration,
    Isotonic,
    NoCalibrator,
    Platt,
    fit_isotonic,
    fit_platt,
    prior_correction,
)

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]


def _logit(p: Floats) -> Floats:
    return np.log(p / (1 - p))


def _bent(n: int, intercept: float, slope: float, seed: int = 0) -> tuple[Labels, Floats]:
    """Labels, and scores whose log-odds must be bent by (intercept, slope) to be true."""
    rng = np.random.default_rng(seed)
    z = rng.normal(-1.5, 1.2, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-(intercept + slope * z)))).astype(np.int8)
    return y, 1 / (1 + np.exp(-z))


def test_prior_correction_undoes_a_class_weight() -> None:
    """Weighting bads by omega multiplies the odds by omega; Home Credit's 1/11 gives 0.532."""
    pd = np.array([0.01, 1 / 11, 0.5])
    omega = 11.387
    weighted = omega * pd / (omega * pd + 1 - pd)
    assert weighted[1] == pytest.approx(0.532, abs=5e-4)
    np.testing.assert_allclose(prior_correction(weighted, omega), pd, rtol=1e-12)
    np.testing.assert_array_equal(prior_correction(pd, 1.0), pd)


def test_platt_agrees_with_an_unpenalised_logistic_regression() -> None:
    y, score = _bent(20_000, 0.4, 0.7)
    ours = fit_platt(y, score)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    theirs.fit(_logit(score)[:, None], y)
    # Platt's targets differ from 0 and 1 by one part in thousands, hence the tolerance.
    assert ours.slope == pytest.approx(float(theirs.coef_[0, 0]), abs=2e-3)
    assert ours.intercept == pytest.approx(float(theirs.intercept_[0]), abs=2e-3)


def test_platt_agrees_with_scikit_learns_platt_on_few_rows() -> None:
    from sklearn.calibration import _sigmoid_calibration

    y, score = _bent(60, 0.0, 1.0, seed=3)
    a, b = _sigmoid_calibration(_logit(score), y)
    ours = fit_platt(y, score)
    assert (ours.slope, ours.intercept) == pytest.approx((-a, -b), abs=1e-3)


def test_platt_stays_finite_where_the_score_separates_the_classes() -> None:
    y = np.r_[np.zeros(50), np.ones(50)].astype(np.int8)
    fitted = fit_platt(y, np.linspace(0.0, 1.0, 100))
    assert np.isfinite([fitted.intercept, fitted.slope]).all()
    pd = Calibration(1.0, fitted).apply(np.array([0.0, 1.0]))
    assert pd[0] < 0.02
    assert pd[1] > 0.98


@pytest.mark.parametrize("score", [np.full(100, 0.3), np.r_[np.full(80, 0.6), np.full(20, 0.2)]])
def test_platt_never_turns_the_ranking_round(score: Floats) -> None:
    """A constant or upside-down score gives about the base rate, and rises all the same."""
    y = np.r_[np.zeros(80), np.ones(20)].astype(np.int8)
    fitted = fit_platt(y, score)
    assert fitted.slope == 1e-3
    np.testing.assert_allclose(Calibration(1.0, fitted).apply(score), 0.2, atol=0.01)


def test_platt_takes_scores_of_exactly_zero_and_one() -> None:
    y, score = _bent(2_000, 0.0, 1.0)
    score = np.where(score > 0.9, 1.0, np.where(score < 0.02, 0.0, score))
    fitted = fit_platt(y, score)
    assert np.isfinite([fitted.intercept, fitted.slope]).all()


def test_isotonic_passes_through_the_blocks_of_scikit_learn() -> None:
    y, score = _bent(3_000, 0.5, 0.6)
    score = np.round(score, 3)
    fitted = fit_isotonic(y, score)
    blocks = IsotonicRegression().fit_transform(score, y)
    levels = [v for v in np.unique(np.round(blocks, 12)) if 0 < v < 1]
    for level in levels:
        centre = score[np.isclose(blocks, level)].mean()
        assert np.interp(centre, fitted.scores, fitted.pds) == pytest.approx(level, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.floats(0, 1, allow_nan=False)), min_size=1, max_size=60
    )
)
def test_isotonic_rises_strictly_and_stays_inside(rows: list[tuple[int, float]]) -> None:
    y, score = (np.array(column) for column in zip(*rows, strict=True))
    fitted = fit_isotonic(y.astype(np.int8), score.astype(np.float64))
    assert fitted.scores[0] == 0.0
    assert fitted.scores[-1] == 1.0
    assert all(a < b for a, b in pairwise(fitted.scores))
    assert all(a < b for a, b in pairwise(fitted.pds))
    assert fitted.pds[0] > 1e-6
    assert fitted.pds[-1] < 1 - 1e-6


def test_isotonic_keeps_the_ranking_and_mends_the_level() -> None:
    y, score = _bent(20_000, -0.8, 0.5)
    pd = Calibration(1.0, fit_isotonic(y, score)).apply(score)
    assert roc_auc_score(y, pd) == pytest.approx(roc_auc_score(y, score), abs=1e-12)
    assert pd.mean() == pytest.approx(y.mean(), abs=0.003)


def test_isotonic_has_few_knots_on_many_rows() -> None:
    rng = np.random.default_rng(0)
    score = rng.random(60_000)
    y = (rng.random(60_000) < score).astype(np.int8)
    fitted = fit_isotonic(y, score)
    assert len(fitted.scores) <= 258
    grid = np.linspace(0.02, 0.98, 50)
    np.testing.assert_allclose(Calibration(1.0, fitted).apply(grid), grid, atol=0.03)


@pytest.mark.parametrize("bad", [np.array([0.1, 1.2]), np.array([0.1, np.nan]), np.array([0.1])])
def test_impossible_scores_are_refused(bad: Floats) -> None:
    y = np.array([0, 1], dtype=np.int8)
    with pytest.raises(ValueError, match=r"outside|shape"):
        fit_platt(y, bad)
    with pytest.raises(ValueError, match=r"outside|shape"):
        fit_isotonic(y, bad)


@pytest.mark.parametrize(
    "calibrator", [NoCalibrator(), Platt(0.1, 0.9), Isotonic((0.0, 1.0), (0.01, 0.9))]
)
def test_a_calibration_survives_its_document(calibrator: Platt | Isotonic | NoCalibrator) -> None:
    calibration = Calibration(2.0, calibrator)
    again = Calibration.from_dict(calibration.to_dict())
    assert again == calibration
    assert again.digest == calibration.digest


def test_an_unknown_calibrator_is_refused() -> None:
    with pytest.raises(ValueError, match="beta"):
        Calibration.from_dict({"omega": 1.0, "calibrator": {"kind": "beta"}})


def test_the_serving_rooms_load_neither_scipy_nor_scikit_learn() -> None:
    code = (
        "import sys, scorewright.core.calibration, scorewright.core.decision;"
        "print([m for m in ('scipy', 'sklearn', 'polars') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
