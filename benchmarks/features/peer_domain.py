"""The peer's credit ratios in pandas: columns added to whole tables, masks, and groupings.

The features are those of our set ``combined``, under its names.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from benchmarks.features.peer import KEY, Read
from benchmarks.features.peer_recent import VECTORISED, YEAR, Recent, count, share, trend

__all__ = ["DOMAIN_COLUMNS", "domain"]

NOBODY = 365243
QUARTER = 91
LATE = ["1", "2", "3", "4", "5"]
SOURCES = ["EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"]
PRODUCTS = [*SOURCES, "AMT_CREDIT", "AMT_ANNUITY", "DAYS_LAST_PHONE_CHANGE"]
DOCUMENTS = [f"FLAG_DOCUMENT_{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 16, 18)]
ENQUIRIES = ["AMT_REQ_CREDIT_BUREAU_QRT", "AMT_REQ_CREDIT_BUREAU_YEAR"]
#: Beyond what the plain aggregates read.
DOMAIN_COLUMNS: dict[str, list[str]] = {
    "application": [
        *PRODUCTS, *DOCUMENTS, *ENQUIRIES, "AMT_INCOME_TOTAL", "AMT_GOODS_PRICE",
        "CNT_FAM_MEMBERS", "DAYS_BIRTH", "DAYS_EMPLOYED", "DAYS_REGISTRATION",
    ],
    "previous_application": ["DAYS_LAST_DUE"],
}  # fmt: skip


def domain(read: Read, df: pd.DataFrame, recent: Recent = VECTORISED) -> pd.DataFrame:
    """Return the applications' frame with the ratios beside the plain aggregates.

    Args:
        read: Returns a table.
        df: One row per applicant, with the applications' own columns.
        recent: How recent windows and trends are written.
    """
    for part in (_bureau, _balance, _previous):
        df = df.merge(part(read), on=KEY, how="left")
    for dated in (_pos, _payments, _cards):
        df = df.merge(dated(read, recent), on=KEY, how="left")
    return _own(df)


def _bureau(read: Read) -> pd.DataFrame:
    bureau = read("bureau")
    active = bureau[bureau["CREDIT_ACTIVE"] == "Active"]
    groups, running = bureau.groupby(KEY), active.groupby(KEY)
    debt, total = groups["AMT_CREDIT_SUM_DEBT"].sum(), groups["AMT_CREDIT_SUM"].sum()
    newest = bureau.dropna(subset="AMT_CREDIT_SUM").sort_values(
        ["DAYS_CREDIT", "AMT_CREDIT_SUM"], ascending=False
    )
    return _joined({
        "bureau_debt_to_credit": debt / total,
        "bureau_overdue_to_debt": groups["AMT_CREDIT_SUM_OVERDUE"].sum() / debt,
        "debt": debt,
        "bureau_active_debt_to_credit": running["AMT_CREDIT_SUM_DEBT"].sum()
        / running["AMT_CREDIT_SUM"].sum(),
        "bureau_overdue_share": share(bureau, bureau["CREDIT_DAY_OVERDUE"] > 0),
        "bureau_loans_12m": count(bureau, -bureau["DAYS_CREDIT"] <= YEAR),
        "bureau_loans_3m": count(bureau, -bureau["DAYS_CREDIT"] <= QUARTER),
        "bureau_time_since": -groups["DAYS_CREDIT"].max(),
        "bureau_time_since_active": -running["DAYS_CREDIT"].max(),
        "bureau_last_amount": newest.groupby(KEY)["AMT_CREDIT_SUM"].first(),
        "bureau_amount_trend": trend(bureau, "DAYS_CREDIT", "AMT_CREDIT_SUM"),
    })  # fmt: skip


def _balance(read: Read) -> pd.DataFrame:
    owners = read("bureau")[["SK_ID_BUREAU", KEY]]
    months = read("bureau_balance").merge(owners, on="SK_ID_BUREAU", how="inner")
    months["is_late"] = months["STATUS"].isin(LATE)
    late = months[months["is_late"]]
    worst = months.groupby([KEY, "SK_ID_BUREAU"])["is_late"].mean()
    return _joined({
        "bureau_balance_late_share": months.groupby(KEY)["is_late"].mean(),
        "bureau_balance_late_12m": count(
            # Twelve months, the present one among them: 0 to 11 ago.
            months,
            months["is_late"] & (-months["MONTHS_BALANCE"] < 12),
        ),
        "bureau_balance_late_since": -late.groupby(KEY)["MONTHS_BALANCE"].max(),
        "bureau_worst_loan_late_share": worst.groupby(KEY).max(),
    })  # fmt: skip


def _previous(read: Read) -> pd.DataFrame:
    previous = read("previous_application")
    due = ["DAYS_FIRST_DUE", "DAYS_LAST_DUE", "DAYS_TERMINATION"]
    previous[due] = previous[due].replace(NOBODY, np.nan)
    previous["to_asked"] = _finite(previous["AMT_CREDIT"] / previous["AMT_APPLICATION"])
    recent = previous[-previous["DAYS_DECISION"] <= YEAR]
    refused = previous[previous["NAME_CONTRACT_STATUS"] == "Refused"]
    ends = previous.sort_values(["DAYS_DECISION", "NAME_CONTRACT_STATUS"], ascending=False)
    groups = previous.groupby(KEY)
    return _joined({
        "previous_refused_share_12m": share(
            recent, recent["NAME_CONTRACT_STATUS"] == "Refused"
        ),
        "previous_time_since": -groups["DAYS_DECISION"].max(),
        "previous_time_since_refused": -refused.groupby(KEY)["DAYS_DECISION"].max(),
        "previous_last_status": ends.groupby(KEY)["NAME_CONTRACT_STATUS"].first(),
        "previous_credit_to_asked_mean": groups["to_asked"].mean(),
        "previous_credit_to_asked_min": groups["to_asked"].min(),
        "previous_first_due_max": groups["DAYS_FIRST_DUE"].max(),
        "previous_last_due_max": groups["DAYS_LAST_DUE"].max(),
        "previous_termination_max": groups["DAYS_TERMINATION"].max(),
    })  # fmt: skip


def _pos(read: Read, recent: Recent) -> pd.DataFrame:
    pos = read("pos_cash_balance")
    late = pos[pos["SK_DPD"] > 0]
    return _joined({
        "pos_late_share": share(pos, pos["SK_DPD"] > 0),
        "pos_late_since": -late.groupby(KEY)["MONTHS_BALANCE"].max(),
    }).merge(recent["pos"](pos), on=KEY, how="left")  # fmt: skip


def _payments(read: Read, recent: Recent) -> pd.DataFrame:
    paid = read("installments_payments")
    paid["delay"] = paid["DAYS_ENTRY_PAYMENT"] - paid["DAYS_INSTALMENT"]
    paid["short"] = paid["AMT_INSTALMENT"] - paid["AMT_PAYMENT"]
    paid["ratio"] = _finite(paid["AMT_PAYMENT"] / paid["AMT_INSTALMENT"])
    known, known_amount = paid[paid["delay"].notna()], paid[paid["short"].notna()]
    late, groups = known[known["delay"] > 0], paid.groupby(KEY)
    return _joined({
        "payment_delay_mean": groups["delay"].mean(),
        "payment_delay_max": groups["delay"].max(),
        "payment_late_share": share(known, known["delay"] > 0),
        "payment_late_since": -late.groupby(KEY)["DAYS_INSTALMENT"].max(),
        "payment_shortfall_sum": groups["short"].sum(),
        "payment_shortfall_mean": groups["short"].mean(),
        "payment_shortfall_share": share(known_amount, known_amount["short"] > 0),
        "payment_ratio_mean": groups["ratio"].mean(),
        "payment_ratio_total": groups["AMT_PAYMENT"].sum() / groups["AMT_INSTALMENT"].sum(),
    }).merge(recent["payments"](paid), on=KEY, how="left")  # fmt: skip


def _cards(read: Read, recent: Recent) -> pd.DataFrame:
    card = read("credit_card_balance")
    card["used"] = _finite(card["AMT_BALANCE"] / card["AMT_CREDIT_LIMIT_ACTUAL"])
    card["paid"] = _finite(card["AMT_PAYMENT_CURRENT"] / card["AMT_INST_MIN_REGULARITY"])
    groups = card.groupby(KEY)
    drawn = groups["AMT_DRAWINGS_CURRENT"].sum()
    return _joined({
        "card_utilisation_mean": groups["used"].mean(),
        "card_utilisation_max": groups["used"].max(),
        "card_atm_share": groups["AMT_DRAWINGS_ATM_CURRENT"].sum() / drawn,
        "card_minimum_paid": groups["paid"].mean(),
        "card_late_share": share(card, card["SK_DPD"] > 0),
    }).merge(recent["cards"](card), on=KEY, how="left")  # fmt: skip


def _own(df: pd.DataFrame) -> pd.DataFrame:
    """Add what the application's own columns give."""
    employed = df["DAYS_EMPLOYED"].replace(NOBODY, np.nan)
    df["annuity_to_income"] = df["AMT_ANNUITY"] / df["AMT_INCOME_TOTAL"]
    df["credit_to_income"] = df["AMT_CREDIT"] / df["AMT_INCOME_TOTAL"]
    df["credit_to_goods"] = df["AMT_CREDIT"] / df["AMT_GOODS_PRICE"]
    df["credit_to_annuity"] = df["AMT_CREDIT"] / df["AMT_ANNUITY"]
    df["down_payment"] = df["AMT_GOODS_PRICE"] - df["AMT_CREDIT"]
    df["income_per_person"] = df["AMT_INCOME_TOTAL"] / df["CNT_FAM_MEMBERS"]
    df["age_years"] = df["DAYS_BIRTH"] / -365.25
    df["employed_years"] = employed / -365.25
    df["is_not_employed"] = df["DAYS_EMPLOYED"] == NOBODY
    df["employed_to_age"] = employed / df["DAYS_BIRTH"]
    df["registration_years"] = df["DAYS_REGISTRATION"] / -365.25
    df["phone_change_years"] = df["DAYS_LAST_PHONE_CHANGE"] / -365.25
    for kind in ("mean", "min", "max", "std", "count"):
        df[f"ext_source_{kind}"] = df[SOURCES].agg(kind, axis=1)
    df["documents"] = df[DOCUMENTS].sum(axis=1)
    df["bureau_enquiries"] = df[ENQUIRIES].sum(axis=1, min_count=1)
    df["bureau_debt_to_income"] = df.pop("debt") / df["AMT_INCOME_TOTAL"]
    mean = df["previous_application_AMT_ANNUITY_mean"]
    df["previous_annuity_to_income"] = mean / df["AMT_INCOME_TOTAL"]
    df["annuity_to_previous"] = df["AMT_ANNUITY"] / mean
    for a, b in combinations_with_replacement(PRODUCTS, 2):
        df[f"poly_{a}_x_{b}"] = df[a] * df[b]
    return df


def _joined(parts: Mapping[str, pd.Series]) -> pd.DataFrame:
    return pd.DataFrame(parts).rename_axis(KEY).reset_index()


def _finite(values: pd.Series) -> pd.Series:
    return values.replace([np.inf, -np.inf], np.nan)
