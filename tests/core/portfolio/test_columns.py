"""The tables have the columns of the Home Credit tables, by name and in order."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest

from scorewright.core.portfolio import TABLES, PortfolioSpec, generate_chunk

Tables = Mapping[str, pl.DataFrame]

CHILDREN = {
    "bureau": """
        SK_ID_CURR SK_ID_BUREAU CREDIT_ACTIVE CREDIT_CURRENCY DAYS_CREDIT CREDIT_DAY_OVERDUE
        DAYS_CREDIT_ENDDATE DAYS_ENDDATE_FACT AMT_CREDIT_MAX_OVERDUE CNT_CREDIT_PROLONG
        AMT_CREDIT_SUM AMT_CREDIT_SUM_DEBT AMT_CREDIT_SUM_LIMIT AMT_CREDIT_SUM_OVERDUE CREDIT_TYPE
        DAYS_CREDIT_UPDATE AMT_ANNUITY""",
    "bureau_balance": "SK_ID_BUREAU MONTHS_BALANCE STATUS",
    "previous_application": """
        SK_ID_PREV SK_ID_CURR NAME_CONTRACT_TYPE AMT_ANNUITY AMT_APPLICATION AMT_CREDIT
        AMT_DOWN_PAYMENT AMT_GOODS_PRICE WEEKDAY_APPR_PROCESS_START HOUR_APPR_PROCESS_START
        FLAG_LAST_APPL_PER_CONTRACT NFLAG_LAST_APPL_IN_DAY RATE_DOWN_PAYMENT RATE_INTEREST_PRIMARY
        RATE_INTEREST_PRIVILEGED NAME_CASH_LOAN_PURPOSE NAME_CONTRACT_STATUS DAYS_DECISION
        NAME_PAYMENT_TYPE CODE_REJECT_REASON NAME_TYPE_SUITE NAME_CLIENT_TYPE NAME_GOODS_CATEGORY
        NAME_PORTFOLIO NAME_PRODUCT_TYPE CHANNEL_TYPE SELLERPLACE_AREA NAME_SELLER_INDUSTRY
        CNT_PAYMENT NAME_YIELD_GROUP PRODUCT_COMBINATION DAYS_FIRST_DRAWING DAYS_FIRST_DUE
        DAYS_LAST_DUE_1ST_VERSION DAYS_LAST_DUE DAYS_TERMINATION NFLAG_INSURED_ON_APPROVAL""",
    "pos_cash_balance": """
        SK_ID_PREV SK_ID_CURR MONTHS_BALANCE CNT_INSTALMENT CNT_INSTALMENT_FUTURE
        NAME_CONTRACT_STATUS SK_DPD SK_DPD_DEF""",
    "installments_payments": """
        SK_ID_PREV SK_ID_CURR NUM_INSTALMENT_VERSION NUM_INSTALMENT_NUMBER DAYS_INSTALMENT
        DAYS_ENTRY_PAYMENT AMT_INSTALMENT AMT_PAYMENT""",
    "credit_card_balance": """
        SK_ID_PREV SK_ID_CURR MONTHS_BALANCE AMT_BALANCE AMT_CREDIT_LIMIT_ACTUAL
        AMT_DRAWINGS_ATM_CURRENT AMT_DRAWINGS_CURRENT AMT_DRAWINGS_OTHER_CURRENT
        AMT_DRAWINGS_POS_CURRENT AMT_INST_MIN_REGULARITY AMT_PAYMENT_CURRENT
        AMT_PAYMENT_TOTAL_CURRENT AMT_RECEIVABLE_PRINCIPAL AMT_RECIVABLE AMT_TOTAL_RECEIVABLE
        CNT_DRAWINGS_ATM_CURRENT CNT_DRAWINGS_CURRENT CNT_DRAWINGS_OTHER_CURRENT
        CNT_DRAWINGS_POS_CURRENT CNT_INSTALMENT_MATURE_CUM NAME_CONTRACT_STATUS SK_DPD
        SK_DPD_DEF""",
}

BEFORE_THE_HOME = """
    SK_ID_CURR TARGET NAME_CONTRACT_TYPE CODE_GENDER FLAG_OWN_CAR FLAG_OWN_REALTY CNT_CHILDREN
    AMT_INCOME_TOTAL AMT_CREDIT AMT_ANNUITY AMT_GOODS_PRICE NAME_TYPE_SUITE NAME_INCOME_TYPE
    NAME_EDUCATION_TYPE NAME_FAMILY_STATUS NAME_HOUSING_TYPE REGION_POPULATION_RELATIVE DAYS_BIRTH
    DAYS_EMPLOYED DAYS_REGISTRATION DAYS_ID_PUBLISH OWN_CAR_AGE FLAG_MOBIL FLAG_EMP_PHONE
    FLAG_WORK_PHONE FLAG_CONT_MOBILE FLAG_PHONE FLAG_EMAIL OCCUPATION_TYPE CNT_FAM_MEMBERS
    REGION_RATING_CLIENT REGION_RATING_CLIENT_W_CITY WEEKDAY_APPR_PROCESS_START
    HOUR_APPR_PROCESS_START REG_REGION_NOT_LIVE_REGION REG_REGION_NOT_WORK_REGION
    LIVE_REGION_NOT_WORK_REGION REG_CITY_NOT_LIVE_CITY REG_CITY_NOT_WORK_CITY
    LIVE_CITY_NOT_WORK_CITY ORGANIZATION_TYPE EXT_SOURCE_1 EXT_SOURCE_2 EXT_SOURCE_3"""
HOME = """
    APARTMENTS BASEMENTAREA YEARS_BEGINEXPLUATATION YEARS_BUILD COMMONAREA ELEVATORS ENTRANCES
    FLOORSMAX FLOORSMIN LANDAREA LIVINGAPARTMENTS LIVINGAREA NONLIVINGAPARTMENTS NONLIVINGAREA"""
AFTER_THE_HOME = """
    FONDKAPREMONT_MODE HOUSETYPE_MODE TOTALAREA_MODE WALLSMATERIAL_MODE EMERGENCYSTATE_MODE
    OBS_30_CNT_SOCIAL_CIRCLE DEF_30_CNT_SOCIAL_CIRCLE OBS_60_CNT_SOCIAL_CIRCLE
    DEF_60_CNT_SOCIAL_CIRCLE DAYS_LAST_PHONE_CHANGE"""

APPLICATION = [
    *BEFORE_THE_HOME.split(),
    *(f"{name}_{view}" for view in ("AVG", "MODE", "MEDI") for name in HOME.split()),
    *AFTER_THE_HOME.split(),
    *(f"FLAG_DOCUMENT_{number}" for number in range(2, 22)),
    *(f"AMT_REQ_CREDIT_BUREAU_{span}" for span in ("HOUR", "DAY", "WEEK", "MON", "QRT", "YEAR")),
]


def test_the_application_has_the_real_122_columns_and_two_dates(tables: Tables) -> None:
    assert len(APPLICATION) == 122
    assert tables["application"].columns == [*APPLICATION, "DECISION_DATE", "MATURES_ON"]


@pytest.mark.parametrize("table", CHILDREN)
def test_the_histories_have_the_real_columns(tables: Tables, table: str) -> None:
    assert tables[table].columns == CHILDREN[table].split()


def test_the_numbers_of_columns_are_the_real_ones() -> None:
    assert [len(TABLES[table]) for table in TABLES] == [124, 17, 3, 37, 8, 8, 23]


def test_a_tiny_part_has_the_types_of_a_large_one() -> None:
    for table, rows in generate_chunk(PortfolioSpec(1, seed=3), 0).items():
        assert dict(rows.schema) == TABLES[table]


def test_sentinels_and_placeholders_of_the_real_data_are_there(tables: Tables) -> None:
    application, previous = tables["application"], tables["previous_application"]
    pensioners = application.filter(pl.col("DAYS_EMPLOYED") == 365_243)
    assert 0.12 < pensioners.height / application.height < 0.22
    assert set(pensioners["ORGANIZATION_TYPE"]) == {"XNA"}
    assert pensioners["OCCUPATION_TYPE"].null_count() == pensioners.height
    assert (previous["DAYS_TERMINATION"] == 365_243).any()
    assert {"XNA", "XAP"} <= set(previous["NAME_CASH_LOAN_PURPOSE"])
    assert set(tables["bureau_balance"]["STATUS"]) == set("0CX12345")


@pytest.mark.parametrize(
    ("column", "share"),
    [
        ("EXT_SOURCE_1", 0.56),
        ("EXT_SOURCE_2", 0.002),
        ("EXT_SOURCE_3", 0.198),
        ("OCCUPATION_TYPE", 0.313),
        ("OWN_CAR_AGE", 0.66),
        ("APARTMENTS_AVG", 0.507),
        ("COMMONAREA_MEDI", 0.699),
        ("FONDKAPREMONT_MODE", 0.684),
        ("AMT_REQ_CREDIT_BUREAU_YEAR", 0.135),
    ],
)
def test_missing_rates_are_near_the_real_ones(tables: Tables, column: str, share: float) -> None:
    missing = tables["application"][column].null_count() / tables["application"].height
    assert missing == pytest.approx(share, abs=0.035)


def test_amounts_are_whole_cents_and_never_minus_zero(tables: Tables) -> None:
    for rows in tables.values():
        for name in (name for name in rows.columns if name.startswith("AMT_")):
            amounts = rows[name].drop_nulls().cast(pl.Float64).to_numpy()
            assert np.isfinite(amounts).all(), name
            np.testing.assert_allclose(amounts * 100, np.rint(amounts * 100), atol=1e-4)
            assert not np.signbit(amounts).any(), name
