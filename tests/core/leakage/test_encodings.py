"""Target encodings made over the whole table are found, honest columns are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from scipy.stats import binom

from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.findings import Finding
from scorewright.core.leakage.agreement import agreement
from scorewright.core.leakage.encodings import encodings

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Loans:
    """Categories with a risk of their own, and outcomes."""

    cat: npt.NDArray[np.int64]
    y: Floats
    risk: Floats
    rng: np.random.Generator

    @property
    def counts(self) -> tuple[Floats, Floats]:
        """Rows and bads of each category."""
        n = np.bincount(self.cat, minlength=len(self.risk)).astype(np.float64)
        bads = np.bincount(self.cat, self.y, len(self.risk)).astype(np.float64)
        return np.maximum(n, 1.0), bads

    def found(self, values: Floats, *, beside: bool = True) -> list[Finding]:
        """Look at one column, with its category beside it or alone."""
        columns = [Column("encoded", ColumnType.NUMBER)]
        frame = pl.DataFrame({"encoded": values})
        if beside:
            columns.append(Column("branch", ColumnType.CATEGORY))
            frame = frame.with_columns(branch=pl.Series([f"b{c}" for c in self.cat]))
        return list(encodings(frame, Contract("t", tuple(columns)), self.y.astype(np.int8)))


def loans(seed: int = 3, rows: int = 6_000, categories: int = 60, level: float = -1.2) -> Loans:
    rng = np.random.default_rng(seed)
    cat = rng.choice(categories, rows, p=rng.dirichlet(np.full(categories, 4.0)))
    risk = level + 0.4 * rng.normal(size=categories)
    y = (rng.random(rows) < 1 / (1 + np.exp(-risk[cat]))).astype(np.float64)
    return Loans(cat, y, risk, rng)


def encoded(kind: str, of: Loans) -> Floats:
    """Encode the categories with the outcomes of all rows, the row's own among them."""
    n, k = of.counts
    mean, rate = of.y.mean(), k / n
    woe = np.log((k + 0.5) / (n - k + 0.5)) - np.log(mean / (1 - mean))
    sigmoid = 1 / (1 + np.exp(-(n - 20) / 10))
    values: dict[str, Floats] = {
        "rate": rate,
        "good rate": 1 - rate,
        "per cent": 100 * rate,
        "rounded": rate.round(3),
        "shrunk by a constant": 0.6 * rate + 0.4 * mean,
        "smoothed by 10 rows": (k + 10 * mean) / (n + 10),
        "smoothed by 200 rows": (k + 200 * mean) / (n + 200),
        "smoothed by a sigmoid": sigmoid * rate + (1 - sigmoid) * mean,
        "weight of evidence": woe,
        "good over bad": -woe,
    }
    return values[kind][of.cat]


KINDS = [
    "rate", "good rate", "per cent", "rounded", "shrunk by a constant", "smoothed by 10 rows",
    "smoothed by 200 rows", "smoothed by a sigmoid", "weight of evidence", "good over bad",
]  # fmt: skip


@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_an_encoding_with_these_outcomes_is_found(kind: str, beside: bool) -> None:
    made = loans()
    (finding,) = made.found(encoded(kind, made), beside=beside)
    assert (finding.code, finding.severity, finding.subject) == ("LEAK-010", "error", "encoded")
    assert finding.evidence["scatter"] < 0.5
    assert finding.evidence["log10_p"] < -7
    assert "inside the folds" in finding.remedy


@pytest.mark.parametrize("categories", [8, 300])
def test_few_and_many_categories(categories: int) -> None:
    made = loans(rows=12_000, categories=categories)
    assert made.found(encoded("rate", made), beside=False)


@pytest.mark.parametrize("beside", [True, False])
def test_leave_one_out_tells_the_outcome_and_is_found(beside: bool) -> None:
    made = loans()
    n, k = made.counts
    values = (k[made.cat] - made.y) / np.maximum(n[made.cat] - 1, 1)
    (finding,) = made.found(values, beside=beside)
    assert finding.evidence["way"] == "leave-one-out"
    assert "leave-one-out" in finding.message


def test_a_smoothed_leave_one_out_is_found_beside_its_category() -> None:
    made = loans()
    n, k = made.counts
    values = (k[made.cat] - made.y + 10 * made.y.mean()) / (n[made.cat] + 9)
    assert made.found(values)


@pytest.mark.parametrize("noise", [0.01, 0.05, 0.1])
def test_noise_on_top_does_not_hide_it_beside_its_category(noise: float) -> None:
    made = loans()
    values = encoded("rate", made) + noise * made.rng.normal(size=len(made.y))
    (finding,) = made.found(values)
    assert finding.evidence["of"] == "branch"


