"""The strategy curve and the picture of the referral band."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from scorewright.adapters.charts import VegaRenderer
from scorewright.core.charts import referral_chart, strategy_chart
from scorewright.core.errors import UsageError


def _sample() -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
    rng = np.random.default_rng(1)
    pd = rng.beta(1.2, 8, 2_000)
    return (rng.random(2_000) < pd).astype(np.int8), pd


def test_strategies_are_drawn_as_given() -> None:
    spec = strategy_chart(
        [0.2, 0.5, 1.0], [0.01, 0.04, 0.08], [90, 70, 100], [5, 8, -3], chosen=0.5
    )
    assert spec["datasets"]["strategy"] == [
        {"rate": 0.2, "bad": 0.01, "cost": 90.0, "profit": 5.0},
        {"rate": 0.5, "bad": 0.04, "cost": 70.0, "profit": 8.0},
        {"rate": 1.0, "bad": 0.08, "cost": 100.0, "profit": -3.0},
    ]
    assert len(spec["vconcat"]) == 3
    assert "50.0 % approved" in spec["title"]["subtitle"]
    assert VegaRenderer().png(spec).startswith(b"\x89PNG")


def test_every_application_is_in_a_bar_and_the_band_is_shaded() -> None:
    y, pd = _sample()
    spec = referral_chart(y, pd, threshold=0.1, band=(0.08, 0.15))
    bars = spec["datasets"]["bars"]
    assert sum(bar["count"] for bar in bars) == len(y)
    assert sum(bar["count"] for bar in bars if bar["class"] == "bad") == int(y.sum())
    assert sum(abs(bar["share"]) for bar in bars) == pytest.approx(2.0, abs=1e-4)
    assert spec["datasets"]["band"] == [{"from": 0.08, "to": 0.15}]
    inside = float(((pd >= 0.08) & (pd < 0.15)).mean())
    assert f"{100 * inside:.1f} %" in spec["title"]["subtitle"]
    assert VegaRenderer().png(spec).startswith(b"\x89PNG")


def test_without_a_band_only_the_threshold_is_drawn() -> None:
    y, pd = _sample()
    spec = referral_chart(y, pd, threshold=0.1)
    assert "band" not in spec["datasets"]
    # A threshold above every score, and scores that are all alike, are drawn too.
    assert referral_chart(y, pd, threshold=1.0)["datasets"]["threshold"][0]["from"] == 1.0
    assert referral_chart(y, np.full(len(y), 0.5), threshold=0.5)["datasets"]["bars"]


@pytest.mark.parametrize(("rate", "cost"), [([], []), ([0.1], [1.0, 2.0]), ([0.1], [float("nan")])])
def test_strategies_that_are_no_curve_are_refused(rate: list[float], cost: list[float]) -> None:
    with pytest.raises(UsageError) as caught:
        strategy_chart(rate, [0.1] * len(rate), cost, [1.0] * len(rate), chosen=0.1)
    assert caught.value.code == "chart-input"
