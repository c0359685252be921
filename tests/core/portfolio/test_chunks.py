"""Parts: equal from equal seeds, alone or together; keys that fit; nothing from the future."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.errors import UsageError
from scorewright.core.portfolio import PortfolioSpec, generate_chunk

Tables = Mapping[str, pl.DataFrame]

SMALL = PortfolioSpec(1_500, seed=5, chunk_size=500)
PER_APPLICATION = {
    "bureau": (4.8, 0.4),
    "bureau_balance": (85.0, 10.0),
    "previous_application": (4.75, 0.4),
    "pos_cash_balance": (32.0, 5.0),
    "installments_payments": (39.0, 4.0),
    "credit_card_balance": (11.0, 2.0),
}


def _equal(one: Tables, other: Tables) -> bool:
    return all(one[table].equals(other[table], null_equal=True) for table in one)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), size=st.integers(1, 60))
def test_the_same_seed_gives_the_same_rows(seed: int, size: int) -> None:
    spec = PortfolioSpec(size, seed=seed)
    assert _equal(generate_chunk(spec, 0), generate_chunk(spec, 0))


def test_another_seed_gives_other_rows() -> None:
    one, other = (generate_chunk(PortfolioSpec(200, seed=seed), 0) for seed in (1, 2))
    assert not one["application"].equals(other["application"])


def test_a_part_is_the_same_whichever_part_came_before() -> None:
    forwards = [generate_chunk(SMALL, index) for index in (0, 1, 2)]
    backwards = [generate_chunk(SMALL, index) for index in (2, 1, 0)][::-1]
    assert all(_equal(one, other) for one, other in zip(forwards, backwards, strict=True))


def test_a_part_does_not_depend_on_how_many_follow_it() -> None:
    longer = PortfolioSpec(5_000, seed=5, chunk_size=500)
    assert _equal(generate_chunk(SMALL, 1), generate_chunk(longer, 1))


def test_parts_differ_and_the_last_one_may_be_smaller() -> None:
    spec = PortfolioSpec(1_200, seed=5, chunk_size=500)
    parts = [generate_chunk(spec, index)["application"] for index in range(spec.chunks)]
    assert [part.height for part in parts] == [500, 500, 200]
    assert not parts[0]["EXT_SOURCE_2"].equals(parts[1]["EXT_SOURCE_2"])


@pytest.mark.parametrize("index", [-1, 3])
def test_a_part_outside_the_portfolio_is_refused(index: int) -> None:
    with pytest.raises(UsageError) as refused:
        generate_chunk(SMALL, index)
    assert refused.value.code == "portfolio-spec"


def test_keys_are_unique_over_all_parts() -> None:
    parts = [generate_chunk(SMALL, index) for index in range(SMALL.chunks)]
    for table, key in (
        ("application", "SK_ID_CURR"),
        ("bureau", "SK_ID_BUREAU"),
        ("previous_application", "SK_ID_PREV"),
    ):
        keys = pl.concat([part[table][key] for part in parts])
        assert keys.is_unique().all(), key


def test_keys_of_the_last_part_of_ten_million_fit_their_type() -> None:
    spec = PortfolioSpec(10_000_000, chunk_size=10)
    last = generate_chunk(spec, spec.chunks - 1)
    assert last["application"]["SK_ID_CURR"].to_list()[-1] == 10_100_000
    assert last["previous_application"]["SK_ID_PREV"].min() is not None
    assert (last["previous_application"]["SK_ID_PREV"] > 0).all()
    assert (last["bureau"]["SK_ID_BUREAU"] > 0).all()


@pytest.mark.parametrize(
    ("child", "parent", "keys"),
    [
        ("bureau", "application", ["SK_ID_CURR"]),
        ("bureau_balance", "bureau", ["SK_ID_BUREAU"]),
        ("previous_application", "application", ["SK_ID_CURR"]),
        ("pos_cash_balance", "previous_application", ["SK_ID_PREV", "SK_ID_CURR"]),
        ("installments_payments", "previous_application", ["SK_ID_PREV", "SK_ID_CURR"]),
        ("credit_card_balance", "previous_application", ["SK_ID_PREV", "SK_ID_CURR"]),
    ],
)
def test_every_child_row_has_its_parent(
    tables: Tables, child: str, parent: str, keys: list[str]
) -> None:
    orphans = tables[child].join(tables[parent], on=keys, how="anti")
    assert orphans.is_empty()


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ("application", ["SK_ID_CURR"]),
        ("bureau", ["SK_ID_CURR", "SK_ID_BUREAU"]),
        ("bureau_balance", ["SK_ID_BUREAU"]),
        ("previous_application", ["SK_ID_CURR", "SK_ID_PREV"]),
        ("pos_cash_balance", ["SK_ID_CURR", "SK_ID_PREV"]),
        ("installments_payments", ["SK_ID_CURR", "SK_ID_PREV"]),
        ("credit_card_balance", ["SK_ID_CURR", "SK_ID_PREV"]),
    ],
)
def test_tables_are_sorted_by_key(tables: Tables, table: str, keys: list[str]) -> None:
    rows = tables[table].select(keys)
    assert rows.equals(rows.sort(keys, maintain_order=True))


@pytest.mark.parametrize("table", PER_APPLICATION)
def test_rows_per_application_are_near_the_real_ones(tables: Tables, table: str) -> None:
    mean, tolerance = PER_APPLICATION[table]
    assert tables[table].height / 10_000 == pytest.approx(mean, abs=tolerance)


def test_few_have_cards_and_some_have_no_history_at_all(tables: Tables) -> None:
    applicants = tables["application"].height
    with_card = tables["credit_card_balance"]["SK_ID_CURR"].n_unique() / applicants
    without_bureau = 1 - tables["bureau"]["SK_ID_CURR"].n_unique() / applicants
    assert 0.2 < with_card < 0.4
    assert 0.08 < without_bureau < 0.2


def test_monthly_rows_are_unique(tables: Tables) -> None:
    for table, key in (
        ("bureau_balance", "SK_ID_BUREAU"),
        ("pos_cash_balance", "SK_ID_PREV"),
        ("credit_card_balance", "SK_ID_PREV"),
    ):
        assert not tables[table].select(key, "MONTHS_BALANCE").is_duplicated().any(), table


@pytest.mark.parametrize(
    ("table", "column", "latest"),
    [
        ("bureau", "DAYS_CREDIT", -1),
        ("bureau", "DAYS_ENDDATE_FACT", -1),
        ("bureau", "DAYS_CREDIT_UPDATE", -1),
        ("bureau_balance", "MONTHS_BALANCE", 0),
        ("previous_application", "DAYS_DECISION", -1),
        ("pos_cash_balance", "MONTHS_BALANCE", -1),
        ("installments_payments", "DAYS_INSTALMENT", -1),
        ("installments_payments", "DAYS_ENTRY_PAYMENT", -1),
        ("credit_card_balance", "MONTHS_BALANCE", -1),
    ],
)
def test_nothing_is_dated_after_the_decision(
    tables: Tables, table: str, column: str, latest: int
) -> None:
    newest, oldest = tables[table][column].max(), tables[table][column].min()
    assert isinstance(newest, int)
    assert newest <= latest
    assert isinstance(oldest, int)
    assert oldest >= -2_930


def test_planned_dates_may_lie_ahead(tables: Tables) -> None:
    assert (tables["bureau"]["DAYS_CREDIT_ENDDATE"] > 0).any()


def test_no_history_is_older_than_its_loan(tables: Tables) -> None:
    loans = tables["previous_application"].select("SK_ID_PREV", "DAYS_DECISION")
    paid = tables["installments_payments"].join(loans, on="SK_ID_PREV")
    assert (paid["DAYS_INSTALMENT"] >= paid["DAYS_DECISION"]).all()
    for table in ("pos_cash_balance", "credit_card_balance"):
        months = tables[table].join(loans, on="SK_ID_PREV")
        assert (months["MONTHS_BALANCE"] * 30 >= months["DAYS_DECISION"] - 30).all(), table


def test_a_card_balance_adds_up(tables: Tables) -> None:
    cards = tables["credit_card_balance"].sort("SK_ID_PREV", "MONTHS_BALANCE")
    opening = pl.col("AMT_BALANCE").shift(1).over("SK_ID_PREV").fill_null(0.0)
    rest = opening * 1.025 + pl.col("AMT_DRAWINGS_CURRENT") - pl.col("AMT_PAYMENT_TOTAL_CURRENT")
    gap = cards.select((rest - pl.col("AMT_BALANCE")).abs().max()).item()
    assert gap < 0.05


def test_decisions_span_three_years_and_labels_mature_a_year_later(tables: Tables) -> None:
    decided, matures = (tables["application"][name] for name in ("DECISION_DATE", "MATURES_ON"))
    assert decided.min() == date(2022, 1, 1)
    assert decided.max() == date(2024, 12, 31)
    assert ((matures - decided) == timedelta(days=365)).all()
    weekday = tables["application"]["WEEKDAY_APPR_PROCESS_START"]
    assert weekday.equals(decided.dt.strftime("%A").str.to_uppercase().alias(weekday.name))


def test_labels_are_missing_until_they_mature() -> None:
    observed = date(2024, 6, 30)
    known = generate_chunk(PortfolioSpec(2_000, seed=4), 0)["application"]
    young = generate_chunk(PortfolioSpec(2_000, seed=4, observed_on=observed), 0)["application"]
    is_known = pl.col("MATURES_ON") <= observed
    assert known["TARGET"].null_count() == 0
    assert young.filter(~is_known)["TARGET"].null_count() == young.filter(~is_known).height > 0
    assert young.filter(is_known).equals(known.filter(is_known))