def test_what_cannot_be_proved_is_not_claimed() -> None:
    """Noise as wide as the outcome's own scatter, or noise without the category: no finding."""
    made = loans()
    wide = encoded("rate", made) + 0.6 * made.rng.normal(size=len(made.y))
    assert not made.found(wide)
    narrow = encoded("rate", made) + 0.05 * made.rng.normal(size=len(made.y))
    assert not made.found(narrow, beside=False)


def out_of_fold(of: Loans, folds: int, smoothing: float = 0.0, repeats: int = 1) -> Floats:
    values = np.zeros(len(of.y))
    for _ in range(repeats):
        fold = of.rng.integers(0, folds, len(of.y))
        for number in range(folds):
            rest = fold != number
            n = np.bincount(of.cat[rest], minlength=len(of.risk))
            k = np.bincount(of.cat[rest], of.y[rest], len(of.risk))
            mean = of.y[rest].mean()
            rate = (k + smoothing * mean) / np.maximum(n + smoothing, 1)
            values[~rest] += rate[of.cat[~rest]]
    return values / repeats


def ordered(of: Loans) -> Floats:
    """Encode each row with the rows before it only."""
    n, k = np.zeros(len(of.risk)), np.zeros(len(of.risk))
    values = np.empty(len(of.y))
    for row, c in enumerate(of.cat):
        values[row] = (k[c] + 0.2) / (n[c] + 1)
        n[c], k[c] = n[c] + 1, k[c] + of.y[row]
    return values


@pytest.mark.parametrize("seed", range(20))
def test_honest_columns_raise_no_alarm(seed: int) -> None:
    rows = int(np.random.default_rng(seed).integers(400, 8_000))
    made = loans(seed, rows, categories=5 + 9 * seed, level=(-3.5, -2.0, -1.0, 0.0)[seed % 4])
    pd, rng = 1 / (1 + np.exp(-made.risk)), made.rng
    past = rng.binomial(80, pd) / 80
    honest = {
        "true PD of the category": pd[made.cat],
        "true risk": made.risk[made.cat],
        "rate of other loans": past[made.cat],
        "grade": np.argsort(np.argsort(made.risk))[made.cat] * 6 // len(pd),
        "out of fold": out_of_fold(made, 5),
        "out of fold, two": out_of_fold(made, 2),
        "out of fold, smoothed": out_of_fold(made, 10, 5.0),
        "out of fold, repeated": out_of_fold(made, 5, repeats=4),
        "ordered": ordered(made),
        "noise": rng.normal(size=rows),
        "score": (pd[made.cat] + 0.1 * rng.normal(size=rows)).round(2),
        "size of the category": made.counts[0][made.cat],
    }
    alarms = {name: made.found(np.asarray(v, np.float64)) for name, v in honest.items()}
    assert {name: found for name, found in alarms.items() if found} == {}


def test_columns_without_anything_to_compare_are_left_alone() -> None:
    made = loans(rows=400, categories=10)
    for values in (np.full(400, 0.2), np.full(400, np.nan), np.arange(400.0)):
        assert made.found(values) == []


def test_missing_values_are_no_category() -> None:
    made = loans()
    values = np.where(made.rng.random(len(made.y)) < 0.1, np.nan, encoded("rate", made))
    keep = np.isfinite(values)
    n = np.bincount(made.cat[keep], minlength=len(made.risk))
    k = np.bincount(made.cat[keep], made.y[keep], len(made.risk))
    values[keep] = (k / np.maximum(n, 1))[made.cat[keep]]
    assert made.found(values, beside=False)


def test_the_bound_is_never_below_the_true_probability() -> None:
    """Simulated: of 4,000 honest sets at most a share p has a bound of p or less."""
    rng = np.random.default_rng(1)
    bounds = []
    for _ in range(4_000):
        rows = rng.integers(5, 60, 12).astype(np.float64)
        rate = np.asarray(rng.uniform(0.05, 0.5, 12), np.float64)
        bads = rng.binomial(rows.astype(int), rate).astype(np.float64)
        bounds.append(agreement(bads, rows, rate).log10_p)
    for power in (-1.0, -2.0, -3.0):
        assert np.mean(np.array(bounds) <= power) <= 10**power * 1.3 + 5e-4


def test_the_rates_themselves_are_as_improbable_as_their_counts() -> None:
    """Nothing scatters: the probability is that of exactly these counts (hand-made)."""
    rows = np.array([20.0, 25.0, 40.0, 50.0])
    bads = np.array([5.0, 5.0, 10.0, 20.0])
    exact = np.log10(binom.pmf(bads, rows, bads / rows)).sum()
    assert agreement(bads, rows, bads / rows).log10_p == pytest.approx(exact, abs=0.05)
