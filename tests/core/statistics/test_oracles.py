"""The statistics against independent implementations, on data made here."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from scorewright.core.errors import UsageError
from scorewright.core.statistics import (
    bin_shares,
    binomial_test,
    bootstrap_interval,
    brier,
    brier_skill,
    calibration_table,
    capture_rate,
    confusion,
    cox,
    delong_interval,
    gini,
    h_measure,
    hosmer_lemeshow,
    information_value,
    jeffreys_test,
    ks,
    lift_at,
    log_loss,
    murphy,
    pr_auc,
    psi,
    psi_critical,
    quantile_codes,
    reference_bins,
    roc_auc,
    roc_curve_points,
    single_feature_auc,
    spiegelhalter,
)

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]


def sample(seed: int, rows: int = 1500, *, decimals: int = 6) -> tuple[Labels, Floats]:
    """Calibrated PDs with outcomes; few decimals make ties."""
    rng = np.random.default_rng(seed)
    pd: Floats = np.clip(np.round(rng.beta(1.5, 8.0, rows), decimals), 0.01, 0.99)
    return (rng.random(rows) < pd).astype(np.int8), pd


CASES = [sample(1), sample(2, decimals=2), sample(3, 60, decimals=1)]


@pytest.mark.parametrize(("y", "p"), CASES)
def test_ranking_against_scikit_learn_and_scipy(y: Labels, p: Floats) -> None:
    assert roc_auc(y, p) == pytest.approx(metrics.roc_auc_score(y, p), abs=1e-12)
    assert pr_auc(y, p) == pytest.approx(metrics.average_precision_score(y, p), abs=1e-12)
    assert ks(y, p).value == pytest.approx(stats.ks_2samp(p[y == 1], p[y == 0]).statistic)
    fpr, tpr, _ = metrics.roc_curve(y, p, drop_intermediate=False)
    ours = roc_curve_points(y, p)
    np.testing.assert_allclose(ours[0], fpr)
    np.testing.assert_allclose(ours[1], tpr)


@pytest.mark.parametrize(("y", "p"), CASES)
def test_calibration_against_scikit_learn_and_scipy(y: Labels, p: Floats) -> None:
    assert brier(y, p) == pytest.approx(metrics.brier_score_loss(y, p))
    assert log_loss(y, p) == pytest.approx(metrics.log_loss(y, p))
    bads, n = int(y.sum()), len(y)
    exact = stats.binomtest(bads, n, 0.15, alternative="greater").pvalue
    assert binomial_test(bads, n, 0.15) == pytest.approx(exact)
    assert jeffreys_test(bads, n, 0.15) == pytest.approx(
        stats.beta.cdf(0.15, bads + 0.5, n - bads + 0.5)
    )


@pytest.mark.parametrize(("y", "p"), CASES)
def test_cox_line_against_statsmodels(y: Labels, p: Floats) -> None:
    import statsmodels.api as sm

    z = np.log(p / (1 - p))
    fitted = sm.Logit(y.astype(float), sm.add_constant(z)).fit(disp=0, tol=1e-10)
    line = cox(y, p)
    assert line.intercept == pytest.approx(fitted.params[0], abs=1e-6)
    assert line.slope == pytest.approx(fitted.params[1], abs=1e-6)
    null = float(np.sum(y * z - np.logaddexp(0, z)))
    assert line.lr == pytest.approx(2 * (fitted.llf - null), abs=1e-6)
    assert line.p_value == pytest.approx(stats.chi2.sf(2 * (fitted.llf - null), 2), abs=1e-6)


def test_h_measure_against_its_package() -> None:
    from hmeasure import h_score

    for y, p in CASES[:2]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = h_score(y, p)
        assert h_measure(y, p) == pytest.approx(theirs, abs=1e-9)
    y, p = CASES[0]
    assert 0.0 < h_measure(y, p, "beta22") < 1.0


def test_delong_interval_covers_the_truth_as_often_as_it_says() -> None:
    truth = float(stats.norm.cdf(1.0 / np.sqrt(2.0)))
    rng, hits = np.random.default_rng(5), 0
    for _ in range(400):
        y = np.repeat([0, 1], [150, 60])
        interval = delong_interval(y, rng.normal(size=210) + y)
        hits += interval.low <= truth <= interval.high
    assert 0.92 <= hits / 400 <= 0.98


def test_delong_and_bootstrap_agree() -> None:
    y, p = CASES[0]
    boot = bootstrap_interval(y, p, roc_auc, 400, np.random.default_rng(1))
    assert boot.se == pytest.approx(delong_interval(y, p).se, rel=0.15)


def test_hosmer_lemeshow_and_spiegelhalter_keep_their_level() -> None:
    rng = np.random.default_rng(3)
    rejected = np.zeros(2)
    for _ in range(400):
        p = rng.beta(2, 6, 800)
        y = (rng.random(800) < p).astype(np.int8)
        rejected[0] += hosmer_lemeshow(y, p, independent=True).p_value < 0.05
        rejected[1] += spiegelhalter(y, p).p_value < 0.05
    assert np.all(rejected / 400 < 0.09)
    assert np.all(rejected / 400 > 0.02)


def test_degrees_of_freedom_are_explicit() -> None:
    y, p = CASES[0]
    assert hosmer_lemeshow(y, p).df == 8
    assert hosmer_lemeshow(y, p, independent=True).df == 10


def test_murphy_parts_make_the_binned_brier_score() -> None:
    y, p = sample(8, 5000, decimals=1)
    table = calibration_table(y, p, 10)
    parts = murphy(y, p, 10)
    binned = np.sum(
        table.count
        * (table.observed * (1 - table.mean_pd) ** 2 + (1 - table.observed) * table.mean_pd**2)
    ) / len(y)
    assert parts.reliability - parts.resolution + parts.uncertainty == pytest.approx(binned)
    assert brier_skill(y, np.full(len(y), y.mean())) == pytest.approx(0.0, abs=1e-12)


def test_confusion_against_scikit_learn() -> None:
    y, p = CASES[1]
    tn, fp, fn, tp = metrics.confusion_matrix(y, p >= 0.2).ravel()
    table = confusion(y, p, 0.2)
    assert (table.tp, table.fp, table.tn, table.fn) == (tp, fp, tn, fn)
    assert table.precision == pytest.approx(metrics.precision_score(y, p >= 0.2))
    assert table.recall == pytest.approx(metrics.recall_score(y, p >= 0.2))
    assert table.f1_score == pytest.approx(metrics.f1_score(y, p >= 0.2))
    assert table.fbeta_score() == pytest.approx(metrics.fbeta_score(y, p >= 0.2, beta=2))
    assert table.accuracy == pytest.approx(metrics.accuracy_score(y, p >= 0.2))
    assert table.cost(10, 1) == 10 * fn + fp


def test_psi_level_and_missing_bin() -> None:
    rng = np.random.default_rng(0)
    exceeded = 0
    for _ in range(400):
        a, b = rng.normal(size=500), rng.normal(size=500)
        edges = np.array([-np.inf, *stats.norm.ppf(np.arange(1, 10) / 10), np.inf])
        value = psi(bin_shares(a, edges)[:-1], bin_shares(b, edges)[:-1])
        exceeded += value > psi_critical(500, 500, 10)
    assert 0.02 < exceeded / 400 < 0.09
    shares = bin_shares(np.array([np.nan, 1.0, 2.0, np.nan]), reference_bins(np.array([1.0, 2.0])))
    assert shares[-1] == pytest.approx(0.5)
    assert shares.sum() == pytest.approx(1.0)


def test_information_value_sees_signal_and_not_noise() -> None:
    rng = np.random.default_rng(4)
    y = (rng.random(4000) < 0.1).astype(np.int8)
    noise = rng.integers(0, 500, 4000)
    signal = quantile_codes(y + rng.normal(size=4000))
    # Under independence the plain sum would be near (500 - 1) (1/n1 + 1/n0) = 1.4.
    assert information_value(y, noise) < 0.25
    assert information_value(y, signal) > 0.5
    counts = np.array([[90, 10], [60, 40]])
    codes = np.repeat([0, 0, 1, 1], counts.ravel())
    labels = np.repeat([0, 1, 0, 1], counts.ravel())
    good, bad = np.array([90.5, 60.5]) / 151, np.array([10.5, 40.5]) / 51
    plain = float(np.sum((good - bad) * np.log(good / bad)))
    assert information_value(labels, codes) == pytest.approx(plain - (1 / 50 + 1 / 150))


def test_single_feature_auc_of_categories_is_cross_fitted() -> None:
    rng = np.random.default_rng(4)
    y = (rng.random(5000) < 0.2).astype(np.int8)
    unique = np.array([f"id{i}" for i in range(5000)], dtype=object)
    telling = np.where(y == 1, "written off", "paid").astype(object)
    assert single_feature_auc(y, unique) < 0.56
    assert single_feature_auc(y, telling) > 0.99
    amounts = np.where(y == 1, np.nan, rng.normal(size=5000))
    assert single_feature_auc(y, amounts) == pytest.approx(1.0)
    assert single_feature_auc(y, np.full(5000, np.nan)) == 0.5


def test_lift_and_capture() -> None:
    y = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    p = np.linspace(1, 0.1, 10)
    assert capture_rate(y, p, 0.1) == pytest.approx(0.5)
    assert lift_at(y, p, 0.2) == pytest.approx(5.0)


def test_calibration_table_intervals_hold_the_rate() -> None:
    y, p = CASES[0]
    table = calibration_table(y, p)
    assert table.count.sum() == len(y)
    assert np.all((table.low <= table.observed) & (table.observed <= table.high))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 60))
def test_ranking_properties(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    y[:2] = [0, 1]
    p = np.round(rng.random(rows), 1)
    assert roc_auc(y, p) + roc_auc(y, -p) == pytest.approx(1.0)
    assert roc_auc(1 - y, p) == pytest.approx(1.0 - roc_auc(y, p))
    assert roc_auc(y, np.exp(3 * p)) == pytest.approx(roc_auc(y, p))
    assert gini(y, p) == pytest.approx(2 * roc_auc(y, p) - 1)
    assert 0.0 <= ks(y, p).value <= 1.0
    assert ks(y, p).value >= abs(gini(y, p)) / 2 - 1e-12
    interval = delong_interval(y, p)
    assert 0.0 <= interval.low <= interval.estimate <= interval.high <= 1.0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.3, 3.0), st.floats(-1.0, 1.0))
def test_cox_undoes_what_was_done_to_the_log_odds(seed: int, slope: float, shift: float) -> None:
    y, p = sample(seed, 400)
    z = np.log(p / (1 - p))
    bent = 1 / (1 + np.exp(-(shift + slope * z)))
    straight, line = cox(y, p), cox(y, np.clip(bent, 1e-6, 1 - 1e-6))
    if bent.min() > 2e-6 and bent.max() < 1 - 2e-6:
        assert line.slope == pytest.approx(straight.slope / slope, rel=1e-4, abs=1e-6)


def test_cox_of_constant_and_of_perfect_scores_is_finite() -> None:
    y = np.array([0, 1, 0, 1])
    assert cox(y, np.full(4, 0.5)).slope == 1.0
    assert np.isfinite(cox(y, np.array([0.1, 0.9, 0.2, 0.8])).slope)


@pytest.mark.parametrize(
    ("y", "p", "code"),
    [
        ([0, 0], [0.1, 0.2], "one-class"),
        ([1, 1], [0.1, 0.2], "one-class"),
        ([], [], "statistics-input"),
        ([0, 1], [0.1], "statistics-input"),
        ([0, 1], [0.1, float("nan")], "statistics-input"),
        ([0, 2], [0.1, 0.2], "statistics-input"),
    ],
)
def test_input_that_makes_no_sense_is_refused(y: list[int], p: list[float], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        roc_auc(y, p)
    assert caught.value.code == code
    assert caught.value.remedy
