"""Eight in a hundred turn bad, and every table shows something of who."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from scorewright.core.portfolio import PortfolioSpec, generate_chunk

Tables = Mapping[str, pl.DataFrame]
column = pl.col

SIGNS = {
    "bureau: much of it open": (
        "bureau",
        (column("CREDIT_ACTIVE") == "Active").sum(),
        0.52,
    ),
    "bureau: debt of what was lent": (
        "bureau",
        column("AMT_CREDIT_SUM_DEBT").sum() / column("AMT_CREDIT_SUM").sum(),
        0.53,
    ),
    "bureau: has been late": ("bureau", column("AMT_CREDIT_MAX_OVERDUE").max(), 0.53),
    "previous: refused": (
        "previous_application",
        (column("NAME_CONTRACT_STATUS") == "Refused").mean(),
        0.55,
    ),
    "instalments: paid late": (
        "installments_payments",
        (column("DAYS_ENTRY_PAYMENT") > column("DAYS_INSTALMENT")).mean(),
        0.57,
    ),
    "instalments: paid short": (
        "installments_payments",
        (column("AMT_PAYMENT") < column("AMT_INSTALMENT")).mean(),
        0.54,
    ),
    "pos: days past due": ("pos_cash_balance", (column("SK_DPD") > 0).mean(), 0.55),
    "card: utilisation": (
        "credit_card_balance",
        (column("AMT_BALANCE") / column("AMT_CREDIT_LIMIT_ACTUAL")).mean(),
        0.55,
    ),
    "card: days past due": ("credit_card_balance", (column("SK_DPD") > 0).mean(), 0.53),
}


def _mean(values: pl.Series) -> float:
    return float(values.to_numpy().mean())


@pytest.fixture(scope="module")
def book() -> Tables:
    """30,000 applications: few enough to be quick, enough bads to tell."""
    spec = PortfolioSpec(30_000, seed=21)
    parts = [generate_chunk(spec, index) for index in range(spec.chunks)]
    return {table: pl.concat([part[table] for part in parts]) for table in parts[0]}


def test_eight_percent_turn_bad_whatever_the_seed() -> None:
    shares = []
    for seed in range(6):
        target = generate_chunk(PortfolioSpec(10_000, seed=seed), 0)["application"]["TARGET"]
        shares.append(_mean(target))
    assert sum(shares) / len(shares) == pytest.approx(0.08, abs=0.004)
    assert all(0.068 < share < 0.092 for share in shares)


@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_in_a_history_tells_bad_from_good(book: Tables, sign: str) -> None:
    table, figure, least = SIGNS[sign]
    signs = book[table].group_by("SK_ID_CURR").agg(figure.cast(pl.Float64).alias("sign"))
    rows = signs.join(book["application"], on="SK_ID_CURR").drop_nulls("sign")
    assert roc_auc_score(rows["TARGET"], rows["sign"].fill_nan(0.0)) > least


def test_a_late_month_elsewhere_is_a_bad_sign(book: Tables) -> None:
    months = book["bureau_balance"].join(book["bureau"], on="SK_ID_BUREAU")
    late = column("STATUS").is_in(list("12345")).mean().alias("late")
    rows = months.group_by("SK_ID_CURR").agg(late).join(book["application"], on="SK_ID_CURR")
    assert roc_auc_score(rows["TARGET"], rows["late"]) > 0.57


@pytest.mark.parametrize("score", ["EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"])
def test_external_scores_are_high_for_the_good(book: Tables, score: str) -> None:
    rows = book["application"].drop_nulls(score)
    assert 0.60 < roc_auc_score(1 - rows["TARGET"], rows[score]) < 0.70


def test_what_is_missing_tells_something_too(book: Tables) -> None:
    unknown = column("AMT_REQ_CREDIT_BUREAU_YEAR").is_null()
    rates = book["application"].group_by(unknown.alias("unknown")).agg(column("TARGET").mean())
    rate = dict(rates.iter_rows())
    assert rate[True] > 1.1 * rate[False]


def test_work_age_and_education_show(book: Tables) -> None:
    application = book["application"]
    young = application.filter(column("DAYS_BIRTH") > -30 * 365)["TARGET"]
    older = application.filter(column("DAYS_BIRTH") < -55 * 365)["TARGET"]
    learned = application.filter(column("NAME_EDUCATION_TYPE") == "Higher education")["TARGET"]
    others = application.filter(column("NAME_EDUCATION_TYPE") != "Higher education")["TARGET"]
    assert _mean(young) > 1.5 * _mean(older)
    assert _mean(others) > 1.2 * _mean(learned)
