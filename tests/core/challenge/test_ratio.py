"""The sample-ratio check, held against SciPy and against simulated splits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import chisquare

from scorewright.core.challenge import assign, sample_ratio

KEY = b"k" * 32


@pytest.mark.parametrize("counts", [(900, 100), (850, 150), (10, 0), (333, 667)])
def test_it_is_pearsons_test(counts: tuple[int, int]) -> None:
    found = sample_ratio({"champion": counts[0], "a": counts[1]}, {"champion": 0.9, "a": 0.1})
    total = sum(counts)
    expected = chisquare(counts, [0.9 * total, 0.1 * total])
    assert found.chi2 == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_honest_splits_are_seldom_accused(
    record_property: Callable[[str, object], None],
) -> None:
    rng = np.random.default_rng(1)
    shares = {"champion": 0.7, "a": 0.2, "b": 0.1}
    off = 0
    for _ in range(2_000):
        drawn = rng.multinomial(500, list(shares.values()))
        counts = {arm: int(n) for arm, n in zip(shares, drawn, strict=True)}
        off += sample_ratio(counts, shares).is_off
    assert off <= 10  # 2 expected at 0.001
    record_property("guarantee", f"split: {off} of 2000 honest splits accused, 2 expected")


def test_the_keyed_hash_passes_it() -> None:
    counts: dict[str, int] = {}
    for i in range(20_000):
        name = assign(KEY, f"applicant-{i}", {"a": 0.1}).name
        counts[name] = counts.get(name, 0) + 1
    assert not sample_ratio(counts, {"champion": 0.9, "a": 0.1}).is_off


def test_a_broken_split_is_found() -> None:
    assert sample_ratio({"champion": 9_300, "a": 700}, {"champion": 0.9, "a": 0.1}).is_off
    assert sample_ratio({"champion": 200}, {"champion": 0.9, "a": 0.1}).is_off


def test_nothing_seen_says_nothing() -> None:
    assert sample_ratio({}, {"champion": 0.9, "a": 0.1}).p_value == 1.0
    assert sample_ratio({"champion": 5}, {"champion": 1.0}).p_value == 1.0


@pytest.mark.parametrize(
    ("observed", "shares"),
    [({}, {"champion": 0.8, "a": 0.1}), ({"x": 1}, {"champion": 1.0}),
     ({}, {"champion": 1.0, "a": 0.0})],
)  # fmt: skip
def test_wrong_shares_are_refused(observed: dict[str, int], shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"shares|unknown"):
        sample_ratio(observed, shares)
