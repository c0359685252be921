"""Copies of rows in other folds are found; coarse honest rows are only counted."""

from __future__ import annotations

import numpy as np
import polars as pl
from tests.core.leakage.conftest import Table

from scorewright.core.findings import Finding


def _with_copies(clean: Table, count: int, **changed: pl.Series) -> Table:
    """Enter the first rows a second time, with some columns changed."""
    copies = clean.frame.head(count)
    for name, values in changed.items():
        copies = copies.with_columns(values.cast(copies[name].dtype).alias(name))
    rng = np.random.default_rng(4)
    y = np.concatenate([clean.y, clean.y[:count]])
    return type(clean)(pl.concat([clean.frame, copies]), y, rng.integers(0, 5, len(y)))


def _twins(table: Table) -> list[Finding]:
    return [finding for finding in table.screened() if finding.code == "LEAK-006"]


def test_copies_stop_the_work(clean: Table) -> None:
    (finding,) = _twins(_with_copies(clean, 200))
    assert (finding.severity, finding.subject) == ("error", "applications")
    assert "they are copies" in finding.message
    assert "scorewright data accept LEAK-006 applications" in finding.remedy


def test_copies_under_another_number_are_found_and_the_number_named(clean: Table) -> None:
    table = _with_copies(clean, 200)
    numbered = table.planted(row_id=pl.Series(np.random.default_rng(1).permutation(4_200)))
    (finding,) = _twins(numbered)
    assert (finding.severity, finding.subject) == ("error", "row_id")
    assert "every feature but 'row_id'" in finding.message


def test_copies_with_one_column_shaken_are_found_and_the_column_named(clean: Table) -> None:
    shaken = clean.frame["debt_ratio"].head(200) + 0.01
    table = _with_copies(clean, 200, debt_ratio=shaken)
    fine = pl.Series(np.random.default_rng(2).normal(size=4_000))
    table = table.planted(balance=pl.concat([fine, fine.head(200)]))
    table = table.planted(limit=pl.concat([fine**2, (fine**2).head(200)]))
    (finding,) = _twins(table)
    assert (finding.severity, finding.subject) == ("error", "debt_ratio")
    assert finding.evidence["rows"] >= 250  # the others share a fold with their copy


def test_two_shaken_columns_are_beyond_proof(clean: Table) -> None:
    shaken = {n: clean.frame[n].head(200) + 0.01 for n in ("debt_ratio", "income")}
    assert _twins(_with_copies(clean, 200, **shaken)) == []


def test_a_few_copies_are_a_warning(clean: Table) -> None:
    (finding,) = _twins(_with_copies(clean, 15))
    assert finding.severity == "warning"


def test_coarse_rows_are_a_warning_however_many(clean: Table) -> None:
    coarse = clean.frame.select("purpose", "is_owner", pl.col("months") // 40)
    (finding,) = _twins(type(clean)(coarse, clean.y, clean.fold))
    assert finding.severity == "warning"
    assert finding.evidence["share"] > 0.9


def _cards(**changed: float) -> Table:
    """Card accounts, 6 % idle, every twentieth entered again if a change of it is given."""
    rng = np.random.default_rng(8)
    n = 6_000
    idle = rng.random(n) < 0.06
    frame = pl.DataFrame(
        {
            **{f"bill_{i}": np.where(idle, 0, rng.integers(1, 90_000, n)) for i in range(4)},
            "limit": rng.choice(np.arange(1, 60) * 10_000, n),
            "age": rng.integers(21, 70, n),
        }
    )
    if changed:
        again = frame.gather_every(20).with_columns(
            (pl.col(name) + by).cast(frame.schema[name]) for name, by in changed.items()
        )
        frame = pl.concat([frame, again])
    n = frame.height
    return Table(frame, (rng.random(n) < 0.2).astype(np.int8), rng.integers(0, 5, n))


def test_idle_accounts_that_differ_in_age_alone_are_no_copies() -> None:
    """Balances of 0 throughout leave limit and age to differ, as in card portfolios."""
    assert all(finding.severity == "warning" for finding in _twins(_cards()))


def test_idle_accounts_that_differ_in_the_limit_alone_are_no_copies() -> None:
    cards = _cards()
    without = Table(cards.frame.drop("age"), cards.y, cards.fold)
    assert all(finding.severity == "warning" for finding in _twins(without))


def test_idle_accounts_do_not_hide_copies() -> None:
    (finding,) = _twins(_cards(limit=0))
    assert (finding.severity, finding.subject) == ("error", "applications")
    assert 350 <= finding.evidence["copies"] <= finding.evidence["rows"]
    assert f"{finding.evidence['copies']} of them: they are copies" in finding.message


def test_idle_accounts_do_not_hide_copies_with_one_value_changed() -> None:
    errors = [f for f in _twins(_cards(bill_2=3)) if f.severity == "error"]
    assert [finding.subject for finding in errors] == ["bill_2"]


def test_those_without_any_loan_are_no_copies(clean: Table) -> None:
    rng = np.random.default_rng(6)
    none = np.arange(4_000) % 12 == 0  # a twelfth has no loans
    counts = np.where(none, 0, rng.integers(1, 12, 4_000))
    table = clean.planted(
        loans_count=pl.Series(counts),
        **{
            name: pl.Series(np.where(none, np.nan, rng.normal(size=4_000))).fill_nan(None)
            for name in ("debt_last", "paid_mean", "short_share")
        },
    )
    few = table.frame.select("loans_count", "debt_last", "paid_mean", "short_share")
    bare = type(clean)(few.with_columns(income=rng.normal(size=4_000)), table.y, table.fold)
    assert [finding.severity for finding in _twins(bare)] in ([], ["warning"])
