"""The choice of a calibrator, out of fold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from scorewright.core.calibration import (
    Calibration,
    Calibrator,
    NoCalibrator,
    Platt,
    choose_calibration,
    fit_isotonic,
    fit_platt,
)

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
Folds = npt.NDArray[np.int64]


def _sample(n: int, bend: float = 1.0, shift: float = 0.0) -> tuple[Labels, Floats, Folds]:
    """True PDs, scores with log-odds ``bend * z + shift``, and folds."""
    rng = np.random.default_rng(n)
    z = rng.normal(-1.5, 1.2, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(np.int8)
    return y, 1 / (1 + np.exp(-(bend * z + shift))), rng.permutation(n) % 5


def test_true_probabilities_are_left_alone() -> None:
    y, score, fold = _sample(8_000)
    choice = choose_calibration(y, score, fold, 1.0)
    assert choice.chosen == "none"
    assert choice.calibration == Calibration(1.0, NoCalibrator())
    np.testing.assert_array_equal(choice.pd, score)


def test_class_weights_are_undone_before_anything_else() -> None:
    y, score, fold = _sample(8_000)
    weighted = 4.0 * score / (4.0 * score + 1 - score)
    choice = choose_calibration(y, weighted, fold, 4.0)
    assert choice.chosen == "none"
    assert choice.calibration.omega == 4.0
    np.testing.assert_allclose(choice.pd, score, rtol=1e-12)
    np.testing.assert_allclose(choice.calibration.apply(weighted), score, rtol=1e-12)


def test_overconfident_scores_get_platt() -> None:
    """Log-odds twice too large: a straight line on the log-odds mends it, and is enough."""
    y, score, fold = _sample(8_000, bend=2.0, shift=0.5)
    choice = choose_calibration(y, score, fold, 1.0)
    assert choice.chosen == "platt"
    assert isinstance(choice.calibration.calibrator, Platt)
    assert choice.calibration.calibrator.slope == pytest.approx(0.5, abs=0.05)
    by_kind = {c.kind: c for c in choice.candidates}
    assert by_kind["none"].cox_slope == pytest.approx(0.5, abs=0.05)
    assert 0.9 <= by_kind["platt"].cox_slope <= 1.1


def test_a_curve_no_line_can_mend_gets_isotonic() -> None:
    rng = np.random.default_rng(1)
    score = rng.random(30_000)
    truth = np.where(score < 0.5, 0.05, np.where(score < 0.8, 0.1, 0.85))
    y = (rng.random(score.size) < truth).astype(np.int8)
    choice = choose_calibration(y, score, rng.permutation(score.size) % 5, 1.0)
    assert choice.chosen == "isotonic"


def test_figures_are_those_of_cross_fitted_pds() -> None:
    y, score, fold = _sample(3_000, bend=1.5)
    choice = choose_calibration(y, score, fold, 1.0)
    assert [c.kind for c in choice.candidates] == ["none", "platt", "isotonic"]
    fits: list[Callable[[Labels, Floats], Calibrator]] = [fit_platt, fit_isotonic]
    for candidate, fit in zip(choice.candidates[1:], fits, strict=True):
        pd = np.empty(y.size)
        for k in range(5):
            calibration = Calibration(1.0, fit(y[fold != k], score[fold != k]))
            pd[fold == k] = calibration.apply(score[fold == k])
        assert candidate.log_loss == pytest.approx(log_loss(y, pd), rel=1e-9)
        assert candidate.brier == pytest.approx(brier_score_loss(y, pd), rel=1e-9)
        if candidate.kind == choice.chosen:
            np.testing.assert_allclose(choice.pd, pd)


def test_a_row_does_not_influence_its_own_pd() -> None:
    y, score, fold = _sample(1_000, bend=2.0)
    before = choose_calibration(y, score, fold, 1.0)
    changed = y.copy()
    changed[fold == 2] = 1 - changed[fold == 2]
    after = choose_calibration(changed, score, fold, 1.0)
    platt = fit_platt(y[fold != 2], score[fold != 2])
    expected = Calibration(1.0, platt).apply(score[fold == 2])
    assert before.chosen == "platt"
    np.testing.assert_allclose(before.pd[fold == 2], expected)
    if after.chosen == "platt":
        np.testing.assert_allclose(after.pd[fold == 2], expected)
    assert after.candidates[1].log_loss > before.candidates[1].log_loss


def test_a_model_that_knows_nothing_is_calibrated_too() -> None:
    y, _, fold = _sample(2_000)
    choice = choose_calibration(y, np.full(y.size, 0.5), fold, 1.0)
    assert choice.chosen == "platt"
    assert np.isfinite([[c.cox_slope, c.cox_intercept] for c in choice.candidates]).all()
    np.testing.assert_allclose(choice.pd, y.mean(), atol=0.02)


def test_the_same_input_gives_the_same_calibration() -> None:
    y, score, fold = _sample(1_500, bend=1.6)
    first, again = (choose_calibration(y, score, fold, 2.0) for _ in range(2))
    assert first.calibration.digest == again.calibration.digest
    assert first.candidates == again.candidates


@pytest.mark.parametrize(
    ("y", "fold"),
    [([0, 0, 0, 0], [0, 0, 1, 1]), ([0, 1, 0, 1], [0, 0, 0, 0]), ([0, 1, 0, 1], [-1, 0, 1, 1])],
)
def test_what_cannot_be_cross_fitted_is_refused(y: list[int], fold: list[int]) -> None:
    with pytest.raises(ValueError, match=r"fold|bads"):
        choose_calibration(np.array(y, dtype=np.int8), np.full(4, 0.2), np.array(fold), 1.0)


def test_where_no_slope_is_good_the_nearest_to_one_wins() -> None:
    # Given scores that rank but hardly spread: too few rows for a calibrator to be sure
    rng = np.random.default_rng(3)
    z = rng.normal(size=400)
    y = (rng.random(400) < 1 / (1 + np.exp(1.2 - z))).astype(np.int8)
    score = 1 / (1 + np.exp(1.2 - 0.25 * z))
    fold = np.arange(400) % 5
    # When a calibrator is chosen
    choice = choose_calibration(y, score, fold, 1.0)
    # Then the one that leaves a slope of four is not taken for its simplicity
    slopes = {c.kind: abs(c.cox_slope - 1.0) for c in choice.candidates}
    assert slopes["none"] > 1.0
    assert choice.chosen != "none"
