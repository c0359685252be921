"""The peer: Home Credit features in pandas, as notebooks write them.

Each table is read whole, its text columns become dummies, ``groupby().agg`` takes a dictionary of
lists, and the results are merged onto the applications. The aggregates are those of our set
``baseline``, under its names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd

__all__ = ["COLUMNS", "KEY", "Read", "features"]

#: Returns a table by its name.
Read = Callable[[str], pd.DataFrame]

KEY = "SK_ID_CURR"

BUREAU = {
    "DAYS_CREDIT": ["min", "max", "mean", "std"],
    "DAYS_CREDIT_ENDDATE": ["min", "max", "mean", "std"],
    "AMT_CREDIT_SUM": ["max", "mean", "sum"],
    "AMT_CREDIT_SUM_DEBT": ["max", "mean", "sum"],
    "AMT_CREDIT_SUM_OVERDUE": ["max", "mean", "sum"],
    "AMT_CREDIT_SUM_LIMIT": ["max", "mean", "sum"],
    "CREDIT_DAY_OVERDUE": ["max", "mean"],
    "AMT_CREDIT_MAX_OVERDUE": ["max", "mean"],
    "CNT_CREDIT_PROLONG": ["max", "mean"],
    "DAYS_ENDDATE_FACT": ["max", "mean"],
    "DAYS_CREDIT_UPDATE": ["max", "mean"],
    "AMT_ANNUITY": ["max", "mean"],
}
BUREAU_SHARES = {
    "CREDIT_ACTIVE": ["Active", "Closed", "Sold", "Bad debt"],
    "CREDIT_TYPE": ["Consumer credit", "Credit card", "Car loan", "Mortgage", "Microloan"],
}
BUREAU_ACTIVE = {
    "AMT_CREDIT_SUM": ["max", "mean", "sum"],
    "AMT_CREDIT_SUM_DEBT": ["max", "mean", "sum"],
    "DAYS_CREDIT": ["max", "mean", "sum"],
    "DAYS_CREDIT_ENDDATE": ["max", "mean", "sum"],
}
BALANCE = {"MONTHS_BALANCE": ["min", "mean"]}
BALANCE_SHARES = {"STATUS": ["0", "1", "2", "3", "4", "5", "C", "X"]}
PREVIOUS = {
    "AMT_ANNUITY": ["min", "max", "mean"],
    "AMT_APPLICATION": ["min", "max", "mean"],
    "AMT_CREDIT": ["min", "max", "mean"],
    "AMT_GOODS_PRICE": ["min", "max", "mean"],
    "AMT_DOWN_PAYMENT": ["max", "mean"],
    "RATE_DOWN_PAYMENT": ["max", "mean"],
    "CNT_PAYMENT": ["max", "mean"],
    "HOUR_APPR_PROCESS_START": ["max", "mean"],
    "DAYS_DECISION": ["min", "max", "mean", "std"],
    "DAYS_FIRST_DUE": ["max"],
    "DAYS_TERMINATION": ["max"],
    "NFLAG_INSURED_ON_APPROVAL": ["mean"],
}
PREVIOUS_SHARES = {
    "NAME_CONTRACT_STATUS": ["Approved", "Canceled", "Refused", "Unused offer"],
    "NAME_CONTRACT_TYPE": ["Cash loans", "Consumer loans", "Revolving loans"],
    "CODE_REJECT_REASON": ["HC", "LIMIT", "SCO", "SCOFR"],
    "NAME_YIELD_GROUP": ["high", "middle", "low_normal", "low_action"],
    "NAME_CLIENT_TYPE": ["New", "Refreshed", "Repeater"],
    "NAME_PRODUCT_TYPE": ["walk-in", "x-sell"],
}
PREVIOUS_APPROVED = {
    "AMT_ANNUITY": ["max", "mean"],
    "AMT_CREDIT": ["max", "mean"],
    "DAYS_DECISION": ["max", "mean"],
}
PREVIOUS_REFUSED = {
    "AMT_APPLICATION": ["count", "max", "mean"],
    "DAYS_DECISION": ["count", "max", "mean"],
}
POS = {
    "SK_DPD": ["max", "mean"],
    "SK_DPD_DEF": ["max", "mean"],
    "CNT_INSTALMENT": ["max", "mean"],
    "CNT_INSTALMENT_FUTURE": ["max", "mean"],
    "MONTHS_BALANCE": ["min", "max", "mean"],
    "SK_ID_PREV": ["nunique"],
}
POS_SHARES = {"NAME_CONTRACT_STATUS": ["Active", "Completed", "Signed", "Demand"]}
INSTALMENTS = {
    "AMT_INSTALMENT": ["min", "max", "mean", "sum", "std"],
    "AMT_PAYMENT": ["min", "max", "mean", "sum", "std"],
    "DAYS_INSTALMENT": ["min", "max", "mean"],
    "DAYS_ENTRY_PAYMENT": ["min", "max", "mean"],
    "NUM_INSTALMENT_VERSION": ["max", "mean", "nunique"],
    "NUM_INSTALMENT_NUMBER": ["max", "mean", "nunique"],
    "SK_ID_PREV": ["nunique"],
}
_AMOUNTS = [
    "AMT_BALANCE",
    "AMT_CREDIT_LIMIT_ACTUAL",
    "AMT_DRAWINGS_CURRENT",
    "AMT_DRAWINGS_ATM_CURRENT",
    "AMT_DRAWINGS_POS_CURRENT",
    "AMT_INST_MIN_REGULARITY",
    "AMT_PAYMENT_CURRENT",
    "AMT_PAYMENT_TOTAL_CURRENT",
    "AMT_RECEIVABLE_PRINCIPAL",
    "AMT_RECIVABLE",
    "AMT_TOTAL_RECEIVABLE",
]
_COUNTS = [
    "CNT_DRAWINGS_CURRENT",
    "CNT_DRAWINGS_ATM_CURRENT",
    "CNT_DRAWINGS_POS_CURRENT",
    "CNT_INSTALMENT_MATURE_CUM",
    "SK_DPD",
    "SK_DPD_DEF",
]
CARDS = {
    **{column: ["max", "mean"] for column in _AMOUNTS},
    **{column: ["max", "mean", "sum"] for column in _COUNTS},
    "MONTHS_BALANCE": ["min", "max"],
    "SK_ID_PREV": ["nunique"],
}
#: What a careful reader would read of each table.
COLUMNS: dict[str, list[str]] = {
    "application": [KEY],
    "bureau": [KEY, "SK_ID_BUREAU", *BUREAU, *BUREAU_SHARES],
    "bureau_balance": ["SK_ID_BUREAU", *BALANCE, *BALANCE_SHARES],
    "previous_application": [KEY, *PREVIOUS, *PREVIOUS_SHARES],
    "pos_cash_balance": [KEY, *POS, *POS_SHARES],
    "installments_payments": [KEY, *INSTALMENTS],
    "credit_card_balance": [KEY, *CARDS],
}


def features(read: Read) -> pd.DataFrame:
    """Return the applications, their own columns first, with the aggregates of all histories.

    Args:
        read: Returns a table; what it read is let go of after its part.
    """
    df = read("application")
    for part in (bureau_and_balance, previous_applications, pos_cash, instalments, cards):
        df = df.merge(part(read), on=KEY, how="left")
    return df


def one_hot(frame: pd.DataFrame, shares: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Replace the text columns by dummies; those of rare values are there in any case."""
    texts = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    frame = pd.get_dummies(frame, columns=texts)
    absent = [name for name in _dummies(shares) if name not in frame.columns]
    return frame.assign(**dict.fromkeys(absent, False)) if absent else frame


