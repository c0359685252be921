"""Order of rows decides nothing, impossible input is refused, time stability."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.errors import UsageError
from scorewright.core.statistics import (
    binomial_test,
    bootstrap_interval,
    brier,
    calibration_table,
    capture_rate,
    cox,
    csi_points,
    gini_stability,
    hosmer_lemeshow,
    jeffreys_test,
    lift_at,
    log_loss,
    murphy,
    psi,
    psi_critical,
    reference_bins,
    roc_auc,
    single_feature_auc,
    spiegelhalter,
)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(30, 200), st.integers(0, 2))
def test_the_order_of_rows_decides_nothing(seed: int, rows: int, decimals: int) -> None:
    # given: PDs with many ties, once in random order, once with all goods first
    rng = np.random.default_rng(seed)
    p = np.clip(np.round(rng.beta(2, 5, rows), decimals), 0.05, 0.95)
    y = (rng.random(rows) < p).astype(np.int8)
    order = np.argsort(y, kind="stable")

    one, other = murphy(y, p), murphy(y[order], p[order])
    assert one.reliability == pytest.approx(other.reliability, abs=1e-12)
    assert one.resolution == pytest.approx(other.resolution, abs=1e-12)
    free = hosmer_lemeshow(y, p, independent=True)
    assert hosmer_lemeshow(y[order], p[order], independent=True).statistic == pytest.approx(
        free.statistic, rel=1e-9, abs=1e-9
    )


def test_a_constant_pd_resolves_nothing() -> None:
    y = np.repeat([0, 1], [80, 20])
    flat = np.full(100, 0.2)

    assert murphy(y, flat).resolution == 0.0
    assert len(calibration_table(y, flat).count) == 1
    free = hosmer_lemeshow(y, flat, independent=True)
    assert free.df == 1
    assert free.p_value == pytest.approx(1.0)
    with pytest.raises(UsageError, match="there are 1"):
        hosmer_lemeshow(y, flat)


def test_hosmer_lemeshow_against_riskval() -> None:
    from riskval import hosmer_lemeshow as theirs

    # given: no PD on an edge between groups; riskval would put it above, R and we below
    rng = np.random.default_rng(2)
    p = rng.beta(2, 6, 1500)
    y = (rng.random(1500) < p).astype(np.int8)

    assert hosmer_lemeshow(y, p).statistic == pytest.approx(theirs(y, p).statistic, rel=1e-9)
    assert hosmer_lemeshow(y, p).p_value == pytest.approx(theirs(y, p).pvalue, rel=1e-9)


@pytest.mark.parametrize("decimals", [3, 2, 1])
def test_groups_of_tied_pds_against_pandas(decimals: int) -> None:
    import pandas as pd

    rng = np.random.default_rng(decimals)
    p = np.clip(np.round(rng.beta(2, 6, 1501), decimals), 0.01, 0.99)
    y = (rng.random(1501) < p).astype(np.int8)
    frame = pd.DataFrame({"y": y, "p": p, "group": pd.qcut(p, 10, labels=False, duplicates="drop")})
    groups = frame.groupby("group").agg(n=("y", "size"), bads=("y", "sum"), mean=("p", "mean"))

    table = calibration_table(y, p)

    np.testing.assert_allclose(table.count, groups["n"])
    np.testing.assert_allclose(table.mean_pd, groups["mean"])
    np.testing.assert_allclose(table.observed, groups["bads"] / groups["n"])


def test_a_leak_among_labels_that_come_in_a_rhythm_is_seen() -> None:
    y = np.tile([1, 0, 0, 0, 0], 200)
    text = np.where(y == 1, "recovered", "none").astype(object)

    assert single_feature_auc(y, text) == pytest.approx(1.0)


def test_bootstrap_interval_widens_with_its_level() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [100, 50])
    p = rng.normal(size=150) + y

    wide = bootstrap_interval(y, p, roc_auc, 300, np.random.default_rng(1), 0.99)
    narrow = bootstrap_interval(y, p, roc_auc, 300, np.random.default_rng(1), 0.5)

    assert wide.low < narrow.low < wide.estimate < narrow.high < wide.high
    assert (wide.level, narrow.level) == (0.99, 0.5)


def test_gini_stability_against_polyfit() -> None:
    for values in ([0.5, 0.52, 0.47, 0.44, 0.45], [0.4, 0.45, 0.41, 0.5]):
        month = np.arange(len(values))
        slope, start = np.polyfit(month, values, 1)
        unrest = np.std(values - (slope * month + start))

        ours = gini_stability(values)

        assert ours.slope == pytest.approx(slope)
        assert ours.residual_sd == pytest.approx(unrest)
        expected = np.mean(values) + 88.0 * min(0.0, slope) - 0.5 * unrest
        assert ours.value == pytest.approx(expected)
    assert gini_stability([0.4]).value == 0.4


def test_points_shift_by_hand() -> None:
    assert csi_points([0.5, 0.5], [0.4, 0.6], [10.0, 30.0]) == pytest.approx(2.0)


WRONG: list[Any] = [
    lambda: brier([0, 1], [2.0, 0.1]),
    lambda: log_loss([0, 1], [0.5, -0.1]),
    lambda: cox([0, 1], [0.5, 1.1]),
    lambda: spiegelhalter([0, 1], [0.5, 1.1]),
    lambda: murphy([0, 1], [0.5, 0.1], 0),
    lambda: binomial_test(5, 3, 0.1),
    lambda: binomial_test(1, 3, 1.5),
    lambda: jeffreys_test(5, 3, 0.1),
    lambda: jeffreys_test(0, 0, 0.1),
    lambda: lift_at([0, 1], [0.1, 0.2], 0.0),
    lambda: capture_rate([0, 1], [0.1, 0.2], 1.5),
    lambda: psi([1.0], [0.5, 0.5]),
    lambda: psi([float("nan"), 1.0], [0.5, 0.5]),
    lambda: psi_critical(100, 100, 1),
    lambda: psi_critical(0, 100, 10),
    lambda: csi_points([0.5, 0.5], [0.5, 0.5], [1.0]),
    lambda: reference_bins([1.0, float("inf")]),
    lambda: gini_stability([]),
]


@pytest.mark.parametrize("call", WRONG, ids=range(len(WRONG)))
def test_impossible_input_is_refused(call: Any) -> None:
    with pytest.raises(UsageError) as caught:
        call()
    assert caught.value.code == "statistics-input"
    assert caught.value.remedy
