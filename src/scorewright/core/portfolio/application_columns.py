"""The columns of ``application``: those of the real table, and two dates."""

from __future__ import annotations

from typing import Final

import polars as pl

from scorewright.core.portfolio.building import BUILDING_MEASURES, BUILDING_VIEWS

__all__ = ["APPLICATION_COLUMNS", "DOCUMENTS", "ENQUIRIES"]

DOCUMENTS: Final = tuple(f"FLAG_DOCUMENT_{number}" for number in range(2, 22))
ENQUIRIES: Final = tuple(
    f"AMT_REQ_CREDIT_BUREAU_{span}" for span in ("HOUR", "DAY", "WEEK", "MON", "QRT", "YEAR")
)

_KEY: Final = ("SK_ID_CURR", "TARGET")
_TEXTS: Final = frozenset({
    "NAME_CONTRACT_TYPE", "CODE_GENDER", "FLAG_OWN_CAR", "FLAG_OWN_REALTY", "NAME_TYPE_SUITE",
    "NAME_INCOME_TYPE", "NAME_EDUCATION_TYPE", "NAME_FAMILY_STATUS", "NAME_HOUSING_TYPE",
    "OCCUPATION_TYPE", "WEEKDAY_APPR_PROCESS_START", "ORGANIZATION_TYPE", "FONDKAPREMONT_MODE",
    "HOUSETYPE_MODE", "WALLSMATERIAL_MODE", "EMERGENCYSTATE_MODE",
})  # fmt: skip
_DAYS: Final = frozenset({
    "SK_ID_CURR", "DAYS_BIRTH", "DAYS_EMPLOYED", "DAYS_REGISTRATION", "DAYS_ID_PUBLISH",
    "DAYS_LAST_PHONE_CHANGE",
})  # fmt: skip
_COUNTS: Final = frozenset({
    "OWN_CAR_AGE", "CNT_FAM_MEMBERS", "OBS_30_CNT_SOCIAL_CIRCLE", "DEF_30_CNT_SOCIAL_CIRCLE",
    "OBS_60_CNT_SOCIAL_CIRCLE", "DEF_60_CNT_SOCIAL_CIRCLE", *ENQUIRIES,
})  # fmt: skip
_AMOUNTS: Final = frozenset({
    "AMT_INCOME_TOTAL", "AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE", "TOTALAREA_MODE",
    "REGION_POPULATION_RELATIVE", "EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3",
    *(f"{name}_{view}" for view in BUILDING_VIEWS for name in BUILDING_MEASURES),
})  # fmt: skip
_DATES: Final = ("DECISION_DATE", "MATURES_ON")

_ORDER: Final = (
    *_KEY, "NAME_CONTRACT_TYPE", "CODE_GENDER", "FLAG_OWN_CAR", "FLAG_OWN_REALTY", "CNT_CHILDREN",
    "AMT_INCOME_TOTAL", "AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE", "NAME_TYPE_SUITE",
    "NAME_INCOME_TYPE", "NAME_EDUCATION_TYPE", "NAME_FAMILY_STATUS", "NAME_HOUSING_TYPE",
    "REGION_POPULATION_RELATIVE", "DAYS_BIRTH", "DAYS_EMPLOYED", "DAYS_REGISTRATION",
    "DAYS_ID_PUBLISH", "OWN_CAR_AGE", "FLAG_MOBIL", "FLAG_EMP_PHONE", "FLAG_WORK_PHONE",
    "FLAG_CONT_MOBILE", "FLAG_PHONE", "FLAG_EMAIL", "OCCUPATION_TYPE", "CNT_FAM_MEMBERS",
    "REGION_RATING_CLIENT", "REGION_RATING_CLIENT_W_CITY", "WEEKDAY_APPR_PROCESS_START",
    "HOUR_APPR_PROCESS_START", "REG_REGION_NOT_LIVE_REGION", "REG_REGION_NOT_WORK_REGION",
    "LIVE_REGION_NOT_WORK_REGION", "REG_CITY_NOT_LIVE_CITY", "REG_CITY_NOT_WORK_CITY",
    "LIVE_CITY_NOT_WORK_CITY", "ORGANIZATION_TYPE", "EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3",
    *(f"{name}_{view}" for view in BUILDING_VIEWS for name in BUILDING_MEASURES),
    "FONDKAPREMONT_MODE", "HOUSETYPE_MODE", "TOTALAREA_MODE", "WALLSMATERIAL_MODE",
    "EMERGENCYSTATE_MODE", "OBS_30_CNT_SOCIAL_CIRCLE", "DEF_30_CNT_SOCIAL_CIRCLE",
    "OBS_60_CNT_SOCIAL_CIRCLE", "DEF_60_CNT_SOCIAL_CIRCLE", "DAYS_LAST_PHONE_CHANGE",
    *DOCUMENTS, *ENQUIRIES, *_DATES,
)  # fmt: skip


def _type(name: str) -> pl.DataType:
    for names, dtype in (
        (_TEXTS, pl.String()),
        (_DAYS, pl.Int32()),
        (_COUNTS, pl.Int16()),
        (_AMOUNTS, pl.Float64()),
        (_DATES, pl.Date()),
    ):
        if name in names:
            return dtype
    return pl.Int8()  # flags, ratings, hours, the label


APPLICATION_COLUMNS: Final[dict[str, pl.DataType]] = {name: _type(name) for name in _ORDER}