def aggregate(
    frame: pd.DataFrame,
    aggregates: Mapping[str, Sequence[str]],
    prefix: str,
    shares: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Group by applicant; columns are called ``prefix_COLUMN_aggregate``."""
    dummies = list(_dummies(shares or {}))
    grouped = frame.groupby(KEY).agg({**aggregates, **{name: ["mean"] for name in dummies}})
    grouped.columns = [
        f"{prefix}_{_word(column)}_{'share' if column in dummies else kind}"
        for column, kind in grouped.columns
    ]
    return grouped.reset_index()


def bureau_and_balance(read: Read) -> pd.DataFrame:
    bureau, balance = read("bureau"), read("bureau_balance")
    owners = bureau[["SK_ID_BUREAU", KEY]]
    kinds = bureau.groupby(KEY)["CREDIT_TYPE"].nunique().rename("bureau_type_nunique")
    bureau = one_hot(bureau, BUREAU_SHARES)
    out = aggregate(bureau, BUREAU, "bureau", BUREAU_SHARES)
    out = out.merge(_sizes(bureau, "bureau_count"), on=KEY, how="left")
    out = out.merge(kinds.reset_index(), on=KEY, how="left")
    active = bureau[bureau["CREDIT_ACTIVE_Active"] == 1]
    out = out.merge(aggregate(active, BUREAU_ACTIVE, "bureau_active"), on=KEY, how="left")
    out = out.merge(_sizes(active, "bureau_active_count"), on=KEY, how="left")
    balance = one_hot(balance, BALANCE_SHARES).merge(owners, on="SK_ID_BUREAU", how="inner")
    months = aggregate(balance, BALANCE, "bureau_balance", BALANCE_SHARES)
    out = out.merge(months, on=KEY, how="left")
    return out.merge(_sizes(balance, "bureau_balance_count"), on=KEY, how="left")


def previous_applications(read: Read) -> pd.DataFrame:
    previous = one_hot(read("previous_application"), PREVIOUS_SHARES)
    out = aggregate(previous, PREVIOUS, "previous_application", PREVIOUS_SHARES)
    out = out.merge(_sizes(previous, "previous_count"), on=KEY, how="left")
    approved = previous[previous["NAME_CONTRACT_STATUS_Approved"] == 1]
    refused = previous[previous["NAME_CONTRACT_STATUS_Refused"] == 1]
    out = out.merge(aggregate(approved, PREVIOUS_APPROVED, "previous_approved"), on=KEY, how="left")
    out = out.merge(aggregate(refused, PREVIOUS_REFUSED, "previous_refused"), on=KEY, how="left")
    return out.rename(
        columns={
            "previous_application_DAYS_FIRST_DUE_max": "previous_days_first_due_max",
            "previous_application_DAYS_TERMINATION_max": "previous_days_termination_max",
            "previous_application_NFLAG_INSURED_ON_APPROVAL_mean": "previous_insured_share",
        }
    )


def pos_cash(read: Read) -> pd.DataFrame:
    pos = one_hot(read("pos_cash_balance"), POS_SHARES)
    out = aggregate(pos, POS, "pos_cash_balance", POS_SHARES)
    out = out.rename(columns={"pos_cash_balance_SK_ID_PREV_nunique": "pos_loans"})
    return out.merge(_sizes(pos, "pos_count"), on=KEY, how="left")


def instalments(read: Read) -> pd.DataFrame:
    payments = one_hot(read("installments_payments"), {})
    out = aggregate(payments, INSTALMENTS, "installments_payments")
    out = out.rename(columns={"installments_payments_SK_ID_PREV_nunique": "installments_loans"})
    return out.merge(_sizes(payments, "installments_count"), on=KEY, how="left")


def cards(read: Read) -> pd.DataFrame:
    card = one_hot(read("credit_card_balance"), {})
    out = aggregate(card, CARDS, "credit_card_balance")
    out = out.rename(columns={"credit_card_balance_SK_ID_PREV_nunique": "card_loans"})
    return out.merge(_sizes(card, "card_count"), on=KEY, how="left")


def _sizes(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return frame.groupby(KEY).size().rename(name).reset_index()


def _dummies(shares: Mapping[str, Sequence[str]]) -> Iterable[str]:
    return [f"{column}_{value}" for column, values in shares.items() for value in values]


def _word(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]+", "_", text)
