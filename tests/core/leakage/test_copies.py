"""Copies are told from rows that are equal by chance or for want of anything to differ in."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.leakage.copies import copied_rows

Columns = dict[str, npt.NDArray[Any]]
SEEDS = st.integers(0, 2**32 - 1)


def _found(table: Columns, fold: npt.NDArray[np.int64], coarse: tuple[str, ...] = ()) -> int:
    """Count copies in a table whose columns are all fine but those named."""
    salts = np.random.default_rng(12).integers(1, 2**62, (len(table), 2), dtype=np.uint64)
    cells = {}
    for (name, values), (factor, salt) in zip(table.items(), salts, strict=True):
        code = np.unique(values, return_inverse=True)[1].astype(np.uint64)
        mixed = (code + salt) * (factor | np.uint64(1))
        cells[name] = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    row = np.zeros(len(fold), dtype=np.uint64)
    for cell in cells.values():
        row += cell
    return copied_rows(row, {n: c for n, c in cells.items() if n not in coarse}, fold)


def _again(table: Columns, rows: npt.NDArray[np.int64]) -> Columns:
    """Enter the rows a second time."""
    return {name: np.concatenate([values, values[rows]]) for name, values in table.items()}


def _folds(n: int, seed: int = 5) -> npt.NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, 5, n)


def _applicants(n: int, seed: int) -> Columns:
    rng = np.random.default_rng(seed)
    return {
        "amount": rng.integers(10, 4_000, n) * 10,
        "income": np.round(np.exp(rng.normal(8, 1, n))),
        "age": rng.integers(20, 70, n),
        "months": rng.choice([12, 24, 36, 48, 60], n),
        "purpose": rng.integers(0, 3, n),
    }


COARSE = ("months", "purpose")


def _cards(n: int, idle: float) -> Columns:
    """Card accounts, a share of them without any movement."""
    rng = np.random.default_rng(8)
    still = rng.random(n) < idle
    bills = {f"bill_{i}": np.where(still, 0, rng.integers(1, 90_000, n)) for i in range(6)}
    return {**bills, "limit": rng.integers(1, 40, n), "age": rng.integers(21, 60, n)}


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, n=st.integers(200, 900), share=st.floats(0.03, 0.5))
def test_every_copy_in_another_fold_is_counted(seed: int, n: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.choice(n, int(n * share), replace=False)
    table = _again(_applicants(n, seed), rows)
    fold = rng.integers(0, 5, n + len(rows))
    apart = 2 * int(np.count_nonzero(fold[rows] != fold[n:]))
    found = _found(table, fold, COARSE)
    if apart >= 0.02 * len(fold):
        assert 0.7 * apart <= found <= 1.02 * apart + 2
    assert found <= len(fold)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_neither_the_order_of_rows_nor_the_names_of_folds_count(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = _again(_applicants(400, seed), np.arange(40))
    fold = _folds(440, seed)
    order = rng.permutation(440)
    moved = {name: values[order] for name, values in table.items()}
    named = rng.permutation(5)[fold[order]] + 7
    assert _found(table, fold, COARSE) == _found(moved, named, COARSE)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, levels=st.lists(st.integers(5, 40), min_size=3, max_size=6))
def test_a_small_table_of_few_coarse_columns_holds_no_copies(seed: int, levels: list[int]) -> None:
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=1_000)
    table: Columns = {"purpose": rng.integers(0, 3, 1_000), "is_owner": rng.integers(0, 2, 1_000)}
    for number, count in enumerate(levels):
        mixed = 0.6 * risk + 0.8 * rng.normal(size=1_000)
        table[f"level_{number}"] = mixed.argsort().argsort() * count // 1_000
    assert _found(table, _folds(1_000, seed % 97), ("purpose", "is_owner")) == 0


def test_accounts_without_movement_are_no_copies() -> None:
    assert _found(_cards(20_000, 0.1), _folds(20_000)) == 0


def test_accounts_without_movement_are_no_copies_where_only_one_feature_is_left_to_differ() -> None:
    cards = _cards(20_000, 0.1)
    del cards["age"]
    assert _found(cards, _folds(20_000)) == 0


@pytest.mark.parametrize("idle", [0.03, 0.1, 0.3])
@pytest.mark.parametrize("every", [50, 20, 4])
def test_accounts_without_movement_do_not_hide_copies(idle: float, every: int) -> None:
    rows = np.arange(0, 20_000, every)
    cards = _again(_cards(20_000, idle), rows)
    fold = _folds(20_000 + len(rows))
    moving = cards["bill_0"][rows] > 0
    apart = 2 * np.count_nonzero(moving & (fold[rows] != fold[20_000:]))
    assert _found(cards, fold) == pytest.approx(apart, rel=0.1)


def test_features_that_follow_from_one_another_prove_nothing() -> None:
    """A postcode gives district, region and price level: three cells, but one fact."""
    rng = np.random.default_rng(3)
    postcode = rng.integers(0, 60, 1_000)
    table: Columns = {
        "postcode": postcode,
        "district": postcode * 7 % 60,
        "price_level": postcode * 11 % 60,
        "purpose": rng.integers(0, 3, 1_000),
        "is_owner": rng.integers(0, 2, 1_000),
    }
    assert _found(table, _folds(1_000), ("purpose", "is_owner")) == 0


def test_one_applicant_entered_many_times_is_found() -> None:
    rows = np.repeat(np.arange(10), 30)
    assert _found(_again(_applicants(1_000, 2), rows), _folds(1_300), COARSE) == pytest.approx(
        310, abs=15
    )


def test_copies_beside_one_another_in_a_fold_are_no_leak() -> None:
    fold = np.concatenate([np.arange(400) % 5, np.arange(80) % 5])
    assert _found(_again(_applicants(400, 1), np.arange(80)), fold, COARSE) == 0


def test_copies_below_one_per_cent_count_as_none() -> None:
    table = _again(_applicants(2_000, 1), np.arange(8))
    assert _found(table, _folds(2_008), COARSE) == 0


def test_fewer_than_three_fine_features_prove_nothing() -> None:
    table = _again(_applicants(400, 1), np.arange(80))
    assert _found(table, _folds(480), (*COARSE, "age")) == 0


def test_an_empty_table_has_no_copies() -> None:
    assert _found(_applicants(0, 1), _folds(0), COARSE) == 0
