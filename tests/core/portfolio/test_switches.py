"""Every switch does what it says, and nothing before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl
import pytest

from scorewright.core.portfolio import (
    BureauOutage,
    MacroDrift,
    PolicyChange,
    PopulationShift,
    PortfolioSpec,
    Switches,
    generate_chunk,
)

Tables = Mapping[str, pl.DataFrame]
decided = pl.col("DECISION_DATE")

SIZE = 20_000


def _tables(switches: Switches) -> Tables:
    return generate_chunk(PortfolioSpec(SIZE, seed=9, chunk_size=SIZE, switches=switches), 0)


@pytest.fixture(scope="module")
def calm() -> Tables:
    return _tables(Switches())


def _rate(application: pl.DataFrame, when: pl.Expr) -> float:
    return float(application.filter(when)["TARGET"].to_numpy().mean())


def test_nothing_drifts_by_itself(calm: Tables) -> None:
    rates = [_rate(calm["application"], decided.dt.year() == year) for year in (2022, 2023, 2024)]
    assert max(rates) - min(rates) < 0.015


def test_macro_drift_raises_the_bad_rate_year_by_year_and_nothing_else(calm: Tables) -> None:
    drifted = _tables(Switches(macro_drift=MacroDrift()))
    first, second, third = (
        _rate(drifted["application"], decided.dt.year() == year) for year in (2022, 2023, 2024)
    )
    assert first < second < third
    assert third > 1.5 * first
    columns = [name for name in calm["application"].columns if name != "TARGET"]
    assert drifted["application"].select(columns).equals(calm["application"].select(columns))
    assert drifted["installments_payments"].equals(calm["installments_payments"])


def test_macro_drift_leaves_what_was_decided_before_its_start(calm: Tables) -> None:
    start = date(2023, 7, 1)
    drifted = _tables(Switches(macro_drift=MacroDrift(strength=1.0, start=start)))["application"]
    assert drifted.filter(decided < start).equals(calm["application"].filter(decided < start))
    assert _rate(drifted, decided >= start) > _rate(calm["application"], decided >= start) + 0.03


def test_population_shift_changes_the_mix_from_its_start(calm: Tables) -> None:
    start = date(2023, 7, 1)
    shifted = _tables(Switches(population_shift=PopulationShift(start=start)))["application"]
    after, before = shifted.filter(decided >= start), shifted.filter(decided < start)

    def mean(rows: pl.DataFrame, name: str) -> float:
        return float(np.nanmean(rows[name].cast(pl.Float64).to_numpy()))

    assert mean(after, "AMT_INCOME_TOTAL") < 0.88 * mean(before, "AMT_INCOME_TOTAL")
    assert mean(after, "DAYS_BIRTH") > mean(before, "DAYS_BIRTH") + 3 * 365
    assert mean(after, "EXT_SOURCE_2") < mean(before, "EXT_SOURCE_2") - 0.03
    assert mean(before, "AMT_INCOME_TOTAL") == pytest.approx(
        mean(calm["application"].filter(decided < start), "AMT_INCOME_TOTAL"), rel=0.02
    )


def test_a_bureau_outage_hides_the_bureau_and_nothing_else(calm: Tables) -> None:
    start, end = date(2024, 1, 10), date(2024, 2, 8)
    dark = _tables(Switches(bureau_outage=BureauOutage(days=30, start=start)))
    during = dark["application"].filter(decided.is_between(start, end))
    around = dark["application"].filter(~decided.is_between(start, end))
    assert during.height > 300
    assert during["AMT_REQ_CREDIT_BUREAU_YEAR"].null_count() == during.height
    assert around["AMT_REQ_CREDIT_BUREAU_YEAR"].null_count() < 0.2 * around.height
    kept = calm["bureau"].join(around, on="SK_ID_CURR", how="semi", maintain_order="left")
    assert dark["bureau"].equals(kept)
    orphans = dark["bureau_balance"].join(dark["bureau"], on="SK_ID_BUREAU", how="anti")
    assert orphans.is_empty()
    assert dark["application"]["TARGET"].equals(calm["application"]["TARGET"])


def test_a_policy_change_keeps_the_riskiest_out_and_slows_the_book(calm: Tables) -> None:
    start = date(2024, 1, 1)
    strict = _tables(Switches(policy_change=PolicyChange(strength=0.3, start=start)))["application"]
    after, before = decided >= start, decided < start
    assert _rate(strict, after) < 0.75 * _rate(strict, before)
    assert _rate(strict, before) == pytest.approx(_rate(calm["application"], before), abs=0.01)
    share = strict.filter(after).height / calm["application"].filter(after).height
    assert share == pytest.approx(0.70 / (0.70 * 0.35 + 0.65), abs=0.05)


def test_defaults_lie_inside_the_portfolio_whatever_its_dates() -> None:
    everything = Switches(MacroDrift(), PopulationShift(), BureauOutage(), PolicyChange())
    spec = PortfolioSpec(300, start=date(2001, 5, 5), years=1, switches=everything)
    application = generate_chunk(spec, 0)["application"]
    assert application.height == 300
    assert application["AMT_REQ_CREDIT_BUREAU_YEAR"].null_count() > 50
